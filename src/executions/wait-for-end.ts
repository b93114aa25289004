// Waits until an execution has ended, on whichever host it runs: hears notices, and looks by itself as well. While the
// database does not answer it waits on: an end is one that is recorded.
import type { ExecutionStatus } from "../completion.ts";
import { isEnded } from "./is-ended.ts";
import type { Ledger } from "./ledger.ts";
import { LiveWake } from "./live-wake.ts";
import type { LiveWatch } from "./live-watch.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";

export interface WaitParts {
  readonly ledger: Pick<Ledger, "status">;
  readonly watch: LiveWatch;
}

export interface Awaited {
  readonly workspace: WorkspaceId;
  readonly id: string;
  /** Without limit where absent; 0 looks once. */
  readonly waitMs?: number | undefined;
  /** Whose abort ends the waiting, and not the execution. */
  readonly signal?: AbortSignal | undefined;
}

const LOOK_EVERY_MS = 1000;

/**
 * How it stands when it has ended, when the time is over or when the signal aborts: see `isEnded`. Undefined for an id that the
 * workspace does not have. Rejects with what the database's silence is called only where it never answered in all that time.
 */
export async function waitForEnd({ ledger, watch }: WaitParts, { workspace, id, waitMs, signal }: Awaited): Promise<ExecutionStatus | undefined> {
  const giveUpAt = waitMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + waitMs;
  const woken = new LiveWake();
  // Lines say nothing of an end.
  using _heard = watch.on(id, (what) => {
    if (what === "ended" || what === "resumed") woken.wake();
  });
  for (let seen: ExecutionStatus | undefined; ;) {
    let silence: unknown;
    try {
      seen = await ledger.status(workspace, id);
      if (seen === undefined || isEnded(seen)) return seen;
    } catch (error) {
      silence = error;
    }
    const left = giveUpAt - performance.now();
    if (left <= 0 || signal?.aborted === true) {
      if (seen === undefined) throw silence;
      return seen;
    }
    await woken.wait(Math.min(LOOK_EVERY_MS, left), signal);
  }
}
