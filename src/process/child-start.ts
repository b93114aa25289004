// Starts a child process inside every layer of protection that the platform has.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { chainBefore } from "./hardening/chain.ts";
import type { LayerPlan } from "./hardening/layers.ts";
import { joinMemoryGroup, type MemoryGroup } from "./hardening/memory-group.ts";
import { findNodePid } from "./hardening/node-pid.ts";
import { permissionFlags } from "./hardening/permission-flags.ts";
import { childFiles } from "./hardening/readable-paths.ts";
import { dataLimit, jitlessFlags, raiseDataLimit, type Tier } from "./hardening/resource-limits.ts";
import type { Processor } from "./hardening/system-calls.ts";
import { MAX_CONCURRENCY } from "../settings.ts";
import { linkCompileCache, takeUid } from "./hardening/own-uid.ts";

export type { LayerPlan } from "./hardening/layers.ts";
export type { Tier } from "./hardening/resource-limits.ts";

export interface ChildStartOptions {
  /** Node to run it with; this process's own where absent. */
  readonly execPath?: string;
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
  /** Packages that the child loads, by name. */
  readonly packages?: readonly string[];
  /** Folders it reads besides. */
  readonly readable?: readonly string[];
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
  /** By how many bytes it may grow for the runs that it now has; 0 for no limit. Kept by the kernel, where it can. */
  limitMemory(bytes: number, runs?: number): void;
  /** After its end: removes what was made for it. */
  release(): void;
}

const LIBC = existsSync("/etc/alpine-release") ? "musl" : "glibc";
const OPEN_FILES = 128;
/** What V8 keeps outside of what it counts. */
const SLACK_BYTES = 96 * 1024 * 1024;
/** Node has eleven threads at rest, V8 and libuv more on larger machines, and every room in which author code runs has one. */
const THREADS = 64 + MAX_CONCURRENCY + 4 * availableParallelism();
/** Between ending Node, which the wrapping then reports, and ending the wrapping as well. */
const GROUP_KILL_MS = 200;

export function startChild(options: ChildStartOptions): StartedChild {
  const {
    execPath = process.execPath,
    entry,
    args = [],
    tier,
    memoryBytes,
    environment = {},
    execArgv = [],
    packages = ["isolated-vm", "node-gyp-build"],
    readable = [],
    compileCache,
    layers,
  } = options;
  const { wrapping } = layers;
  const files = childFiles({ execPath, entry, packages, caches: [...readable, ...(compileCache === undefined ? [] : [compileCache])] });
  const user = wrapping.uid ? takeUid() : undefined;
  const unlink = user === undefined || compileCache === undefined ? () => undefined : linkCompileCache(compileCache, user.uid);
  // Enough for a run of that size by whatever measure: raising it costs a few milliseconds.
  let dataBytes = dataLimit(tier, memoryBytes === 0 ? 0 : 2 * memoryBytes + SLACK_BYTES);
  const command = [
    ...chainBefore(wrapping, {
      uid: user?.uid ?? 0,
      limits: {
        dataBytes,
        openFiles: OPEN_FILES,
        threads: wrapping.uid || wrapping.user ? THREADS : undefined,
      },
      readable: [...files.system, ...files.code.map((path) => ({ path, run: false }))],
      processor: process.arch as Processor,
    }),
    execPath,
    "--no-warnings",
    // The machine's configuration of OpenSSL may lie anywhere, and one that may not be read ends Node.
    "--openssl-config=/dev/null",
    ...jitlessFlags(tier),
    ...(layers.permissions ? permissionFlags({ readable: [...files.code, ...files.links], compileCache, addons: packages.includes("isolated-vm") }) : []),
    ...execArgv,
    // By URL it is an ES module without Node having to look for the package it belongs to, which it may not.
    "--entry-url",
    entry.href,
    ...args,
  ];
  const child = spawn(command[0] as string, command.slice(1), {
    // LIBC spares node-gyp-build a look at the disk.
    env: { LIBC, ...environment, ...(compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache }) },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    serialization: "advanced",
    // A process group of its own: whatever it is wrapped in ends together, and a terminal's Ctrl-C is for the host.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  // Node's own listener takes acknowledgements of handles that were never sent for a defect of its own, and throws: the
  // child could end the host with one message. Handles do not travel on this channel.
  child.removeAllListeners("internalMessage");
  let group: MemoryGroup | undefined;
  const forks = wrapping.pid;
  let killing: NodeJS.Timeout | undefined;
  child.once("exit", () => clearTimeout(killing));
  // The first thing it says is that it is ready.
  child.once("message", () => {
    unlink();
    const node = nodePid();
    if (node !== undefined) group = joinMemoryGroup(layers.memoryGroups, node);
  });
  child.once("close", () => {
    unlink();
    user?.free();
  });
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  let found: number | undefined;
  const nodePid = (): number | undefined => (child.pid === undefined || ended() ? undefined : (found ??= findNodePid(child.pid, forks)));

  return {
    process: child,
    nodePid,
    kill() {
      if (child.pid === undefined || ended() || killing !== undefined) return;
      const node = forks ? nodePid() : child.pid;
      // Node first: the wrapping waits for it and reports its end. Ended together, nobody might be left to do so.
      if (node === undefined || !signal(node)) signal(-child.pid);
      else if (forks) killing = setTimeout(() => ended() || signal(-(child.pid as number)), GROUP_KILL_MS).unref();
    },
    outOfMemory: () => group?.outOfMemory() ?? false,
    limitMemory(bytes, runs = 1) {
      const node = nodePid();
      group?.limit(bytes);
      if (dataLimit(tier, bytes, runs) <= dataBytes || node === undefined || !wrapping.limits) return;
      // Not anew for each of many runs that share a child.
      const room = 2 ** Math.ceil(Math.log2(runs));
      const wanted = dataLimit(tier, (bytes * room) / runs, room);
      if (raiseDataLimit({ tools: wrapping.tools, pid: node, uid: user?.uid, bytes: wanted })) dataBytes = wanted;
    },
    release: () => group?.remove(),
  };
}

export interface ChildEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** What it wrote to stderr. */
  readonly lastWords: string;
}

/** What unshare of util-linux up to 2.38 says in place of ending by SIGKILL itself, as it does by every other signal. */
const KILLED_INSIDE = /^unshare: sigprocmask unblock failed: .*\n?/m;

/** How Node ended, where what it was wrapped in tells of it in other words. */
export function readEnd({ exitCode, signal, lastWords }: ChildEnd): ChildEnd {
  if (exitCode !== 1 || !KILLED_INSIDE.test(lastWords)) return { exitCode, signal, lastWords };
  return { exitCode: null, signal: "SIGKILL", lastWords: lastWords.replace(KILLED_INSIDE, "") };
}

/** A negative id is a process group. */
function signal(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
