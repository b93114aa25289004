// What is asked for, and what it is answered from.
import type { Execution, LogLine } from "../completion.ts";
import type { Limits } from "../limits.ts";
import type { RunEnd, RunRequest } from "../process/run-request.ts";
import type { Workspace } from "../snapshot/origin.ts";
import type { SnapshotId } from "../snapshot/snapshot-record.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { HandedSecrets } from "./handed-secrets.ts";
import type { AcceptedOrder, Claim } from "./ledger.ts";

export interface Order {
  /** UUIDv7. An id seen before keeps its snapshot; one that has ended is not run again. */
  readonly id: string;
  readonly workspace: Workspace;
  /** UUID, `path::export`, `path` or name. */
  readonly reference: string;
  /** JSON text. */
  readonly inputJson: string;
  /** call: run it; validate: everything but the call; describe: its parameters. */
  readonly mode: "call" | "validate" | "describe";
  readonly limits: Limits;
  /** Run on this snapshot where the id has none yet; on HEAD's where absent. */
  readonly snapshotId?: SnapshotId | undefined;
  /** How it was taken from those that wait, and what was accepted; absent where it is run for who waits right here. */
  readonly held?: Held | undefined;
  /** How long it waited before it was taken. */
  readonly queuedMs?: number | undefined;
  /** Whether another execution waits for this one: then it takes no place among those that may run at once. */
  readonly nested?: boolean | undefined;
  /** The execution that waits for this one; `chain` are the workflows from the outermost to it. */
  readonly parent?: { readonly id: string; readonly chain: readonly string[] } | undefined;
  /** Secrets that are in its hands, and grow with what it asks for; taken out of all that it gives. Shared with those that it executes. */
  readonly handed: HandedSecrets;
  readonly signal?: AbortSignal | undefined;
  readonly onLog?: ((line: LogLine) => void) | undefined;
  readonly onNestedLog?: ((line: LogLine, from: NestedOrigin) => void) | undefined;
  /** Told of each call of the host, by name; what it gives is called when it has been answered. For those who watch. */
  readonly onHostCall?: ((name: string) => (answered: { readonly ok: boolean }) => void) | undefined;
}

/** An execution that many hosts know of, in the hands of this one. */
export interface Held {
  readonly claim: Claim;
  /** Where its row is not there yet: it is made when the execution begins. */
  readonly accepted?: AcceptedOrder | undefined;
  /** Lines of attempts before this one. */
  readonly earlierLines: readonly LogLine[];
  /** Asked before the end is recorded: what to record; undefined where it has been handed back to be tried again, and so has not ended. */
  ending(execution: Execution): Promise<Execution | undefined>;
  /** Aborts where the claim no longer holds: then nothing is recorded. */
  readonly lost: AbortSignal;
}

/** Whose line it is that comes from inside of an execution. */
export interface NestedOrigin {
  readonly id: string;
  readonly parentId: string;
  /** As author code asked for it. */
  readonly reference: string;
}

/** The execution's lease on what it reads ends with it. */
export interface PinnedSnapshot extends AsyncDisposable {
  readonly snapshot: Snapshot;
  /** Version of HEAD when it was pinned; undefined for an earlier snapshot. */
  readonly version: number | undefined;
}

/** A child process, being made ready while the modules are read. Given back when it is not used. */
export interface TakenProcess extends AsyncDisposable {
  /** Rejects where none can be had: then nothing has begun, and nothing is recorded. */
  readonly ready: Promise<unknown>;
  readonly run: (request: RunRequest) => Promise<RunEnd>;
}
