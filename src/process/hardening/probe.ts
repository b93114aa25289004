// Tries what can be put around a process here: all at once, and where that fails one thing after the other. Starts
// nothing but a program that does nothing.
import { spawnSync } from "node:child_process";
import { chainBefore } from "./chain.ts";
import { bareWrapping, type Tools, type Wrapping } from "./layers.ts";
import { LIBRARIES } from "./readable-paths.ts";
import { systemCallFilter } from "./seccomp-program.ts";
import type { Processor } from "./system-calls.ts";
import { findProgram } from "./tools.ts";

/** What can be there or not by itself. */
export type Feature =
  | "limits"
  | "noNewPrivileges"
  | "parentDeath"
  | "capabilities"
  | "uid"
  | "network"
  | "ipc"
  | "uts"
  | "pid"
  | "proc"
  | "landlock"
  | "seccomp";

export interface Probed {
  readonly wrapping: Wrapping;
  /** What each that is lacking failed with. */
  readonly failures: Readonly<Partial<Record<Feature, string>>>;
}

export interface ProbeOptions {
  readonly tools: Tools;
  readonly root: boolean;
  /** A user for the children, where they are to have their own. */
  readonly uid: number | undefined;
}

const TIMEOUT_MS = 5000;

export function probeWrapping({ tools, root, uid }: ProbeOptions): Probed {
  const bare = bareWrapping(tools);
  const steps = stepsOf(bare, { root, uid });
  const whole = steps.reduce((wrapping, step) => step.add(wrapping), bare);
  if (attempt(whole, uid) === undefined) return { wrapping: whole, failures: {} };
  let wrapping = bare;
  const failures: Partial<Record<Feature, string>> = {};
  for (const step of steps) {
    const missing = step.needs.find((tool) => tools[tool] === undefined);
    const failure = missing === undefined ? attempt(step.add(wrapping), uid) : `${missing} is not installed`;
    if (failure === undefined) wrapping = step.add(wrapping);
    else failures[step.feature] ??= failure;
  }
  if (wrapping.capabilities !== "none") delete failures.capabilities;
  return { wrapping, failures };
}

interface Step {
  readonly feature: Feature;
  readonly needs: readonly (keyof Tools)[];
  add(wrapping: Wrapping): Wrapping;
}

/** In an order in which each may stand on those before. Without root, a user namespace is what the others are had by. */
function stepsOf(bare: Wrapping, { root, uid }: Pick<ProbeOptions, "root" | "uid">): readonly Step[] {
  const user = root ? {} : { user: true };
  const step = (feature: Feature, needs: readonly (keyof Tools)[], change: Partial<Wrapping>): Step => ({
    feature,
    needs,
    add: (wrapping) => ({ ...wrapping, ...change }),
  });
  return [
    step("limits", ["prlimit"], { limits: true }),
    step("noNewPrivileges", ["setpriv"], { noNewPrivileges: true }),
    step("parentDeath", ["setpriv"], { parentDeath: true }),
    step("capabilities", ["setpriv"], { capabilities: "held" }),
    ...(root ? [step("capabilities", ["setpriv"], { capabilities: "all" })] : []),
    ...(uid === undefined ? [] : [step("uid", ["setpriv"], { uid: true })]),
    step("network", ["unshare"], { ...user, network: true }),
    step("ipc", ["unshare"], { ...user, ipc: true }),
    step("uts", ["unshare"], { ...user, uts: true }),
    // Without it the process that waits for the namespace would outlive the host.
    step("pid", ["unshare", "setpriv"], { ...user, pid: true }),
    { feature: "proc", needs: ["unshare"], add: (wrapping) => (wrapping.pid || wrapping === bare ? { ...wrapping, proc: true } : wrapping) },
    // Inside a user namespace the right to empty the bounding set is had as well.
    ...(root ? [] : [step("capabilities", ["setpriv"], { capabilities: "all" })]),
    step("landlock", ["perl"], { landlock: true }),
    step("seccomp", ["perl"], { seccomp: systemCallFilter(process.arch as Processor) }),
  ];
}

/** What it failed with; undefined where it worked. */
function attempt(wrapping: Wrapping, uid: number | undefined): string | undefined {
  const program = findProgram("true");
  if (program === undefined) return "there is no program named true to try it with";
  const readable = [program, ...LIBRARIES].map((path) => ({ path, run: true }));
  const limits = { dataBytes: 2 ** 32, openFiles: 128, threads: wrapping.uid || wrapping.user ? 64 : undefined };
  const chain = chainBefore(wrapping, { uid: uid ?? 0, limits, readable, processor: process.arch as Processor });
  const [command, ...args] = [...chain, program] as readonly string[] as readonly [string, ...string[]];
  const { status, signal, stderr, error } = spawnSync(command, args, { env: {}, stdio: ["ignore", "ignore", "pipe"], timeout: TIMEOUT_MS, encoding: "utf8" });
  if (status === 0) return undefined;
  const told = stderr.trim().split("\n").at(-1) ?? "";
  return error?.message ?? (told === "" ? `${command} ended with ${signal ?? status}` : told);
}
