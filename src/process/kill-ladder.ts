// Ends a run that does not end by itself. The child is asked first (it stops the isolate and flushes the logs); what
// does not answer within the grace is killed: only SIGKILL from outside is a deadline, because guest code can defeat
// a timeout, a dispose and even process.exit() from inside. First reason wins.
import { startDeadline } from "../isolate/deadline.ts";
import { readProcessUsage } from "./process-usage.ts";

export type StopReason = "wall" | "cpu" | "memory" | "cancelled";

export interface Ladder {
  /** Why the run was stopped from outside; undefined while it was not. */
  readonly reason: StopReason | undefined;
  /** Largest growth of the child's resident memory seen, in bytes. */
  readonly peakGrowthBytes: number;
  /** Processor time of the whole child when it was last looked at. */
  readonly cpuMs: number;
  stop(reason: StopReason): void;
  [Symbol.dispose](): void;
}

export interface LadderOptions {
  readonly pid: number;
  /** 0 means none. */
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly signal: AbortSignal | undefined;
  ask(): void;
  kill(): void;
}

/** Between asking and killing; also how long a child may be late with a limit that it watches itself. */
export const GRACE_MS = 300;
const WATCH_MS = 25;
/** Code, stacks and garbage that V8 keeps outside of the counted heap. */
const MEMORY_SLACK_BYTES = 96 * 1024 * 1024;

export function climbKillLadder(options: LadderOptions): Ladder {
  const before = readProcessUsage(options.pid);
  let reason: StopReason | undefined;
  let peakGrowthBytes = 0;
  let cpuMs = 0;
  let killTimer: NodeJS.Timeout | undefined;

  function stop(why: StopReason, how: "ask" | "kill" = "ask"): void {
    if (reason !== undefined) return;
    reason = why;
    if (how === "kill") return options.kill();
    options.ask();
    killTimer = setTimeout(() => options.kill(), GRACE_MS);
  }

  function watch(): void {
    const now = readProcessUsage(options.pid);
    if (now === undefined || before === undefined) return;
    cpuMs = now.cpuMs - before.cpuMs;
    peakGrowthBytes = Math.max(peakGrowthBytes, now.residentBytes - before.residentBytes);
    if (options.memoryBytes > 0 && peakGrowthBytes > options.memoryBytes * 1.5 + MEMORY_SLACK_BYTES) stop("memory", "kill");
    if (options.cpuMs > 0 && cpuMs > options.cpuMs + GRACE_MS) stop("cpu", "kill");
  }

  // The child keeps both limits itself; this is for the child that cannot.
  const wallTimer = options.wallMs > 0 ? startDeadline(options.wallMs + GRACE_MS, () => stop("wall", "kill")) : undefined;
  const watchTimer = setInterval(watch, WATCH_MS);
  const onAbort = (): void => stop("cancelled");
  if (options.signal?.aborted === true) onAbort();
  else options.signal?.addEventListener("abort", onAbort, { once: true });

  return {
    get reason() {
      return reason;
    },
    get peakGrowthBytes() {
      return peakGrowthBytes;
    },
    get cpuMs() {
      return cpuMs;
    },
    stop,
    [Symbol.dispose]() {
      clearTimeout(wallTimer);
      clearTimeout(killTimer);
      clearInterval(watchTimer);
      options.signal?.removeEventListener("abort", onAbort);
    },
  };
}
