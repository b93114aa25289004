// The last step before Node: a few lines of Perl (part of every Debian and Ubuntu) that ask the kernel for what no
// tool on this machine asks it for: Landlock on files and signals, seccomp on system calls. Then they become Node.
import type { SystemCallFilter } from "./layers.ts";
import type { Processor } from "./system-calls.ts";

/** What may be read, or also be run; folders with all that is in them. */
export interface ReadablePath {
  readonly path: string;
  readonly run: boolean;
}

export interface SealOptions {
  readonly perl: string;
  readonly processor: Processor;
  readonly landlock: boolean;
  readonly seccomp: SystemCallFilter | undefined;
  readonly readable: readonly ReadablePath[];
}

/** [prctl, execve]. */
const CALLS: Readonly<Record<Processor, string>> = { x64: "157 59", arm64: "167 221" };

/**
 * Arguments: the filter in hex or "-", its patches, the numbers of the calls, whether Landlock is wanted, how many paths, the
 * paths ("r…" to read, "x…" also to run), the program, its arguments. Sources: prctl(2), seccomp(2), landlock(7),
 * linux/landlock.h. Numbers: PR_SET_NO_NEW_PRIVS 38, PR_SET_SECCOMP 22 with SECCOMP_MODE_FILTER 2, O_PATH 010000000,
 * landlock_create_ruleset 444, landlock_add_rule 445, landlock_restrict_self 446; rights: run 1, read a file 4, a folder 8.
 */
const SCRIPT = `
my ($hex, $patches, $calls, $landlock, $count) = splice @ARGV, 0, 5;
my @paths = splice @ARGV, 0, $count;
my ($prctl, $execve) = map { 0 + $_ } split / /, $calls;
sub fail { print STDERR "seal: $_[0]: $!\\n"; exit 125 }
syscall($prctl, 38, 1, 0, 0, 0) == 0 or fail("no_new_privs");
if ($landlock) {
  $landlock = syscall(444, 0, 0, 1);
  $landlock > 0 or fail("landlock");
  my $files = $landlock >= 5 ? 0xffff : $landlock >= 3 ? 0x7fff : $landlock >= 2 ? 0x3fff : 0x1fff;
  my $attributes = pack("Q", $files) . ($landlock >= 4 ? pack("Q", 3) : "") . ($landlock >= 6 ? pack("Q", 3) : "");
  my $rules = syscall(444, $attributes, length $attributes, 0);
  $rules >= 0 or fail("landlock_create_ruleset");
  for (@paths) {
    my $path = substr $_, 1;
    sysopen(my $handle, $path, 010000000) or next;
    my $rights = (/^x/ ? 5 : 4) | (-d $handle ? 8 : 0);
    my $rule = pack("Ql", $rights, fileno $handle);
    syscall(445, $rules, 1, $rule, 0) == 0 or fail("landlock_add_rule $path");
  }
  syscall(446, $rules, 0) == 0 or fail("landlock_restrict_self");
}
my $program = "$ARGV[0]";
my $arguments = pack("p*", @ARGV, undef);
my @variables = map { "$_=$ENV{$_}" } keys %ENV;
my $environment = pack("p*", @variables, undef);
my ($path, $argv, $envp) = map { unpack "J", pack "p", $_ } $program, $arguments, $environment;
if ($hex ne "-") {
  my $filter = pack "H*", $hex;
  for (split /,/, $patches) {
    my ($place, $what) = split /:/;
    substr($filter, $place, 4) = pack "V", $what eq "pid" ? $$ : $what eq "pathLow" ? $path & 0xffffffff : $path >> 32;
  }
  my $described = pack "Sx6P", length($filter) / 8, $filter;
  syscall($prctl, 22, 2, $described, 0, 0) == 0 or fail("seccomp");
}
syscall($execve, $path, $argv, $envp);
fail($program);
`;

/** Stands before the program's absolute path and its arguments. */
export function sealCommand({ perl, processor, landlock, seccomp, readable }: SealOptions): readonly string[] {
  const paths = !landlock ? [] : readable.map(({ path, run }) => `${run ? "x" : "r"}${path}`);
  const { hex, patches } = seccomp ?? { hex: "-", patches: "" };
  return [perl, "-e", SCRIPT, "--", hex, patches, CALLS[processor], landlock ? "1" : "0", String(paths.length), ...paths];
}
