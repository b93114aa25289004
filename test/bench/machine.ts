// What this process holds of the machine, before and after something ran: processes, descriptors, handles of the event loop.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { commandOf, descendantsOf, descriptorsOf } from "../support/child-processes.ts";

export interface MachineBefore {
  /** What is there and was not, once nothing more of it goes away or patience has run out. */
  left(): Promise<readonly string[]>;
}

const PATIENCE_MS = 5000;
const LOOK_MS = 50;

export async function machineAtRest(): Promise<MachineBefore> {
  // With its first stream libuv opens /dev/null and keeps it, as a descriptor in reserve.
  const first = spawn(process.execPath, ["--version"], { stdio: ["ignore", "pipe", "ignore"] });
  first.stdout.resume();
  await once(first, "close");
  const processes = new Set(descendantsOf(process.pid));
  const descriptors = countDescriptors();
  const handles = countHandles();

  function look(): string[] {
    const left = descendantsOf(process.pid)
      .filter((id) => !processes.has(id))
      .map((id) => `process ${id}: ${commandOf(id)}`);
    left.push(...more(descriptors, countDescriptors()).map((each) => `descriptor of ${each}`), ...more(handles, countHandles()));
    return left;
  }

  return {
    async left() {
      const deadline = performance.now() + PATIENCE_MS;
      for (let left = look(); ; left = look()) {
        if (left.length === 0 || performance.now() > deadline) return left;
        await sleep(LOOK_MS);
      }
    },
  };
}

/** By what they lead to. */
function countDescriptors(): ReadonlyMap<string, number> {
  return counted(process.platform === "linux" ? descriptorsOf(process.pid) : []);
}

/** The timer that waits here is counted while it waits only. */
function countHandles(): ReadonlyMap<string, number> {
  return counted(process.getActiveResourcesInfo());
}

function counted(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function more(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  return [...after].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name, count]) => `${count - (before.get(name) ?? 0)} × ${name}`);
}
