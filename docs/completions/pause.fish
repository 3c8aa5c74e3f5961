# Completion of pause for fish, made by tools/completions.ts from the option tables.
# Install it in ~/.config/fish/completions.

# Which part of the line the cursor is in: options, zombies (its options) or command.
function __pause_in
    set -l words (commandline -opc)
    set -l part options
    test (count $words) -gt 1; and test $words[2] = zombies; and set part zombies
    contains -- -- $words; and set part command
    test $part = $argv[1]
end

# The command after "--", as if it stood alone.
function __pause_command
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    complete -C "$(string escape -- $words[(math $at + 1)..] | string join ' ') $(commandline -ct)"
end

# FROM: for each of some words, and behind it each of others.
function __pause_pair
    set -l from (string match -r '[^=:]+(?=:)' -- (commandline -ct))
    if test -n "$from"
        printf "$from:%s\n" (string split ' ' $argv[2])
    else
        printf '%s:\n' (string split ' ' $argv[1])
    end
end

complete -c pause -f
complete -c pause -n '__pause_in command' -a '(__pause_command)'
complete -c pause -n __fish_use_subcommand -a zombies -d 'List zombies, and who leaks them'
complete -c pause -n '__pause_in options' -s h -l help -d 'Print this and exit'
complete -c pause -n '__pause_in options' -s v -l version -d 'Print the version and exit; also -V'
complete -c pause -n '__pause_in options' -l watch -d 'Stay in JavaScript, and say who stops it'
complete -c pause -n '__pause_in options' -l explain -d 'Print how it is going to wait, and why; then wait'
complete -c pause -n '__pause_in options' -s s -l subreaper -d 'Reap orphans without being PID 1; always with a command'
complete -c pause -n '__pause_in options' -s p -l parent-death-signal -x -a 'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS' -d 'Get this signal when the parent dies'
complete -c pause -n '__pause_in options' -s w -l log-reaped -d 'Say of each orphan what became of it; implies --watch'
complete -c pause -n '__pause_in options' -l log -x -a 'text json' -d 'How to write on stderr; json implies --watch'
complete -c pause -n '__pause_in options' -s g -l group -d 'Forward signals to the command\'s process group'
complete -c pause -n '__pause_in options' -s e -l map-exit -x -d 'Exit with TO (0) where the command exits with CODE'
complete -c pause -n '__pause_in options' -s r -l rewrite -x -a '(__pause_pair "HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM STKFLT CONT TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS" "none HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS")' -d 'Forward signal FROM as TO, or not at all: none'
complete -c pause -n '__pause_in options' -l drain -x -d 'At the end TERM what is left, and KILL it after this time'
complete -c pause -n '__pause_in options' -l kill-after -x -d 'KILL the command this long after a forwarded TERM or INT'
complete -c pause -n '__pause_in options' -l forward-usr1 -d 'Forward SIGUSR1 also to a command that does not await it'
complete -c pause -n '__pause_in zombies' -s h -l help -d 'Print this and exit'
complete -c pause -n '__pause_in zombies' -l json -d 'Print JSON, a document a line'
complete -c pause -n '__pause_in zombies' -l nudge -d 'Send SIGCHLD to parents that have a handler for it'
complete -c pause -n '__pause_in zombies' -l every -x -d 'Look again and again, until SIGINT or SIGTERM'
