// A pseudo-terminal, for what is to run on one: as a Perl program, since that can make one anywhere.

/** The numbers of TIOCSPTLCK and TIOCGPTN, the same on x64 and arm64. ioctl_tty(2) */
const OPEN = `use Fcntl; use POSIX ();
  $^F = 99; # Whoever is executed keeps the other end, so that it does not hang up.
  sysopen my $master, "/dev/ptmx", O_RDWR | O_NOCTTY or die "ptmx: $!";
  my $number = pack "i", 0;
  ioctl $master, 0x40045431, $number or die "unlock: $!";
  ioctl $master, 0x80045430, $number or die "number: $!";
  my $name = "/dev/pts/" . unpack "i", $number;
`;

/** Executes the arguments with a terminal as stderr whose other end nobody reads. */
export const ON_UNREAD_STDERR = `${OPEN}
  sysopen my $terminal, $name, O_RDWR | O_NOCTTY or die "$name: $!";
  open STDERR, ">&", $terminal;
  exec @ARGV or die "exec: $!";
`;

/** Executes the arguments in a session of its own, in the foreground of its terminal. */
export const IN_FOREGROUND = `${OPEN}
  POSIX::setsid() > 0 or die "setsid: $!";
  sysopen my $terminal, $name, O_RDWR or die "$name: $!";
  open STDIN, "<&", $terminal;
  exec @ARGV or die "exec: $!";
`;
