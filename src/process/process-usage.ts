// What another process uses right now. Linux only (/proc); elsewhere undefined, and the child's own watch stands alone.
import { readFileSync } from "node:fs";

export interface ProcessUsage {
  readonly residentBytes: number;
  /** User and system time of all its threads, in steps of 10 ms. */
  readonly cpuMs: number;
}

/** The kernel tells user space in hundredths of a second on every platform that Node runs on. */
const TICK_MS = 10;
/** Pages differ between platforms; Node knows its own resident size in bytes, and the kernel tells it in pages. */
let pageBytes: number | undefined;

export function readProcessUsage(pid: number): ProcessUsage | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    // proc(5): the second field is the name in parentheses and may itself hold spaces; utime and stime are 14 and 15, rss is 24.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, residentBytes: Number(fields[21]) * (pageBytes ??= measurePage()) };
  } catch {
    return undefined;
  }
}

function measurePage(): number {
  const pages = Number(readFileSync("/proc/self/statm", "latin1").split(" ")[1]);
  return 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages));
}
