# Completion of pause for bash, made by tools/completions.ts from the option tables.
# Source it, or install it as "pause" among those of bash-completion.

_pause() {
  local at left words word=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    [[ ${COMP_WORDS[at]} == -- ]] || continue
    if declare -F _command_offset >/dev/null; then
      _command_offset $((at + 1))
    elif ((at + 1 == COMP_CWORD)); then
      mapfile -t COMPREPLY < <(compgen -c -- "$word")
    else
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
    return
  done

  # What is left of the cursor; "=" and ":" are words of their own to bash.
  left=" ${COMP_WORDS[*]:1:COMP_CWORD-1}"
  if [[ $word == [=:] ]]; then
    left+=" $word"
    word=
  fi
  case $left in
    *' -p' | *' --parent-death-signal' | *' --parent-death-signal =') words="HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS" ;;
    *' --log' | *' --log =') words="text json" ;;
    *' -e' | *' --map-exit' | *' --map-exit =') words="" ;;
    *' -r' | *' --rewrite' | *' --rewrite =') words="HUP: INT: QUIT: ILL: TRAP: ABRT: BUS: FPE: USR1: SEGV: USR2: PIPE: ALRM: TERM: STKFLT: CONT: TSTP: TTIN: TTOU: URG: XCPU: XFSZ: VTALRM: PROF: WINCH: IO: PWR: SYS:" ;;
    *' -r '*' :' | *' --rewrite '*' :') words="none HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS" ;;
    *' --drain' | *' --drain =') words="" ;;
    *' --kill-after' | *' --kill-after =') words="" ;;
    *' --every' | *' --every =') words="" ;;
    ' zombies'*) words="-h --help --json --nudge --every" ;;
    ' ') words="zombies -- -h --help -v --version --watch --explain -s --subreaper -p --parent-death-signal -w --log-reaped --log -g --group -e --map-exit -r --rewrite --drain --kill-after --forward-usr1" ;;
    *) words="-- -h --help -v --version --watch --explain -s --subreaper -p --parent-death-signal -w --log-reaped --log -g --group -e --map-exit -r --rewrite --drain --kill-after --forward-usr1" ;;
  esac
  [[ $words != *: ]] || compopt -o nospace 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _pause pause
