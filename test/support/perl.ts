// What happens in a pod, as Perl programs: perl can fork, and is part of every Debian.

/** ARGV[0] children end while their parent lives; then it ends, and they are orphans: zombies all. */
export const BURST = `use POSIX ();
  my $intermediate = fork // die "fork: $!";
  if ($intermediate == 0) {
    for (1 .. $ARGV[0]) { POSIX::_exit(0) if (fork // die "fork: $!") == 0 }
    POSIX::_exit(0);
  }
  waitpid $intermediate, 0;
`;

/**
 * ARGV[0] children of each of ARGV[1] processes end, and are zombies, before all of those end, so
 * that they are orphans all at once. Prints how many processes there are then.
 */
export const CROWD = `
  my ($count, $makers) = @ARGV;
  pipe my $done, my $says or die "pipe: $!";
  pipe my $waits, my $go or die "pipe: $!";
  for (1 .. $makers) {
    next if fork // die "fork: $!";
    close $go;
    for (1 .. $count) { kill KILL => $$ if (fork // die "fork: $!") == 0 }
    syswrite $says, "."; close $says;
    sysread $waits, my $end, 1;
    kill KILL => $$;
  }
  close $says;
  sysread $done, my $byte, 1 or die "One could not make them all" for 1 .. $makers;
  opendir my $processes, "/proc" or die "/proc: $!";
  print scalar grep { /^\\d/ } readdir $processes;
  close $go;
  1 while wait != -1;
`;

/** ARGV[0] orphans, made one after the other, each of which ends after its parent has. */
export const STORM = `use POSIX ();
  for (1 .. $ARGV[0]) {
    pipe my $reader, my $writer or die "pipe: $!";
    my $parent = fork // die "fork: $!";
    if ($parent == 0) {
      my $orphan = fork // die "fork: $!";
      if ($orphan == 0) { close $writer; sysread $reader, my $end, 1; POSIX::_exit(7) }
      POSIX::_exit(0);
    }
    waitpid $parent, 0;
  }
`;

/**
 * ARGV[0] orphans end at once, and in the midst of it, ARGV[1] microseconds after the first, PID 1
 * gets a SIGTERM. Nothing comes after it that could make up for a signal lost.
 */
export const FAREWELL = `use POSIX (); use Time::HiRes ();
  pipe my $reader, my $writer or die "pipe: $!";
  my $parent = fork // die "fork: $!";
  if ($parent == 0) {
    for (1 .. $ARGV[0]) {
      next if fork // die "fork: $!";
      close $writer; sysread $reader, my $end, 1; POSIX::_exit(7);
    }
    POSIX::_exit(0);
  }
  waitpid $parent, 0;
  my $time = Time::HiRes::time() + $ARGV[1] / 1e6;
  close $writer;
  1 while Time::HiRes::time() < $time;
  kill TERM => 1;
`;

/** An orphan that stops itself. */
export const STOPPED_ORPHAN = `use POSIX ();
  my $parent = fork // die "fork: $!";
  if ($parent == 0) {
    my $orphan = fork // die "fork: $!";
    if ($orphan == 0) { close STDOUT; close STDERR; kill STOP => $$; POSIX::_exit(0) }
    POSIX::_exit(0);
  }
  waitpid $parent, 0;
`;

/** Sends PID 1 the signal ARGV[0], ARGV[1] times, and prints the sender's PID. */
export const SIGNAL_INIT = `
  for (1 .. ($ARGV[1] // 1)) { kill $ARGV[0] => 1 or die "kill: $!" }
  print $$;
`;

/** Becomes the command ARGV once a child of its own is a zombie, which the command then inherits. */
export const EXEC_WITH_ZOMBIE = `use POSIX ();
  my $pid = fork // die "fork: $!";
  POSIX::_exit(0) if $pid == 0;
  for (;;) {
    open my $stat, "<", "/proc/$pid/stat" or die "stat: $!";
    last if <$stat> =~ /\\) Z /;
  }
  exec @ARGV or die "exec: $!";
`;

/** Becomes the command ARGV, with a sleeping child that the command inherits; if it dies first, so does the child. */
export const EXEC_WITH_CHILD = `use POSIX ();
  my $self = $$;
  if ((fork // die "fork: $!") == 0) {
    close STDOUT;
    close STDERR;
    sleep 1 while getppid() == $self;
    POSIX::_exit(0);
  }
  exec @ARGV or die "exec: $!";
`;

/** Becomes the command ARGV, with the signals that come before "--" ignored. */
export const EXEC_IGNORING = `
  while (defined(my $name = shift @ARGV)) { last if $name eq "--"; $SIG{$name} = "IGNORE" }
  exec @ARGV or die "exec: $!";
`;

/** Stays without reaping: the init that a pod must not have. */
export const DEAF_INIT = "sleep 1000 while 1";

/**
 * Has another process, ARGV[0], make system calls, as a debugger can: each further argument is a
 * call's number and arguments, separated by commas, "old:" in front for the 32-bit way in. Prints
 * what each returns. The process must be stopped in a system call, on x64; it then goes on with it.
 * ptrace(2)
 */
export const INJECT = `
  my ($ATTACH, $DETACH, $GETREGS, $SETREGS, $STEP, $PEEK, $POKE) = (16, 17, 12, 13, 9, 1, 4);
  my $pid = 0 + shift @ARGV;
  sub ptrace { syscall(101, $_[0], $pid, $_[1], $_[2]) >= 0 or die "ptrace $_[0]: $!" }
  ptrace($ATTACH, 0, 0);
  waitpid $pid, 0;
  my $saved = "\\0" x 216;
  ptrace($GETREGS, 0, $saved);
  my @saved = unpack "q27", $saved;
  my $code = "\\0" x 8;
  ptrace($PEEK, $saved[16] - 2, $code);
  for my $call (@ARGV) {
    my ($old, $number, @args) = $call =~ /^(old:)?(\\d+)((?:,-?\\d+)*)$/ or die $call;
    @args = grep { length } split /,/, $args[0];
    my @regs = @saved;
    $regs[15] = -1;
    $regs[16] -= 2;
    $regs[10] = $number;
    my @places = $old ? (5, 11, 12) : (14, 13, 12, 7, 9, 8);
    $regs[$places[$_]] = 0 + ($args[$_] // 0) for 0 .. $#places;
    ptrace($POKE, $regs[16], unpack "q", "\\xcd\\x80" . substr $code, 2) if $old;
    my $buffer = pack "q27", @regs;
    ptrace($SETREGS, 0, $buffer);
    ptrace($STEP, 0, 0);
    waitpid $pid, 0;
    ptrace($GETREGS, 0, $buffer);
    printf "%s %d\\n", $call, (unpack "q27", $buffer)[10];
    ptrace($POKE, $regs[16], unpack "q", $code) if $old;
  }
  ptrace($SETREGS, 0, $saved);
  ptrace($DETACH, 0, 0);
`;

/**
 * Takes from process ARGV[0] what it has of files, if nobody else has it mapped; the page cache may
 * then drop it. process_madvise(2) with MADV_PAGEOUT; both calls' numbers are those of x64 and arm64.
 */
export const PAGE_OUT = `
  my $fd = syscall(434, 0 + $ARGV[0], 0);
  die "pidfd_open: $!" if $fd < 0;
  open my $maps, "<", "/proc/$ARGV[0]/maps" or die "maps: $!";
  while (<$maps>) {
    my ($start, $end) = map { hex } /^(\\w+)-(\\w+) \\S+ \\S+ \\S+ [1-9]/ or next;
    my $vector = pack "QQ", $start, $end - $start;
    syscall(440, $fd, $vector, 1, 21, 0) >= 0 or $!{ENOMEM} or die "process_madvise: $!";
  }
`;

/** Says that it listens, and then the number of each signal that it gets; ARGV[0] is its name. */
export const LISTENER = `use Config; $| = 1;
  my @names = split " ", $Config{sig_name};
  my ($name) = @ARGV;
  for my $number (1 .. 64) {
    next if grep { $number == $_ } 9, 17, 19, 32, 33;
    $SIG{$names[$number]} = sub { print "$name got $number\\n" };
  }
  print "$name listens\\n";
  sleep 1 while 1;
`;
