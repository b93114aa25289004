// Port: what is kept of every execution. SQL (database-records.ts) or memory (memory-records.ts); one contract suite.
import type { Execution, TerminalStatus } from "../completion.ts";
import type { SnapshotId, WorkspaceId } from "../snapshot/snapshot-record.ts";

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
}

export interface StoredExecution extends ExecutionStart {
  readonly status: "Running" | TerminalStatus;
  /** The whole envelope; undefined while it runs. */
  readonly execution: Execution | undefined;
}

export interface ExecutionRecords {
  /**
   * Inserts the row as Running, or returns the one that this id already has: a retry or redelivery keeps its
   * snapshot (B20), and one that has ended is not run again (B92).
   */
  begin(start: ExecutionStart): Promise<StoredExecution>;
  /** Writes the one terminal state with logs; false when there is one already. */
  end(workspace: WorkspaceId, execution: Execution): Promise<boolean>;
  get(workspace: WorkspaceId, id: string): Promise<StoredExecution | undefined>;
}
