// Where the time of one execution goes: each phase ends where the next begins. By the host's monotonic clock.
import type { Timings } from "../completion.ts";

type Phase = Exclude<keyof Timings, "queued" | "linked" | "ran">;

export interface Phases {
  /** Ends the phase that is under way. */
  reached(phase: Phase): void;
  readonly timings: Timings;
}

export function startPhases(queuedMs: number | undefined): Phases {
  const timings: { -readonly [K in keyof Timings]: Timings[K] } = queuedMs === undefined ? {} : { queued: queuedMs };
  let last = performance.now();
  return {
    timings,
    reached(phase) {
      const now = performance.now();
      timings[phase] = round(now - last);
      last = now;
    },
  };
}

/** What the child measured: the time until its modules were linked, and the time from then on. */
export function roomTimings({ wallMs, linkedMs }: { readonly wallMs: number; readonly linkedMs?: number | undefined }): Timings {
  return linkedMs === undefined ? {} : { linked: round(linkedMs), ran: round(Math.max(0, wallMs - linkedMs)) };
}

/** Microseconds are noise that the record need not keep. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
