// Ends a run that does not end by itself, each rung when the one before has had its time: author code is told (only of
// a cancellation), the child is asked (it disposes of the isolate and flushes the logs), the child is killed. Only
// SIGKILL from outside is a deadline: guest code can defeat a timeout, a dispose and even process.exit() from inside.
// First reason wins.
import { startLimit, type Limit } from "./limit-timer.ts";
import { readProcessUsage } from "./process-usage.ts";

export type StopReason = "wall" | "cpu" | "memory" | "cancelled";

/** How far it had to go. */
export type StopPhase = "signal" | "dispose" | "kill";

export interface Ladder {
  /** Why the run was stopped from outside; undefined while it was not. */
  readonly reason: StopReason | undefined;
  readonly phase: StopPhase;
  /** Largest growth of the child's resident memory seen, in bytes. */
  readonly peakGrowthBytes: number;
  /** Processor time of the whole child since the run began, when it was last looked at. */
  readonly cpuMs: number;
  /** Author code has been told of the cancellation; whether it may be listening. */
  told(listens: boolean): void;
  [Symbol.dispose](): void;
}

export interface LadderOptions {
  /** Of the process whose memory and processor time count. */
  readonly pid: number;
  /** 0 means none. */
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
  readonly signal: AbortSignal | undefined;
  /** Runs that share the process now, this one included, and what memory they may use together; 0 for none. */
  share(): { readonly runs: number; readonly memoryBytes: number };
  tell(): void;
  ask(): void;
  kill(reason: StopReason): void;
}

/** Between asking and killing; also how long a child may be late with a limit that it watches itself. */
export const GRACE_MS = 300;
/** Author code that does not hear of its cancellation within this is in a loop. */
const HEAR_MS = 100;
/** What author code that listens gets to end by itself. */
const FAREWELL_MS = 1000;
const WATCH_MS = 25;
/** Code, stacks and garbage that V8 keeps outside of the counted heap. */
const MEMORY_SLACK_BYTES = 96 * 1024 * 1024;

/** Resident growth beyond which a process is killed whose runs may use `memoryBytes` together. */
export function memoryBound(memoryBytes: number): number {
  return memoryBytes * 1.5 + MEMORY_SLACK_BYTES;
}

export function climbKillLadder(options: LadderOptions): Ladder {
  const before = readProcessUsage(options.pid);
  let reason: StopReason | undefined;
  let phase: StopPhase = "signal";
  let peakGrowthBytes = 0;
  let cpuMs = 0;
  let wasTold = false;
  let mostRuns = 1;
  let mostMemory = 0;
  let next: Limit | undefined;

  function tell(): void {
    if (reason !== undefined) return;
    reason = "cancelled";
    options.tell();
    next = startLimit(HEAR_MS, ask);
  }

  function ask(): void {
    phase = "dispose";
    options.ask();
    next = startLimit(GRACE_MS, () => kill("cancelled"));
  }

  function kill(why: StopReason): void {
    reason ??= why;
    phase = "kill";
    options.kill(reason);
  }

  function watch(): void {
    const now = readProcessUsage(options.pid);
    if (now === undefined || before === undefined) return;
    const { runs, memoryBytes } = options.share();
    mostRuns = Math.max(mostRuns, runs);
    // What a run has used is resident for a while after its end: the share of one that is left must not shrink under it.
    mostMemory = Math.max(mostMemory, memoryBytes);
    cpuMs = now.cpuMs - before.cpuMs;
    peakGrowthBytes = Math.max(peakGrowthBytes, now.residentBytes - before.residentBytes);
    if (memoryBytes > 0 && now.residentBytes - before.residentBytes > memoryBound(mostMemory)) kill("memory");
    // Of a process that several runs share, only the sum is seen from here; the child looks at each isolate.
    if (options.cpuMs > 0 && cpuMs > options.cpuMs * mostRuns + GRACE_MS) kill("cpu");
  }

  // The child keeps both limits itself; this is for the child that cannot.
  const wallTimer = options.wallMs > 0 ? startLimit(options.wallMs + GRACE_MS, () => kill("wall")) : undefined;
  const watchTimer = setInterval(watch, WATCH_MS);
  if (options.signal?.aborted === true) tell();
  else options.signal?.addEventListener("abort", tell, { once: true });

  return {
    get reason() {
      return reason;
    },
    get phase() {
      return phase;
    },
    get peakGrowthBytes() {
      return peakGrowthBytes;
    },
    get cpuMs() {
      return cpuMs;
    },
    told(listens) {
      if (reason !== "cancelled" || phase !== "signal" || wasTold) return;
      wasTold = true;
      next?.stop();
      if (listens) next = startLimit(FAREWELL_MS, ask);
      else ask();
    },
    [Symbol.dispose]() {
      wallTimer?.stop();
      next?.stop();
      clearInterval(watchTimer);
      options.signal?.removeEventListener("abort", tell);
    },
  };
}
