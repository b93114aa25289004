// The sign that an execution lives, renewed while it does and gone when it ends, crashes (its time runs out) or is
// killed (B31). `Snapshots.pin` has taken it already; this keeps it.
import { noNote } from "./note.ts";
import type { Note } from "./note.ts";
import type { WorkspaceId } from "./snapshot-record.ts";
import type { Lease, SnapshotStore } from "./store.ts";

/** Renews every third of `ttlMs`. An outage after the pin must not fail the run (B28): it is noted, and that is all. */
export function holdLease(
  store: SnapshotStore,
  workspace: WorkspaceId,
  { executionId, ttlMs, note = noNote }: Lease & { readonly note?: Note },
): AsyncDisposable {
  let last: Promise<void> = Promise.resolve();
  let renewing = false;

  async function tolerant(what: string, call: () => Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      note(`The lease of execution ${executionId} was not ${what}. ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  const timer = setInterval(() => {
    if (renewing) return;
    renewing = true;
    last = tolerant("renewed", () => store.renewLease(workspace, { executionId, ttlMs })).finally(() => (renewing = false));
  }, ttlMs / 3);
  timer.unref();

  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      // A renewal that is under way would take the lease again after its release.
      await last;
      await tolerant("released", () => store.releaseLease(workspace, executionId));
    },
  };
}
