// The processes of this machine as Linux lists them: who descends from whom, which of them run author code, and what they hold.
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Ids of the processes that run author code for a host: Node itself, not what it is wrapped in. */
export function roomProcesses(host = process.pid): number[] {
  return descendantsOf(host).filter((id) => commandOf(id).startsWith(process.execPath) && commandOf(id).includes("child-main"));
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

/** What each open descriptor of a process leads to. */
export function descriptorsOf(id: number): string[] {
  return readdirSync(`/proc/${id}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${id}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** Inodes of this machine's network sockets. */
export function networkSockets(): Set<string> {
  const lines = ["tcp", "tcp6", "udp", "udp6"].flatMap((name) =>
    existsSync(`/proc/net/${name}`) ? readFileSync(`/proc/net/${name}`, "utf8").split("\n").slice(1) : [],
  );
  return new Set(lines.map((line) => `socket:[${line.trim().split(/\s+/)[9]}]`));
}

function childrenOf(id: number): number[] {
  return tasksOf(id)
    .flatMap((task) => read(`/proc/${id}/task/${task}/children`).split(" "))
    .filter((child) => child !== "")
    .map(Number);
}

/** None of a process that is gone, or of any where there is no /proc. */
function tasksOf(id: number): string[] {
  try {
    return readdirSync(`/proc/${id}/task`);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
