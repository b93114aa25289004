// How much private memory a child may have in all (RLIMIT_DATA), and how that is raised for a run that may have more.
import { spawnSync } from "node:child_process";
import type { Tier } from "../../settings.ts";
import type { Tools } from "./layers.ts";

export type { Tier } from "../../settings.ts";

const MB = 1024 * 1024;

/** Measured: what a child has before its first room, and what each room adds before it runs anything. With a compiler V8 sets 512 MB of address space aside for the code of each, which the kernel counts. */
const BASE_BYTES: Readonly<Record<Tier, number>> = { jit: 640 * MB, jitless: 96 * MB };
const ROOM_BYTES: Readonly<Record<Tier, number>> = { jit: 520 * MB, jitless: 16 * MB };
/** One with zod and one without are made ahead, and two may be on their way out. */
const OTHER_ROOMS = 4;

/** `growthBytes`: what its runs may use together; 0 for no limit. */
export function dataLimit(tier: Tier, growthBytes: number, runs = 1): number {
  return growthBytes === 0 ? Infinity : BASE_BYTES[tier] + ROOM_BYTES[tier] * (runs + OTHER_ROOMS) + growthBytes;
}

/** As prlimit(1) reads it. The hard limit stays: a child could not raise the soft one without a system call that it is refused. */
export function dataArgument(bytes: number): string {
  return `--data=${bytes === Infinity ? "unlimited" : Math.ceil(bytes)}:`;
}

export interface RaisedLimit {
  readonly tools: Tools;
  readonly pid: number;
  /** Of the child, where it has its own: a user may change limits of its own processes, root may lack the right to others'. */
  readonly uid: number | undefined;
  readonly bytes: number;
}

/** Before the run is given to the child, so this is waited for. False where it could not be raised. */
export function raiseDataLimit({ tools: { prlimit, setpriv }, pid, uid, bytes }: RaisedLimit): boolean {
  if (prlimit === undefined) return false;
  const as = uid === undefined || setpriv === undefined ? [] : [setpriv, "--reuid", String(uid), "--regid", String(uid), "--clear-groups", "--"];
  const [command, ...args] = [...as, prlimit, "--pid", String(pid), dataArgument(bytes)] as readonly string[] as readonly [string, ...string[]];
  return spawnSync(command, args, { env: {}, stdio: "ignore" }).status === 0;
}

export function jitlessFlags(tier: Tier): readonly string[] {
  return tier === "jitless" ? ["--jitless"] : [];
}
