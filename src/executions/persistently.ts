// What must be written is written, however long the database is away: an execution that was accepted has an end, and the
// end is not lost with the connection.
import { setTimeout } from "node:timers/promises";
import { Fault } from "../errors.ts";

export interface PersistentOptions {
  /** Its abort gives up: somebody else sees to it. */
  readonly signal: AbortSignal;
  readonly log?: ((message: string) => void) | undefined;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** Resolves or rejects as `act` does, but for ERR_DATABASE_UNAVAILABLE: that is tried again until the signal aborts. `act` must be safe to repeat. */
export async function persistently<Value>(act: () => Promise<Value>, { signal, log }: PersistentOptions): Promise<Value> {
  for (let pauseMs = FIRST_PAUSE_MS, told = false; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "ERR_DATABASE_UNAVAILABLE" || signal.aborted) throw error;
      if (!told) log?.(`What an execution came to cannot be written yet, and is tried again: ${error.message}`);
      told = true;
      // A pause that is cut short goes round once more, and then out.
      await setTimeout(pauseMs, undefined, { signal }).catch(() => {});
    }
  }
}
