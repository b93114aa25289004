// One host of the service: what RPC and executor hosts stand on. Over servers it shares the work with others; embedded it
// is alone. What a caller may do with a workspace is the same on every host.
import type { Execution } from "./completion.ts";
import type { ExecutionFilter, ExecutionPage, ExecutionState } from "./executions/ledger.ts";
import type { LiveLine } from "./executions/live.ts";
import type { Cancellation } from "./executions/running.ts";
import type { Executor } from "./executor.ts";
import type { AskedLimits } from "./limits.ts";

/** What a caller asks to have executed. */
export interface Submission {
  /** UUID, `path::export`, `path` or name. */
  readonly reference: string;
  /** JSON text. */
  readonly inputJson: string;
  /** Who asks: name of a token, `cli`, `schedule:<name>`. */
  readonly askedBy: string;
  /** UUIDv7; made where absent. */
  readonly id?: string | undefined;
  /** 1 to 200 characters: the same request with the same key is one execution. */
  readonly idempotencyKey?: string | undefined;
  /** -100 to 100, 0 where absent; higher first, within the workspace. */
  readonly priority?: number | undefined;
  /** RFC 3339; at once where absent. */
  readonly dueAt?: string | undefined;
  /** In place of `dueAt`: so long after it is kept, by the clock that it is kept by. */
  readonly delayMs?: number | undefined;
  /** Ends as Failed with ERR_EXECUTOR_BUSY where no host had room within this time. */
  readonly maxWaitMs?: number | undefined;
  /** False: one attempt, as for those who wait, whatever the author says of retries. */
  readonly retry?: boolean | undefined;
  /** Only lower than the workspace's; ERR_INPUT_INVALID otherwise. */
  readonly limits?: AskedLimits | undefined;
  /** Run on an earlier snapshot: that of a past execution runs exactly its code. */
  readonly snapshotId?: string | undefined;
  /** W3C trace context. */
  readonly traceparent?: string | undefined;
}

export interface WaitOptions {
  /** How long to wait for the end; without limit where absent. */
  readonly waitMs?: number | undefined;
  /** Whose abort ends the waiting, and not the execution. */
  readonly signal?: AbortSignal | undefined;
}

export interface LinesOptions {
  readonly after?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** False: only those that have come already. */
  readonly wait?: boolean | undefined;
}

/** One workspace, over all hosts. */
export interface HostedWorkspace {
  /** Files, executables, dry runs: what needs no other host. */
  readonly executor: Executor;
  /** Keeps it, and returns: it will have exactly one end. Rejects where the reference does not resolve. */
  submit(submission: Submission): Promise<ExecutionState>;
  /** As `submit`, and waits for the end: the envelope; where it has not ended within `waitMs`, how it stands. */
  execute(submission: Submission, options?: WaitOptions): Promise<Execution | ExecutionState>;
  /** Everything but the call. Nothing is recorded. */
  validate(submission: Pick<Submission, "reference" | "inputJson" | "limits" | "snapshotId">): Promise<Execution>;
  /** Rejects with ERR_EXECUTION_NOT_FOUND, as all that take an id. */
  state(id: string): Promise<ExecutionState>;
  result(id: string, options?: WaitOptions): Promise<Execution | ExecutionState>;
  list(filter?: ExecutionFilter): Promise<ExecutionPage>;
  /** Resolves when it has ended as cancelled. Rejects with ERR_EXECUTION_ENDED where it came to another end. */
  cancel(id: string): Promise<Cancellation>;
  /** Lines after the one numbered `after`: as they come until it ends or the signal aborts, or from the record. Lines from inside (`from`) are not numbered with them. */
  lines(id: string, options?: LinesOptions): AsyncIterable<LiveLine>;
}

export interface Readiness {
  readonly ready: boolean;
  /** One line each: what was looked at, and what is wrong with it. */
  readonly checks: readonly { readonly name: "database" | "redis" | "draining"; readonly ok: boolean; readonly message?: string | undefined }[];
}

/** Disposing of it drains first, for as long as it was told. */
export interface Host extends AsyncDisposable {
  /** UUID of this process in the ledger. */
  readonly id: string;
  /** By name. Rejects with ERR_WORKFLOW_NOT_FOUND where there is none. */
  workspace(name: string, options?: { readonly create?: boolean | undefined }): Promise<HostedWorkspace>;
  /** Names, sorted. */
  workspaces(): Promise<readonly string[]>;
  readiness(): Promise<Readiness>;
  /** Takes nothing more; resolves when what runs has ended, or after `timeoutMs` has been handed back or stopped. */
  drain(timeoutMs: number): Promise<void>;
}

/** Whether what `execute` and `result` gave is the end. */
export function hasEnded(answer: Execution | ExecutionState): answer is Execution {
  return "logs" in answer;
}
