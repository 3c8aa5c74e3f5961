// Processes that leave zombies, each in its own way, as Perl programs.

/**
 * A family for each argument "kind:name:children", which is ready when its parent is called by that
 * name. The children have ended and are zombies, called "kid", or as kind "names" says; then it
 * does about SIGCHLD what its kind says. PID 1 only looks on.
 */
export const FAMILIES = `use POSIX ();
  sub drain { 1 while waitpid(-1, POSIX::WNOHANG()) > 0 }
  sub state { open my $stat, "<", "/proc/$_[0]/stat" or return ""; local $/; <$stat> =~ /.*\\) (\\S)/s; $1 }
  my $chld = POSIX::SigSet->new(POSIX::SIGCHLD());
  my %kinds = (
    defaults => sub {},
    names => sub {},
    late => sub { $SIG{CHLD} = \\&drain },
    deaf => sub { $SIG{CHLD} = sub {} },
    ignores => sub { $SIG{CHLD} = "IGNORE" },
    reaps => sub { drain() },
    stopped => sub { $SIG{CHLD} = \\&drain; $0 = $_[0]; kill STOP => $$ },
    blocks => sub {
      POSIX::sigprocmask(POSIX::SIG_BLOCK(), $chld); $0 = $_[0];
      for (my $set = POSIX::SigSet->new;; select undef, undef, undef, 0.01) {
        POSIX::sigpending($set); drain() if $set->ismember(POSIX::SIGCHLD());
      }
    },
    busy => sub {
      for ($0 = $_[0];; drain()) {
        POSIX::_exit(0) if (fork // die "fork: $!") == 0;
        select undef, undef, undef, 0.02;
      }
    },
  );
  for (@ARGV) {
    my ($kind, $name, $children) = split /:/;
    next if fork // die "fork: $!";
    $SIG{CHLD} = "IGNORE" if $kind eq "early";
    my @names = $kind eq "names" ? map { pack "H*", $_ } split /,/, $children : ("kid") x $children;
    my @kids = map {
      my $kid = fork // die "fork: $!";
      if ($kid == 0) { $0 = $_; POSIX::_exit(0) }
      $kid;
    } @names;
    for my $kid (@kids) { select undef, undef, undef, 0.001 until state($kid) =~ /^Z?$/ }
    $kinds{$kind}->($name) if $kinds{$kind};
    $0 = $name;
    sleep 1000 while 1;
  }
  $0 = "init";
  sleep 1000 while 1;
`;

/** Two threads, the first of which ends by the system call that its argument numbers: exit(2). */
export const HEADLESS = `use threads;
  threads->create(sub { sleep 1000 while 1 });
  $0 = "headless";
  syscall $ARGV[0] + 0, 0;
`;

/** Traces the process ARGV[1], by ptrace(2), which is number ARGV[0], and never waits for it. */
export const TRACER = `my $PTRACE_SEIZE = 0x4206;
  syscall($ARGV[0] + 0, $PTRACE_SEIZE, $ARGV[1] + 0, 0, 0) == 0 or die "ptrace: $!";
  $0 = "tracer";
  sleep 1000 while 1;
`;
