// Finds out which layers can be put around a child here: once per process, and from a file where nothing has changed
// since it was last tried.
import { hash, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, readlinkSync, renameSync, statSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { bareWrapping, type LayerPlan, type Tools } from "./layers.ts";
import { statesElsewhere, statesOf } from "./layer-states.ts";
import { findMemoryGroups, sweepMemoryGroups } from "./memory-groups.ts";
import { FIRST_UID } from "./own-uid.ts";
import { probeWrapping } from "./probe.ts";
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
const FORMAT = 1;

const plans = new Map<string | undefined, LayerPlan>();

/** Never throws: what cannot be had is absent with its reason. */
export function planLayers({ cacheDirectory, afresh = false }: PlanOptions): LayerPlan {
  const before = afresh ? undefined : plans.get(cacheDirectory);
  const plan = before ?? (process.platform === "linux" ? planOnLinux(cacheDirectory, afresh) : planElsewhere());
  plans.set(cacheDirectory, plan);
  return plan;
}

function planElsewhere(): LayerPlan {
  const permissions = hasPermissions();
  const wrapping = bareWrapping({ setpriv: undefined, unshare: undefined, prlimit: undefined, perl: undefined });
  return { states: statesElsewhere(process.platform, permissions), wrapping, memoryGroups: undefined, permissions };
}

function planOnLinux(cacheDirectory: string | undefined, afresh: boolean): LayerPlan {
  const tools = findTools();
  const root = process.getuid?.() === 0;
  const unreadable = root ? firstUnreadable([process.execPath, ...codePaths()]) : undefined;
  const file = cacheDirectory === undefined ? undefined : join(cacheDirectory, "layers.json");
  const key = keyOf(tools, unreadable);
  const plan = (afresh || file === undefined ? undefined : readKept(file, key)) ?? tryAll({ tools, root, unreadable });
  if (plan.memoryGroups !== undefined) sweepMemoryGroups(plan.memoryGroups);
  if (file !== undefined) keep(file, key, plan);
  return plan;
}

function tryAll({ tools, root, unreadable }: { readonly tools: Tools; readonly root: boolean; readonly unreadable: string | undefined }): LayerPlan {
  const probed = probeWrapping({ tools, root, uid: root && unreadable === undefined ? FIRST_UID : undefined });
  const memoryGroups = findMemoryGroups();
  const permissions = hasPermissions();
  return {
    states: statesOf({ ...probed, root, unreadable, memoryGroups, permissions }),
    wrapping: probed.wrapping,
    memoryGroups: "groups" in memoryGroups ? memoryGroups.groups : undefined,
    permissions,
  };
}

function hasPermissions(): boolean {
  return process.allowedNodeEnvironmentFlags.has("--permission");
}

/** All that the result depends on: another boot, container, user, set of rights, or tool is another machine. */
function keyOf(tools: Tools, unreadable: string | undefined): string {
  const status = read("/proc/self/status").match(/^(?:Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp\w*):.*$/gm) ?? [];
  const namespaces = ["user", "mnt", "pid", "net", "cgroup"].map((name) => link(`/proc/self/ns/${name}`));
  const programs = (Object.values(tools) as (string | undefined)[]).map((path) => (path === undefined ? "" : `${path} ${statSync(path).mtimeMs}`));
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
  return hash("sha256", [...facts, ...status, ...namespaces, ...programs].join("\n"), "hex");
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
    const kept = JSON.parse(readFileSync(file, "utf8")) as { readonly key?: unknown; readonly plan?: LayerPlan };
    return kept.key === key ? kept.plan : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all; a directory that cannot be written costs time only. */
function keep(file: string, key: string, plan: LayerPlan): void {
  if (readKept(file, key) !== undefined) return;
  const staging = `${file}.${randomUUID()}`;
  try {
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(staging, JSON.stringify({ key, plan }), { mode: 0o600 });
    renameSync(staging, file);
  } catch {
    // Then it is tried again the next time.
  }
}
