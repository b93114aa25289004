// A control group for one child, so that the kernel itself bounds its memory, whatever it is made of. Version 1 and 2.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFile, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MemoryGroups } from "./layers.ts";

export interface MemoryGroup {
  outOfMemory(): boolean;
  /** What it may have beyond what it started with; 0 for no limit. */
  limit(bytes: number): void;
  remove(): void;
}

const MB = 1024 * 1024;
/** What a child has before any run. */
const BASE_BYTES = 128 * MB;
/** A process that has ended leaves its group a moment later. */
const REMOVE_EVERY_MS = 50;
const REMOVE_TRIES = 100;

let count = 0;

export const GROUP_PREFIX = "bifrost-executor.";

export const FILES = {
  1: { limit: "memory.limit_in_bytes", kills: "memory.oom_control", none: "-1" },
  2: { limit: "memory.max", kills: "memory.events", none: "max" },
} as const;

/** Of a process that has no author code yet. Undefined where there are none, or none can be made now. */
export function joinMemoryGroup(groups: MemoryGroups | undefined, pid: number): MemoryGroup | undefined {
  if (groups === undefined) return undefined;
  const directory = join(groups.parent, `${GROUP_PREFIX}${process.pid}.${count++}`);
  const files = FILES[groups.version];
  try {
    mkdirSync(directory);
  } catch {
    return undefined;
  }
  // The kernel takes some 10 ms to move a process, which must not hold up the host; what it takes until then is not counted.
  writeFile(join(directory, "cgroup.procs"), String(pid), () => undefined);
  let limit: number | undefined;
  return {
    outOfMemory() {
      try {
        return /^oom_kill [1-9]/m.test(readFileSync(join(directory, files.kills), "latin1"));
      } catch {
        return false;
      }
    },
    limit(bytes) {
      if (limit === bytes) return;
      limit = bytes;
      try {
        writeFileSync(join(directory, files.limit), bytes === 0 ? files.none : String(BASE_BYTES + Math.ceil(bytes)));
      } catch {
        // Less than what it has: it stays at the limit before.
      }
    },
    remove() {
      let tries = 0;
      const attempt = (): void => {
        try {
          rmdirSync(directory);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === "EBUSY" && ++tries < REMOVE_TRIES) setTimeout(attempt, REMOVE_EVERY_MS);
        }
      };
      attempt();
    },
  };
}

/** A group is made a moment before its process is put in. */
const NEW_MS = 2000;
/** Hosts of other containers may share the folder, and their ids say nothing here. */
const STALE_MS = 60_000;

/** Removes empty groups that hosts have left which were killed. A group with a process in it cannot be removed. */
export function sweepMemoryGroups({ parent }: MemoryGroups): void {
  try {
    for (const name of readdirSync(parent)) {
      if (!name.startsWith(GROUP_PREFIX)) continue;
      const directory = join(parent, name);
      const age = Date.now() - statSync(directory).mtimeMs;
      const host = name.slice(GROUP_PREFIX.length).split(".")[0] ?? "";
      if (age > (existsSync(`/proc/${host}`) ? STALE_MS : NEW_MS)) tryRemove(directory);
    }
  } catch {
    // Nothing to sweep, or not ours to.
  }
}

function tryRemove(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // In use, or gone.
  }
}
