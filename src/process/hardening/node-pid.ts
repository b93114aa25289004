// Which process of a wrapped child is Node itself.
import { readFileSync } from "node:fs";

/** `forks`: whether what was started has a child of its own that became Node, or became Node itself. */
export function findNodePid(started: number, forks: boolean): number | undefined {
  if (!forks) return started;
  try {
    // proc(5): children of the one thread that the wrapping has, where the kernel was built to tell (every distribution's is).
    const [first] = readFileSync(`/proc/${started}/task/${started}/children`, "latin1").trim().split(" ");
    return first === undefined || first === "" ? undefined : Number(first);
  } catch {
    return undefined;
  }
}
