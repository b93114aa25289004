// A control group for one child, so that the kernel itself bounds its memory, whatever it is made of. Version 1 and 2.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MemoryGroups } from "./layers.ts";

export interface MemoryGroup {
  outOfMemory(): boolean;
  /** What it may have beyond what it started with; 0 for no limit. `pid`: of Node itself, which is brought in where the start was faster than we were. */
  limit(bytes: number, pid: number | undefined): void;
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

/** Undefined where there are none, or none can be made now. */
export function joinMemoryGroup(groups: MemoryGroups | undefined, pid: number): MemoryGroup | undefined {
  if (groups === undefined) return undefined;
  const directory = join(groups.parent, `${GROUP_PREFIX}${process.pid}.${count++}`);
  const files = FILES[groups.version];
  const write = (file: string, value: string): boolean => {
    try {
      writeFileSync(join(directory, file), value);
      return true;
    } catch {
      return false;
    }
  };
  try {
    mkdirSync(directory);
  } catch {
    return undefined;
  }
  write("cgroup.procs", String(pid));
  let brought = false;
  let limit: number | undefined;
  return {
    outOfMemory() {
      try {
        return /^oom_kill [1-9]/m.test(readFileSync(join(directory, files.kills), "latin1"));
      } catch {
        return false;
      }
    },
    limit(bytes, node) {
      if (!brought && node !== undefined) brought = write("cgroup.procs", String(node));
      if (limit === bytes) return;
      limit = bytes;
      write(files.limit, bytes === 0 ? files.none : String(BASE_BYTES + Math.ceil(bytes)));
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
