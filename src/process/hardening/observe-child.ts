// Looks at a real child, started as any other, from outside: which layers are in effect, whatever was planned.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startChild, type LayerPlan, type StartedChild } from "../child-start.ts";
import { chainBefore } from "./chain.ts";
import { childCaches } from "./child-caches.ts";
import { LAYER_NAMES, type LayerName, type LayerState } from "./layers.ts";
import { GROUP_PREFIX } from "./memory-group.ts";
import { LIBRARIES } from "./readable-paths.ts";
import type { Processor } from "./system-calls.ts";
import { findProgram } from "./tools.ts";

export interface ObserveOptions {
  readonly cacheDirectory: string;
  readonly layers: LayerPlan;
}

/** Undefined: in effect, as far as can be seen. Text: what was seen instead. */
type Look = (child: SeenChild) => string | undefined;

interface SeenChild {
  readonly pid: number;
  readonly layers: LayerPlan;
  /** A line of `/proc/<pid>/status`: proc(5). */
  readonly status: (name: string) => string;
  readonly file: (name: string) => string;
  readonly link: (name: string) => string;
}

const MB = 1024 * 1024;
const START_MS = 30_000;
const GROUP_ROUND_MS = 20;
const GROUP_ROUNDS = 50;
/** What a child's environment holds: how it finds its own library, its cache and its host. */
const VARIABLES = new Set(["LIBC", "NODE_COMPILE_CACHE", "NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE"]);

/** What is in effect of the plan; a layer that was asked for and is not seen is absent. Rejects when no child can be started. */
export async function observeLayers(options: ObserveOptions): Promise<Record<LayerName, LayerState>> {
  const { layers } = options;
  if (process.platform !== "linux") return { ...layers.states };
  const child = await startReady(options);
  try {
    child.limitMemory(128 * MB);
    const seen = seenChild(child.nodePid() ?? 0, layers);
    // It is being moved there.
    for (let round = 0; round < GROUP_ROUNDS && layers.memoryGroups !== undefined && LOOKS.cgroup(seen) !== undefined; round++) await sleep(GROUP_ROUND_MS);
    const entries = LAYER_NAMES.map((name) => [name, judge(layers.states[name], LOOKS[name], seen)] as const);
    return Object.fromEntries(entries) as Record<LayerName, LayerState>;
  } finally {
    await end(child);
  }
}

function judge(state: LayerState, look: Look, child: SeenChild): LayerState {
  if (!state.active) return state;
  const failure = tryLook(look, child);
  if (failure === undefined) return state;
  if ("unseen" in failure) return { active: true, how: `${state.how} (asked for; this host may not look at it: ${failure.unseen})` };
  return { active: false, reason: `it was asked for, but a child shows ${failure.seen}`, remedy: "Report this, with the output of this command." };
}

/** A host without CAP_SYS_PTRACE may not look into processes of other users. */
function tryLook(look: Look, child: SeenChild): { readonly seen: string } | { readonly unseen: string } | undefined {
  try {
    const seen = look(child);
    return seen === undefined ? undefined : { seen };
  } catch (error) {
    return { unseen: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

const LOOKS: Readonly<Record<LayerName, Look>> = {
  permissions: ({ file }) => (file("cmdline").split("\0").includes("--permission") ? undefined : "no --permission on its command line"),
  environment({ file }) {
    const strange = file("environ")
      .split("\0")
      .map((line) => line.split("=")[0] ?? "")
      .filter((name) => name !== "" && !VARIABLES.has(name));
    return strange.length === 0 ? undefined : `the variables ${strange.join(", ")}`;
  },
  descriptors({ pid }) {
    const strange = inheritedBy(pid);
    return strange.length === 0 ? undefined : `descriptors of ${strange.join(", ")}`;
  },
  uid: ({ status }) =>
    status("Uid").split(/\s+/).includes(String(process.getuid?.())) || status("Groups").trim() !== ""
      ? `user ${status("Uid")}, groups ${status("Groups")}`
      : undefined,
  "no-new-privileges": ({ status }) => (status("NoNewPrivs") === "1" ? undefined : `NoNewPrivs ${status("NoNewPrivs")}`),
  capabilities({ status, layers }) {
    const sets = ["CapInh", "CapPrm", "CapEff", "CapAmb", ...(layers.wrapping.capabilities === "all" ? ["CapBnd"] : [])];
    const held = sets.filter((name) => /[^0]/.test(status(name)));
    return held.length === 0 ? undefined : held.map((name) => `${name} ${status(name)}`).join(", ");
  },
  // The kernel tells nobody of it, so a program is asked to read what a child may not.
  files: ({ layers }) => (runInside(layers, "cat", ["/proc/version"]).status === 0 ? "that it can read /proc/version" : undefined),
  network: namespaceDiffers("net"),
  ipc: namespaceDiffers("ipc"),
  uts: namespaceDiffers("uts"),
  pid: namespaceDiffers("pid"),
  proc({ pid }) {
    const others = readdirSync(`/proc/${pid}/root/proc`).filter((name) => /^\d+$/.test(name) && name !== "1");
    return others.length === 0 ? undefined : `${others.length} other processes in its /proc`;
  },
  rlimits({ file }) {
    const limit = (name: string, hard: boolean): string => new RegExp(`^${name} +(\\S+) +(\\S+)`, "m").exec(file("limits"))?.[hard ? 2 : 1] ?? "nothing";
    const loose = ["Max core file size", "Max file size", "Max msgqueue size", "Max locked memory"].filter((name) => limit(name, true) !== "0");
    const open = ["Max data size", "Max open files"].filter((name) => limit(name, false) === "unlimited");
    return [...loose, ...open].length === 0 ? undefined : [...loose, ...open].map((name) => `${name.toLowerCase()} ${limit(name, true)}`).join(", ");
  },
  cgroup: ({ file }) => (file("cgroup").includes(GROUP_PREFIX) ? undefined : "that it is in no group of ours"),
  seccomp: ({ status }) => (status("Seccomp") === "2" ? undefined : `Seccomp ${status("Seccomp")}`),
  // prctl(PR_GET_PDEATHSIG), asked from inside.
  orphans({ layers }) {
    if (layers.wrapping.tools.perl === undefined) return undefined;
    const call = process.arch === "x64" ? 157 : 167;
    const { stdout } = runInside(layers, "perl", ["-e", `my $signal = pack("i", 0); syscall(${call}, 2, $signal); print unpack("i", $signal)`]);
    return stdout === "9" ? undefined : `signal ${stdout === "" ? "unknown" : stdout} for when its host dies`;
  },
};

function namespaceDiffers(name: string): Look {
  return ({ link }) => (link(`ns/${name}`) === readlinkSync(`/proc/self/ns/${name}`) ? "the host's own namespace" : undefined);
}

/** What its descriptors lead to, but for its three streams, its channel, and what Node opens for itself without a file. */
function inheritedBy(pid: number): readonly string[] {
  const targets = readdirSync(`/proc/${pid}/fd`).map((fd) => ({ fd: Number(fd), target: readlinkSync(`/proc/${pid}/fd/${fd}`) }));
  return targets
    .filter(({ fd, target }) =>
      fd < 2 ? target !== "/dev/null" : fd < 4 ? !target.startsWith("socket:") : !/^(?:anon_inode:|pipe:|\/dev\/null$)/.test(target),
    )
    .map(({ target }) => target);
}

/** Runs a program in place of Node in all that the operating system puts around it. */
function runInside(layers: LayerPlan, name: string, args: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  const program = findProgram(name);
  if (program === undefined) return { status: null, stdout: "" };
  const readable = [...[program, ...LIBRARIES].map((path) => ({ path, run: true })), { path: "/dev/null", run: false }];
  const limits = { dataBytes: 2 ** 32, openFiles: 128, threads: undefined };
  const chain = chainBefore(layers.wrapping, { uid: 65_519, limits, readable, processor: process.arch as Processor });
  const [command, ...rest] = [...chain, program, ...args] as readonly string[] as readonly [string, ...string[]];
  return spawnSync(command, rest, { env: {}, stdio: ["ignore", "pipe", "ignore"], encoding: "utf8", timeout: START_MS });
}

function seenChild(pid: number, layers: LayerPlan): SeenChild {
  const file = (name: string): string => readFileSync(`/proc/${pid}/${name}`, "utf8");
  return {
    pid,
    layers,
    file,
    link: (name) => readlinkSync(`/proc/${pid}/${name}`),
    status: (name) => new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(file("status"))?.[1]?.trim() ?? "",
  };
}

async function startReady({ cacheDirectory, layers }: ObserveOptions): Promise<StartedChild> {
  const caches = childCaches({ cacheDirectory, tier: "jit", layers });
  const entry = new URL(import.meta.url.endsWith(".ts") ? "../child-main.ts" : "../child-main.js", import.meta.url);
  const child = startChild({ entry, tier: "jit", memoryBytes: 128 * MB, readable: [caches.room], compileCache: caches.compile, layers });
  let words = "";
  child.process.stderr?.setEncoding("utf8").on("data", (text: string) => (words += text));
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`A child could not be started: ${why}`));
      const timer = setTimeout(fail, START_MS, `it was not ready within ${START_MS / 1000} s`);
      child.process.once("error", (error) => fail(error.message));
      child.process.once("close", (code, signal) => fail(`${signal ?? code}: ${words.trim()}`));
      child.process.once("message", () => {
        clearTimeout(timer);
        resolve();
      });
      child.process.send({ type: "setup", cacheDirectory: caches.room, memoryMb: 128, zodAhead: false }, () => {});
    });
    return child;
  } catch (error) {
    await end(child);
    throw error;
  }
}

async function end(child: StartedChild): Promise<void> {
  const { process: started } = child;
  if (started.pid !== undefined && started.exitCode === null && started.signalCode === null) {
    const closed = new Promise((resolve) => started.once("close", resolve));
    child.kill();
    await closed;
  }
  child.release();
}
