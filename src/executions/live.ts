// Port: what is heard of executions while they run, from host to host. In process (in-process-live.ts) or Redis streams and
// channels (redis-live.ts); one contract suite. It is transport: what it loses is in the record at the end.
import type { LogLine } from "../completion.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { NestedOrigin } from "./order.ts";

/** A log line; `from` where it comes from an execution inside. */
export interface LiveLine {
  readonly line: LogLine;
  readonly from?: NestedOrigin | undefined;
}

/** Whoever says it holds the execution under a fence; 0 where absent. */
export interface SaidLine extends LiveLine {
  readonly fence?: number | undefined;
}

/** A line as it was appended, with where it stands: for `read` to go on after it. */
export interface PlacedLine extends LiveLine {
  readonly place: string;
  readonly fence: number;
}

/** From here on nothing counts that is said under this fence or a lower one. */
export interface PlacedClosing {
  readonly place: string;
  readonly fence: number;
  readonly line?: undefined;
}

export type Notice =
  | { readonly type: "lines" | "ended"; readonly workspace: WorkspaceId; readonly id: string }
  /** To whoever runs it. */
  | { readonly type: "cancel"; readonly workspace: WorkspaceId; readonly id: string };

export interface Live extends AsyncDisposable {
  /**
   * In order; never throws, never waits. What cannot be sent while the transport is away is kept (bounded) and sent when it is
   * back; then, or at once, "lines" is announced. A line may arrive twice, and be missing: its number tells.
   */
  append(workspace: WorkspaceId, id: string, line: SaidLine): void;
  /** What is said from now on under this fence, or a lower one, does not count. Resolves when that stands, or cannot. Never rejects. */
  close(workspace: WorkspaceId, id: string, fence: number): Promise<void>;
  /** Resolves when all that was appended to it has been sent, or cannot be. Never rejects. */
  flushed(workspace: WorkspaceId, id: string): Promise<void>;
  /** The next lines after a place, own and nested ones; "" for the beginning. Empty where there is none yet, or the transport is away. */
  read(workspace: WorkspaceId, id: string, after: string): Promise<readonly (PlacedLine | PlacedClosing)[]>;
  /** To every host, this one included; best effort, never rejects. */
  announce(notice: Notice): Promise<void>;
  /** Called in the order in which one host announced, and once with "resumed" after the transport was away: then anything may have been missed. */
  listen(listener: (notice: Notice | { readonly type: "resumed" }) => void): Disposable;
  /** Its lines are in the record: they may go, after a while for those who still read. */
  drop(workspace: WorkspaceId, id: string): void;
}
