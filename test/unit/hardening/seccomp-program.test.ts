// The filter on system calls, run as the kernel would run it.
import { describe, expect, it } from "vitest";
import {
  ALLOW,
  EEXIST,
  ENOSYS,
  EPERM,
  errno,
  KILL_PROCESS,
  patchPlaces,
  programBytes,
  seccompProgram,
  type Instruction,
  type Patch,
} from "../../../src/process/hardening/seccomp-program.ts";
import { AUDIT_ARCHITECTURE, REFUSED, refusedNumbers, type Processor } from "../../../src/process/hardening/system-calls.ts";

const PATCHED: Readonly<Record<Patch, number>> = { pid: 4711, pathLow: 0x12345678, pathHigh: 0x7f01 };
const PATH = 0x7f01_1234_5678n;

interface Call {
  readonly number: number;
  readonly args?: readonly (number | bigint)[];
  readonly architecture?: number;
}

/** Classic BPF over struct seccomp_data: what the kernel's checker lets pass of it, and no more. */
function answerTo(program: readonly Instruction[], processor: Processor, { number, args = [], architecture = AUDIT_ARCHITECTURE[processor] }: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number >>> 0, 0);
  data.writeUInt32LE(architecture, 4);
  args.forEach((value, index) => data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 16 + index * 8));
  let held = 0;
  for (let at = 0; at < program.length; at++) {
    const { code, jt, jf, patch, k: written } = program[at] as Instruction;
    const k = patch === undefined ? written : PATCHED[patch];
    if (code === 0x20) held = data.readUInt32LE(k);
    else if (code === 0x15) at += held === k ? jt : jf;
    else if (code === 0x35) at += held >= k ? jt : jf;
    else if (code === 0x45) at += (held & k) === 0 ? jf : jt;
    else if (code === 0x06) return k;
    else throw new Error(`No instruction ${code}`);
  }
  throw new Error("The program ended without an answer");
}

describe.each(["x64", "arm64"] as const)("on %s", (processor) => {
  const program = seccompProgram({ processor, patched: true });
  const ask = (number: number, ...args: (number | bigint)[]): number => answerTo(program, processor, { number, args });
  const on = <T>(x64: T, arm64: T): T => (processor === "x64" ? x64 : arm64);

  it("every call that Node never makes is not permitted", () => {
    for (const number of refusedNumbers(processor)) expect([number, ask(number)]).toEqual([number, errno(EPERM)]);
  });

  it("what Node does pass: read, write, mmap, futex, epoll, recvmsg, exit", () => {
    for (const number of on([0, 1, 9, 202, 281, 47, 231], [63, 64, 222, 98, 22, 212, 94])) expect([number, ask(number)]).toEqual([number, ALLOW]);
  });

  it("calls of another architecture kill", () => {
    expect(answerTo(program, processor, { number: 0, architecture: AUDIT_ARCHITECTURE[on("arm64", "x64")] })).toBe(KILL_PROCESS);
    expect(answerTo(program, processor, { number: 0, architecture: 0x40000003 })).toBe(KILL_PROCESS);
    if (processor === "x64") expect(ask(0x40000000 + 59)).toBe(KILL_PROCESS);
  });

  it("a thread may be made, a process may not, in none of the four ways", () => {
    const clone = on(56, 220);
    expect(ask(clone, 0x003d0f00)).toBe(ALLOW);
    expect(ask(clone, 17)).toBe(errno(EPERM));
    expect(ask(clone, 0x10000000 | 17)).toBe(errno(EPERM));
    expect(ask(435)).toBe(errno(ENOSYS));
    if (processor === "x64") expect([ask(57), ask(58)]).toEqual([errno(EPERM), errno(EPERM)]);
  });

  it("one program may be started, from the one place in memory where its path was; any other kills", () => {
    const execve = on(59, 221);
    expect(ask(execve, PATH)).toBe(ALLOW);
    expect(ask(execve, PATH + 1n)).toBe(KILL_PROCESS);
    expect(ask(execve, PATH + (1n << 32n))).toBe(KILL_PROCESS);
    expect(ask(execve, 0)).toBe(KILL_PROCESS);
  });

  it("files may be opened to be read, and in no other way", () => {
    const openat = on(257, 56);
    expect(ask(openat, -100, 0, 0)).toBe(ALLOW);
    expect(ask(openat, -100, 0, 0o2000000)).toBe(ALLOW);
    for (const flags of [0o1, 0o2, 0o100, 0o1000, 0o20200002]) expect(ask(openat, -100, 0, flags)).toBe(errno(EPERM));
    expect(ask(437)).toBe(errno(ENOSYS));
    if (processor === "x64") expect([ask(2, 0, 0), ask(2, 0, 1)]).toEqual([ALLOW, errno(EPERM)]);
    expect(ask(on(258, 34))).toBe(errno(EEXIST));
  });

  it("a process may signal itself, and nobody else", () => {
    for (const number of on([62, 234], [129, 131])) {
      expect(ask(number, PATCHED.pid)).toBe(ALLOW);
      expect(ask(number, 1)).toBe(errno(EPERM));
      expect(ask(number, -1)).toBe(errno(EPERM));
    }
  });

  it("its own limits may be read, its open files be set; nobody else's, and not its memory", () => {
    const prlimit = on(302, 261);
    expect(ask(prlimit, 0, 2, 0, 4096)).toBe(ALLOW);
    expect(ask(prlimit, 0, 7, 4096, 0)).toBe(ALLOW);
    expect(ask(prlimit, 0, 2, 4096, 0)).toBe(errno(EPERM));
    expect(ask(prlimit, 0, 2, 1n << 32n, 0)).toBe(errno(EPERM));
    expect(ask(prlimit, 1, 2, 0, 4096)).toBe(errno(EPERM));
  });

  it("its death with the host's cannot be called off", () => {
    const prctl = on(157, 167);
    expect(ask(prctl, 1)).toBe(errno(EPERM));
    expect(ask(prctl, 0x59616d61)).toBe(errno(EPERM));
    expect(ask(prctl, 15)).toBe(ALLOW);
  });

  it("calls that Linux has learnt since are not known", () => {
    for (const number of [463, 470, 1000]) expect(ask(number)).toBe(errno(ENOSYS));
  });

  it("the kernel takes it: short enough, each jump lands inside, the last instruction answers", () => {
    expect(program.length).toBeLessThan(4096);
    program.forEach(({ jt, jf, code }, at) => {
      expect(Math.max(jt, jf)).toBeLessThan(256);
      if (code !== 0x06) expect(at + 1 + Math.max(jt, jf)).toBeLessThan(program.length);
    });
    expect(program.at(-1)?.code).toBe(0x06);
    expect(programBytes(program)).toHaveLength(program.length * 8);
  });

  it("without patches starting programs and signalling pass, and nothing is left to be filled in", () => {
    const plain = seccompProgram({ processor, patched: false });
    expect(patchPlaces(plain).size).toBe(0);
    expect(answerTo(plain, processor, { number: on(59, 221) })).toBe(ALLOW);
    expect(answerTo(plain, processor, { number: on(101, 117) })).toBe(errno(EPERM));
  });
});

it("no call is named twice, and none that Node needs", () => {
  for (const index of [0, 1] as const) {
    const numbers = Object.values(REFUSED).flatMap((group) => Object.values(group).flatMap((pair) => pair[index] ?? []));
    expect(new Set(numbers).size).toBe(numbers.length);
  }
});
