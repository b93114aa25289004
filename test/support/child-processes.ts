// The processes of this machine as Linux lists them: who descends from whom, and which of them run author code.
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Ids of the children of this process that run author code. */
export function roomProcesses(): number[] {
  return childrenOf(process.pid).filter((id) => commandOf(id).includes("child-main"));
}

/** Children, their children, and so on. */
export function descendantsOf(id: number): number[] {
  const children = childrenOf(id);
  return children.concat(children.flatMap(descendantsOf));
}

/** Empty for a process that is gone. */
export function commandOf(id: number): string {
  return read(`/proc/${id}/cmdline`).replaceAll("\0", " ").trim();
}

function childrenOf(id: number): number[] {
  if (!existsSync(`/proc/${id}/task`)) return [];
  return readdirSync(`/proc/${id}/task`)
    .flatMap((task) => read(`/proc/${id}/task/${task}/children`).split(" "))
    .filter((child) => child !== "")
    .map(Number);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
