// Port: what is kept of every execution. SQL (database-records.ts) or memory (memory-records.ts); one contract suite.
import type { Execution, ExecutionStatus, Timings } from "../completion.ts";
import type { SnapshotId, WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { AcceptedOrder, Claim } from "./ledger.ts";

export interface ExecutionStart {
  /** UUIDv7. */
  readonly id: string;
  readonly workspace: WorkspaceId;
  /** `path::export`. */
  readonly workflow: string;
  readonly snapshotId: SnapshotId;
  /** JSON text as the caller gave it. */
  readonly inputJson: string;
  readonly startedAt: string;
  /** The execution that this one was executed by. */
  readonly parentId?: string | undefined;
  /** By which it was taken from the ledger: the row is there. */
  readonly claim?: Claim | undefined;
  /** What was asked for, where it is run without having waited: the row is made, held under `claim`, whose fence is 1. */
  readonly accepted?: AcceptedOrder | undefined;
}

export interface StoredExecution extends Omit<ExecutionStart, "snapshotId" | "startedAt" | "claim" | "accepted"> {
  readonly status: ExecutionStatus;
  /** Undefined where it has not begun. */
  readonly snapshotId?: SnapshotId | undefined;
  readonly startedAt?: string | undefined;
  /** The whole envelope; undefined while it has not ended. One that ended before it began has no modules, no usage, and an empty snapshot id. */
  readonly execution: Execution | undefined;
}

/** What the record says of what began: of an id seen before, the time and the snapshot of then. */
export type BegunExecution = StoredExecution & { readonly startedAt: string };

export interface EndOptions {
  readonly claim?: Claim | undefined;
  /** Those of the envelope where absent. */
  readonly timings?: Timings | undefined;
  /** What is kept of the input from now on; what was kept of it before where absent. */
  readonly inputJson?: string | undefined;
}

export interface ExecutionRecords {
  /**
   * Without claim: inserts the row as Running, or returns the one that this id already has: a redelivery keeps its
   * snapshot (B20), and one that has ended is not run again (B92).
   * With a claim: writes what it begins with into the row; the snapshot of an earlier attempt stays (B20). Rejects with
   * ERR_EXECUTION_ENDED (details.reason "claim lost") where the claim no longer holds; begun twice under one claim it is begun once.
   * With `accepted`: inserts the row; rejects with ERR_IDEMPOTENCY_CONFLICT where its id or its idempotency key is taken, also by the same
   * request, and with "claim lost" where others took the host for dead.
   * Many at once travel in one statement.
   */
  begin(start: ExecutionStart): Promise<BegunExecution>;
  /**
   * Writes the one terminal state with logs; false when there is one already, or the claim no longer holds. Many at once travel in
   * one transaction.
   */
  end(workspace: WorkspaceId, execution: Execution, options?: EndOptions): Promise<boolean>;
  get(workspace: WorkspaceId, id: string): Promise<StoredExecution | undefined>;
}
