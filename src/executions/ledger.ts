// Port: the truth about executions that wait, run or have been asked for, shared by all hosts. Each change is one guarded
// statement: who holds an execution is told by its fence, and what carries an older fence changes nothing.
import type { Execution, ExecutionStatus, LogLine, TerminalStatus } from "../completion.ts";
import type { AskedLimits } from "../limits.ts";
import type { RetryPolicy } from "../snapshot/origin.ts";
import type { SnapshotId, WorkspaceId } from "../snapshot/snapshot-record.ts";

export type { RetryPolicy } from "../snapshot/origin.ts";

export const DEFAULT_RETRY: RetryPolicy = Object.freeze({ attempts: 3, backoffMs: 1000, idempotent: false });

/** What somebody has asked for, and is kept from then on. */
export interface AcceptedOrder {
  /** UUIDv7. */
  readonly id: string;
  readonly workspace: WorkspaceId;
  /** As the caller wrote it. */
  readonly reference: string;
  /** `path::export` that it was when it was accepted. */
  readonly workflow: string;
  /** JSON text. */
  readonly inputJson: string;
  /** Name of a token, `cli`, `schedule:<name>` … */
  readonly askedBy: string;
  /** -100 to 100; 0 where nobody said. Higher first, within its workspace. */
  readonly priority: number;
  /** RFC 3339; due at once where absent. */
  readonly dueAt?: string | undefined;
  /** In place of `dueAt`: so long after it was accepted. Told as `dueAt` from then on. */
  readonly dueInMs?: number | undefined;
  /** It ends as Failed with ERR_EXECUTOR_BUSY where it has waited for longer after it was due. */
  readonly maxWaitMs?: number | undefined;
  readonly retry: RetryPolicy;
  /** Lower than the workspace's. */
  readonly limits?: AskedLimits | undefined;
  /** Run on this snapshot, and not on the one that is HEAD when it is taken. */
  readonly snapshotId?: SnapshotId | undefined;
  readonly idempotencyKey?: string | undefined;
  /** W3C trace context of who asked. */
  readonly traceparent?: string | undefined;
}

/** Names one holding of one execution. */
export interface Claim {
  readonly id: string;
  readonly workspace: WorkspaceId;
  readonly host: string;
  /** Counts the holdings; only the highest may write. */
  readonly fence: number;
}

export interface HeldExecution extends Claim {
  /** Whether author code may have run. */
  readonly begun: boolean;
  /** Whether another execution executes it. */
  readonly nested: boolean;
}

export interface ClaimedExecution extends AcceptedOrder, Claim {
  /** 1 for the first. */
  readonly attempt: number;
  /** RFC 3339: when it was accepted. */
  readonly queuedAt: string;
  /** How long it has waited since it was due. */
  readonly queuedMs: number;
}

/** All that is known of one execution, without result and logs. */
export interface ExecutionState {
  readonly version: 1;
  readonly id: string;
  readonly parentId?: string | undefined;
  readonly workspace: WorkspaceId;
  readonly workflow: string;
  readonly status: ExecutionStatus;
  readonly askedBy: string;
  readonly priority: number;
  readonly attempt: number;
  readonly queuedAt: string;
  readonly dueAt?: string | undefined;
  /** How many are before it; only while it is Pending. */
  readonly position?: number | undefined;
  readonly startedAt?: string | undefined;
  readonly finishedAt?: string | undefined;
  readonly snapshotId?: string | undefined;
  readonly host?: string | undefined;
  /** Only of one that has ended. */
  readonly error?: Execution["error"];
  readonly usage?: Execution["usage"] | undefined;
  readonly timings?: Execution["timings"];
  readonly modules?: Execution["modules"] | undefined;
  /** JSON text; in no list. */
  readonly inputJson?: string | undefined;
}

/** A line of a list: no input, result, modules or stack; of an error its code, name and message (at most 1,000 characters). */
export type ExecutionSummary = Omit<ExecutionState, "inputJson" | "modules" | "error" | "position"> & {
  readonly error?:
    | { readonly code?: string | undefined; readonly name: string; readonly message: string; readonly userFacing?: boolean | undefined }
    | undefined;
};

export interface ExecutionFilter {
  /** `path::export`, or a path for all of its exports. */
  readonly workflow?: string | undefined;
  readonly statuses?: readonly ExecutionStatus[] | undefined;
  readonly parentId?: string | undefined;
  readonly askedBy?: string | undefined;
  /** RFC 3339, of the time it was accepted: from, and before. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** 1 to 200; 50 where absent. */
  readonly limit?: number | undefined;
  /** Opaque: `next` of the page before. */
  readonly cursor?: string | undefined;
}

/** Newest first. */
export interface ExecutionPage {
  readonly executions: readonly ExecutionSummary[];
  /** Undefined on the last page. */
  readonly next?: string | undefined;
}

/** How an execution that somebody wants cancelled stands now. */
export type CancelStep =
  /** It had not begun, and has ended as Cancelled just now or before. */
  | { readonly kind: "cancelled" }
  /** Its host is to stop it. */
  | { readonly kind: "cancelling"; readonly host: string | undefined }
  | { readonly kind: "ended"; readonly status: TerminalStatus };

/** Every method rejects with ERR_DATABASE_UNAVAILABLE where the database does not answer. Times are the database's. */
export interface Ledger {
  /**
   * Keeps the order as Pending, or as Scheduled where it is due later. An id, or an idempotency key, that the workspace has seen
   * with the same request gives that execution, `isNew` false; with another request it rejects with ERR_IDEMPOTENCY_CONFLICT.
   * Many at once travel in one statement.
   */
  accept(order: AcceptedOrder): Promise<{ readonly id: string; readonly isNew: boolean }>;
  /**
   * Makes up to `most` due executions Running under `host`, each with its fence raised by one: of the workspaces in turn (the one
   * with the fewest running first), within one by priority and age. Never more of a workspace than may run at once over all hosts.
   * Two hosts that ask at once are served one after the other.
   */
  claim(host: string, most: number): Promise<readonly ClaimedExecution[]>;
  /** Back to waiting: `counts` an attempt or, where it never began, none. False where the claim no longer holds, or it is to be cancelled. */
  handBack(claim: Claim, options: { readonly dueInMs: number; readonly counts: boolean }): Promise<boolean>;
  /** Ends what never ran: written under its claim, or where it is still waiting. False where it has ended, or somebody else holds it. */
  endUnbegun(
    claim: Pick<Claim, "id" | "workspace"> & Partial<Claim>,
    end: { readonly status: TerminalStatus; readonly error: Execution["error"] },
  ): Promise<boolean>;
  /** Undefined for an id that the workspace does not have. */
  cancel(workspace: WorkspaceId, id: string): Promise<CancelStep | undefined>;
  state(workspace: WorkspaceId, id: string): Promise<ExecutionState | undefined>;
  /** As in `state`, for whoever asks again and again: what that costs does not follow the input, or the queue. */
  status(workspace: WorkspaceId, id: string): Promise<ExecutionStatus | undefined>;
  list(workspace: WorkspaceId, filter: ExecutionFilter): Promise<ExecutionPage>;
  /** Log lines kept so far, after the one numbered `after`. */
  lines(workspace: WorkspaceId, id: string, options: { readonly after: number; readonly limit?: number | undefined }): Promise<readonly LogLine[]>;
  /** Keeps lines of an execution that still runs; those it has already stay as they are. */
  keepLines(claim: Claim, lines: readonly LogLine[]): Promise<void>;
  /** When the next waiting execution is due: milliseconds from now, 0 for at once, undefined where none waits. */
  nextDueInMs(): Promise<number | undefined>;
  /** Ends as Failed with ERR_EXECUTOR_BUSY (details.ahead) those that have waited for too long; gives their ids. */
  expire(): Promise<readonly Pick<Claim, "id" | "workspace">[]>;
  /** How many there are, by workspace and status, that have not ended. */
  depth(): Promise<readonly { readonly workspace: WorkspaceId; readonly status: ExecutionStatus; readonly count: number }[]>;

  /** Tells that the host lives. Gives which of its executions are to be cancelled. False: others took it for dead; what it holds is no longer its own. */
  beat(host: string, about: { readonly name: string; readonly slots: number }): Promise<{ readonly alive: boolean; readonly cancelling: readonly string[] }>;
  /** Hosts that hold executions or have beaten and not left, with a mark that changes at every beat. */
  hosts(): Promise<readonly { readonly id: string; readonly name: string; readonly slots: number; readonly mark: string; readonly running: number }[]>;
  leave(host: string): Promise<void>;
  /** What a host holds now, executions inside of others included. */
  held(host: string): Promise<readonly HeldExecution[]>;
  /** As `reap` does, for these alone, of a host that lives and does not have them in hand: answers that it never got left them with it. */
  abandon(host: string, ids: readonly string[]): ReturnType<Ledger["reap"]>;
  /**
   * Takes all from a host that is dead: those whose policy allows it wait again, the others end as Stuck (those being cancelled as
   * Cancelled). Safe for many at once. Gives what it ended and what waits again.
   */
  reap(host: string): Promise<{ readonly ended: readonly Pick<Claim, "id" | "workspace">[]; readonly waiting: number }>;
}
