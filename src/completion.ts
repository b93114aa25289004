// How author code ended. Running returns one of these; it does not throw for what the author did.
import type { FaultCode } from "./errors.ts";

export const STATUSES = ["Scheduled", "Pending", "Running", "Success", "Failed", "Timeout", "Stuck", "CompletedWithErrors", "Cancelling", "Cancelled"] as const;
export type ExecutionStatus = (typeof STATUSES)[number];
export type TerminalStatus = Extract<ExecutionStatus, "Success" | "Failed" | "Timeout" | "Stuck" | "CompletedWithErrors" | "Cancelled">;

/** One author frame, mapped to the TypeScript source; line and column are 1-based. */
export interface StackFrame {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  /** Content hash of the module as this execution saw it. */
  readonly hash: string;
  readonly functionName?: string;
}

export interface ExecutionError {
  /** Absent when the author's own code threw. */
  readonly code?: FaultCode;
  readonly name: string;
  readonly message: string;
  /** As V8 prints it, with author frames mapped and without frames of ours. */
  readonly stack: string;
  readonly frames: readonly StackFrame[];
  readonly cause?: ExecutionError;
  /** True for UserError: the message is meant for the caller (B91). */
  readonly userFacing?: boolean;
  /** What the one who acts needs: candidates, expected, received, limit … */
  readonly details?: Readonly<Record<string, unknown>>;
}

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogLine {
  /** 1, 2, 3 … without gaps within an execution. */
  readonly sequence: number;
  readonly level: LogLevel;
  readonly message: string;
  /** RFC 3339 UTC. */
  readonly timestamp: string;
  /** Second argument of ctx.log.*, as JSON data. */
  readonly data?: unknown;
}

export interface Usage {
  /** From hand-over to completion. */
  readonly wallMs: number;
  /** Of the isolate. */
  readonly cpuMs: number;
  readonly peakMemoryBytes: number;
}

/** Where the time went, in milliseconds, one phase after the other; a phase that was not reached is absent. */
export interface Timings {
  /** From when it was due until a host took it; absent where nothing waited. */
  readonly queued?: number;
  /** Finding HEAD and the snapshot. */
  readonly pinned?: number;
  /** Finding the entry, reading and compiling what it imports. */
  readonly loaded?: number;
  /** Waiting for a process. */
  readonly process?: number;
  /** Making the modules one program, in the process. */
  readonly linked?: number;
  /** Author code, its modules' top level included. */
  readonly ran?: number;
}

export interface ModuleUse {
  readonly path: string;
  readonly hash: string;
}

/** The envelope: the one answer of every route. */
export interface Execution {
  readonly version: 1;
  /** UUIDv7. */
  readonly id: string;
  /** The execution that executed this one, through `workflows.execute`; absent where a caller asked for it. */
  readonly parentId?: string;
  /** `path::export` that ran. */
  readonly workflow: string;
  readonly status: TerminalStatus;
  /** Present when the workflow returned. `undefined` is null. */
  readonly result?: unknown;
  readonly error?: ExecutionError;
  readonly logs: readonly LogLine[];
  readonly usage: Usage;
  readonly timings?: Timings;
  readonly snapshotId: string;
  /** Every module that was linked, sorted by path. */
  readonly modules: readonly ModuleUse[];
  readonly startedAt: string;
  readonly finishedAt: string;
}
