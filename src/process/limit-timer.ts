// A timer that judges a child. A supervisor that was busy itself may find the child's answer waiting in the pipe: that is
// read first, and only then is the child judged.
import { MAX_DELAY_MS } from "../isolate/deadline.ts";

export interface Limit {
  stop(): void;
}

/** A timer that comes so much too late says that the supervisor stood still. */
const LATE_MS = 100;
/** What it then gets for reading: more than one turn of the event loop, where the answer is long. */
const READING_MS = 100;

/**
 * Calls `end` after `milliseconds`, unless it is stopped before, be it by what is read in the last moment. Never for more
 * than a timer can count. Keeps no process alive.
 */
export function startLimit(milliseconds: number, end: () => void): Limit {
  if (milliseconds > MAX_DELAY_MS) return { stop: () => undefined };
  const due = performance.now() + milliseconds;
  let stopped = false;
  let timer = setTimeout(() => {
    if (performance.now() - due > LATE_MS) timer = setTimeout(judge, READING_MS).unref();
    else setImmediate(judge);
  }, milliseconds).unref();

  function judge(): void {
    if (!stopped) end();
  }

  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
