// Starts a child process inside every layer of protection that the platform has.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LayerPlan } from "./hardening/layers.ts";

export type { LayerPlan } from "./hardening/layers.ts";

export type Tier = "jit" | "jitless";

export interface ChildStartOptions {
  /** The child's main module. */
  readonly entry: URL;
  readonly args?: readonly string[];
  /** "jitless": no machine code is made, and memory is counted exactly. */
  readonly tier: Tier;
  /** The largest run expected, in bytes; 0 for none. */
  readonly memoryBytes: number;
  /** All that the child sees of an environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Options of Node, and of V8. */
  readonly execArgv?: readonly string[];
  /** Where Node's compile cache lies, ready; read and never written. */
  readonly compileCache: string | undefined;
  readonly layers: LayerPlan;
}

export interface StartedChild {
  /** stdio is ["ignore", "ignore", "pipe", "ipc"]. May be what the child is wrapped in: end it with `kill` only. */
  readonly process: ChildProcess;
  /** SIGKILL to it and all it is wrapped in. Idempotent; never throws. */
  kill(): void;
  /** Of the Node process itself, as the host sees it; once it is ready. */
  nodePid(): number | undefined;
  /** Whether a limit of the kernel on its memory has ended it. Asked before `release`. */
  readonly outOfMemory: () => boolean;
  /** What the runs it now has may use together; where the kernel can keep to it. */
  limitMemory(bytes: number): void;
  /** After its end: removes what was made for it. */
  release(): void;
}

const LIBC = existsSync("/etc/alpine-release") ? "musl" : "glibc";

export function startChild(options: ChildStartOptions): StartedChild {
  const { entry, args = [], tier, environment = {}, execArgv = [], compileCache } = options;
  const flags = ["--no-warnings", ...(tier === "jitless" ? ["--jitless"] : []), ...execArgv];
  const child = spawn(process.execPath, [...flags, fileURLToPath(entry), ...args], {
    // LIBC spares node-gyp-build a look at the disk.
    env: { LIBC, ...environment, ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }) },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
  });
  return {
    process: child,
    kill: () => void child.kill("SIGKILL"),
    nodePid: () => child.pid,
    outOfMemory: () => false,
    limitMemory: () => undefined,
    release: () => undefined,
  };
}
