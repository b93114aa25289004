// The program in the kernel that looks at each system call of a child (seccomp, linux/filter.h): what Node does in a
// child passes, what only an attack would do is refused. Knows nothing of how the program is installed.
import type { SystemCallFilter } from "./layers.ts";
import { AUDIT_ARCHITECTURE, numberOf, refusedNumbers, type Processor } from "./system-calls.ts";

/** One instruction of classic BPF; with `patch`, `k` is filled in by whoever installs the program. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
  readonly patch?: Patch;
}

/** Known only in the process itself: its id, and where it keeps the path of the one program that it may become. */
export type Patch = "pid" | "pathLow" | "pathHigh";

const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const JUMP_NOT_LESS = 0x35; // BPF_JMP | BPF_JGE | BPF_K
const JUMP_ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

/** Offsets in struct seccomp_data; arguments are 64 bits wide, little end first. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number, half: "low" | "high" = "low"): number => 16 + index * 8 + (half === "low" ? 0 : 4);

export const ALLOW = 0x7fff0000;
export const KILL_PROCESS = 0x80000000;
export const errno = (number: number): number => 0x00050000 | number;
export const EPERM = 1;
export const EEXIST = 17;
export const ENOSYS = 38;

/** System calls of the x32 ABI have this bit, and would pass by another number. */
const X32_BIT = 0x40000000;
/** Whatever Linux has learnt after 6.10: programs must do without on an older kernel, so they can here. */
const FIRST_UNKNOWN = 463;
/** A thread shares all with its process; only a process is cloned without. */
const CLONE_THREAD = 0x00010000;
/** O_WRONLY, O_RDWR, O_CREAT and O_TRUNC; alike on both processors. O_TMPFILE needs one of the first two. */
const WRITING_FLAGS = 0o1 | 0o2 | 0o100 | 0o1000;
/** prctl(2): would let a child outlive the host, or be looked into. */
const PR_SET_PDEATHSIG = 1;
const RLIMIT_NOFILE = 7;
const PR_SET_PTRACER = 0x59616d61;

const statement = (code: number, k: number): Instruction => ({ code, jt: 0, jf: 0, k });
const load = (offset: number): Instruction => statement(LOAD, offset);
const give = (answer: number): Instruction => statement(RETURN, answer);
const jump = (code: number, k: number, to: { readonly jt: number; readonly jf: number; readonly patch?: Patch }): Instruction => ({ code, k, ...to });

export interface ProgramOptions {
  readonly processor: Processor;
  /** Whether the installer fills in the patches. Without, starting programs and signalling cannot be told apart from what Node does, and pass. */
  readonly patched: boolean;
}

export function seccompProgram({ processor, patched }: ProgramOptions): readonly Instruction[] {
  return [
    load(ARCHITECTURE),
    jump(JUMP_EQUAL, AUDIT_ARCHITECTURE[processor], { jt: 1, jf: 0 }),
    give(KILL_PROCESS),
    load(NUMBER),
    ...(processor === "x64" ? [jump(JUMP_NOT_LESS, X32_BIT, { jt: 0, jf: 1 }), give(KILL_PROCESS)] : []),
    jump(JUMP_NOT_LESS, FIRST_UNKNOWN, { jt: 0, jf: 1 }),
    give(errno(ENOSYS)),
    ...refusedNumbers(processor).flatMap((number) => whenCalled(number, [give(errno(EPERM))])),
    ...specialCases({ processor, patched }),
    give(ALLOW),
  ];
}

function specialCases({ processor, patched }: ProgramOptions): readonly Instruction[] {
  const on = (name: Parameters<typeof numberOf>[0], body: readonly Instruction[]): readonly Instruction[] => {
    const number = numberOf(name, processor);
    return number === undefined ? [] : whenCalled(number, body);
  };
  return [
    // glibc falls back to clone, whose flags can be read; openat2's cannot either.
    ...on("clone3", [give(errno(ENOSYS))]),
    ...on("openat2", [give(errno(ENOSYS))]),
    ...on("clone", [load(argument(0)), jump(JUMP_ANY_BIT, CLONE_THREAD, { jt: 1, jf: 0 }), give(errno(EPERM)), give(ALLOW)]),
    ...on("open", refuseFlags(1)),
    ...on("openat", refuseFlags(2)),
    // Node makes sure of its cache's directory in this way before it reads there.
    ...on("mkdir", [give(errno(EEXIST))]),
    ...on("mkdirat", [give(errno(EEXIST))]),
    ...on("prctl", [
      load(argument(0)),
      jump(JUMP_EQUAL, PR_SET_PDEATHSIG, { jt: 1, jf: 0 }),
      jump(JUMP_EQUAL, PR_SET_PTRACER, { jt: 0, jf: 1 }),
      give(errno(EPERM)),
      give(ALLOW),
    ]),
    ...on("prlimit64", ownLimitsOnly()),
    ...(patched ? [...on("kill", ownProcessOnly()), ...on("tgkill", ownProcessOnly()), ...on("execve", knownPathOnly())] : []),
  ];
}

/** The body ends in a return on each of its ways. */
function whenCalled(number: number, body: readonly Instruction[]): readonly Instruction[] {
  return [jump(JUMP_EQUAL, number, { jt: 0, jf: body.length }), ...body];
}

function refuseFlags(index: number): readonly Instruction[] {
  return [load(argument(index)), jump(JUMP_ANY_BIT, WRITING_FLAGS, { jt: 0, jf: 1 }), give(errno(EPERM)), give(ALLOW)];
}

function ownProcessOnly(): readonly Instruction[] {
  return [load(argument(0)), jump(JUMP_EQUAL, 0, { jt: 1, jf: 0, patch: "pid" }), give(errno(EPERM)), give(ALLOW)];
}

/** Its own only; to be read, and the number of open files to be set, which Node does as it starts. */
function ownLimitsOnly(): readonly Instruction[] {
  return [
    load(argument(0)),
    jump(JUMP_EQUAL, 0, { jt: 0, jf: 7 }),
    load(argument(1)),
    jump(JUMP_EQUAL, RLIMIT_NOFILE, { jt: 4, jf: 0 }),
    load(argument(2)),
    jump(JUMP_EQUAL, 0, { jt: 0, jf: 3 }),
    load(argument(2, "high")),
    jump(JUMP_EQUAL, 0, { jt: 0, jf: 1 }),
    give(ALLOW),
    give(errno(EPERM)),
  ];
}

/** The one path is at an address that only the process before knew, and guessing it costs the life. */
function knownPathOnly(): readonly Instruction[] {
  return [
    load(argument(0)),
    jump(JUMP_EQUAL, 0, { jt: 0, jf: 3, patch: "pathLow" }),
    load(argument(0, "high")),
    jump(JUMP_EQUAL, 0, { jt: 0, jf: 1, patch: "pathHigh" }),
    give(ALLOW),
    give(KILL_PROCESS),
  ];
}

/** As the kernel reads it: u16 code, u8 jt, u8 jf, u32 k, little end first. */
export function programBytes(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({ code, jt, jf, k }, index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  });
  return bytes;
}

/** As it is kept, and given to whoever installs it. */
export function systemCallFilter(processor: Processor): SystemCallFilter {
  const program = seccompProgram({ processor, patched: true });
  const patches = [...patchPlaces(program)].map(([place, what]) => `${place}:${what}`).join(",");
  return { hex: programBytes(program).toString("hex"), patches };
}

/** Where `k` of each patch lies in the bytes. */
export function patchPlaces(program: readonly Instruction[]): ReadonlyMap<number, Patch> {
  return new Map(program.flatMap(({ patch }, index) => (patch === undefined ? [] : [[index * 8 + 4, patch] as const])));
}
