// Finds out which layers can be put around a child here: once per process, and from a file where nothing has changed
// since it was last tried.
import { hash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, readlinkSync, renameSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { release } from "node:os";
import { join } from "node:path";
import type * as FindLayers from "./find-layers.ts";
import type { LayerPlan, Tools } from "./layers.ts";
import { sweepMemoryGroups } from "./memory-group.ts";
import { firstUnreadable } from "./readable-by-others.ts";
import { codePaths } from "./readable-paths.ts";
import { findTools } from "./tools.ts";

export interface PlanOptions {
  /** Where what was found is kept: trying everything takes some 15 ms, reading it one. Undefined: nowhere. */
  readonly cacheDirectory: string | undefined;
  /** Tries again, whatever was found before. */
  readonly afresh?: boolean;
}

/** Changes when what is kept would be read wrongly by older or newer code. */
const FORMAT = 2;
const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

const plans = new Map<string | undefined, LayerPlan>();

/** Never throws: what cannot be had is absent with its reason. */
export function planLayers({ cacheDirectory, afresh = false }: PlanOptions): LayerPlan {
  const before = afresh ? undefined : plans.get(cacheDirectory);
  const plan = before ?? (process.platform === "linux" ? planOnLinux(cacheDirectory, afresh) : load().findElsewhere());
  plans.set(cacheDirectory, plan);
  return plan;
}

function planOnLinux(cacheDirectory: string | undefined, afresh: boolean): LayerPlan {
  const tools = findTools();
  const root = process.getuid?.() === 0;
  const unreadable = root ? firstUnreadable([process.execPath, ...codePaths()]) : undefined;
  const file = cacheDirectory === undefined ? undefined : join(cacheDirectory, "layers.json");
  const key = keyOf(tools, unreadable);
  const kept = afresh || file === undefined ? undefined : readKept(file, key);
  const plan = kept ?? load().findLayers({ tools, root, unreadable });
  if (plan.memoryGroups !== undefined) sweepMemoryGroups(plan.memoryGroups);
  if (kept === undefined && file !== undefined) keep(file, key, plan);
  return plan;
}

/** Twenty files less to load where nothing has to be tried; and at once, since whoever opens processes does not wait. */
function load(): typeof FindLayers {
  return createRequire(import.meta.url)(`./find-layers.${EXTENSION}`) as typeof FindLayers;
}

/** All that the result depends on: another boot, container, user, set of rights, or tool is another machine. */
function keyOf(tools: Tools, unreadable: string | undefined): string {
  const status = read("/proc/self/status").match(/^(?:Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp\w*):.*$/gm) ?? [];
  const namespaces = ["user", "mnt", "pid", "net", "cgroup"].map((name) => link(`/proc/self/ns/${name}`));
  const programs = (Object.values(tools) as (string | undefined)[]).map((path) => (path === undefined ? "" : `${path} ${statSync(path).mtimeMs}`));
  // The filter is kept with the rest.
  const filter = ["seccomp-program", "system-calls"].map((name) => statSync(join(import.meta.dirname, `${name}.${EXTENSION}`)).mtimeMs);
  const facts = [
    FORMAT,
    process.version,
    process.arch,
    release(),
    read("/proc/sys/kernel/random/boot_id"),
    read("/proc/self/attr/current"),
    read("/proc/self/cgroup"),
    unreadable,
  ];
  return hash("sha256", [...facts, ...filter, ...status, ...namespaces, ...programs].join("\n"), "hex");
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function readKept(file: string, key: string): LayerPlan | undefined {
  try {
    // What it says is run with our rights: it must be ours, and nobody else's to write.
    const { uid, mode } = statSync(file);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined;
    const kept = JSON.parse(readFileSync(file, "utf8")) as { readonly key?: unknown; readonly plan?: LayerPlan };
    return kept.key === key ? kept.plan : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all; a directory that cannot be written costs time only. */
function keep(file: string, key: string, plan: LayerPlan): void {
  const staging = `${file}.${randomUUID()}`;
  try {
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(staging, JSON.stringify({ key, plan }), { mode: 0o600 });
    renameSync(staging, file);
  } catch {
    // Then it is tried again the next time.
  }
}
