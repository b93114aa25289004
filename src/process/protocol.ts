// What supervisor and child say to each other over Node's IPC channel (structured clone). Text and numbers only.
// The child runs untrusted code: whatever comes from it is checked by `parseFromChild` before it is believed.
import type { CodeEntry, ImportReply, LogEntry, Plan, RoomJob, RoomUsage } from "../isolate/room-job.ts";
import type { RoomOutcome } from "../isolate/room-outcome.ts";

export interface SetupMessage {
  readonly type: "setup";
  /** Where the room's own code is kept built. */
  readonly cacheDirectory: string;
  /** Memory limit of the rooms made ahead, in MB. */
  readonly memoryMb: number;
  /** Whether a room with zod is made ahead from the start. */
  readonly zodAhead: boolean;
}

export interface RunMessage extends RoomJob {
  readonly type: "run";
  readonly runId: number;
  readonly planId: number;
  /** Sent the first time a child meets the plan. */
  readonly plan?: Plan;
  /** Code the child does not hold yet. */
  readonly code: readonly CodeEntry[];
  /** Forget all plans and code first: the child holds too much. */
  readonly reset?: boolean;
}

export interface ImportedMessage extends ImportReply {
  readonly type: "imported";
  readonly runId: number;
  readonly code?: readonly CodeEntry[];
}

export interface StopMessage {
  readonly type: "stop";
  readonly runId: number;
}

export type ToChild = SetupMessage | RunMessage | ImportedMessage | StopMessage;

export type FromChild =
  | { readonly type: "ready" }
  | { readonly type: "idle" }
  | { readonly type: "logs"; readonly runId: number; readonly entries: readonly LogEntry[] }
  | { readonly type: "import"; readonly runId: number; readonly importId: number; readonly specifier: string; readonly referrer: string }
  /** V8 would not link what an import() was answered with. JSON of {name, message, stack}. */
  | { readonly type: "unlinked"; readonly runId: number; readonly importId: number; readonly error: string }
  | { readonly type: "done"; readonly runId: number; readonly outcome: RoomOutcome; readonly usage: RoomUsage };

const LEVELS: ReadonlySet<unknown> = new Set(["debug", "info", "warn", "error"]);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isLogEntry(value: unknown): value is LogEntry {
  return (
    isRecord(value) &&
    LEVELS.has(value["level"]) &&
    Array.isArray(value["parts"]) &&
    value["parts"].every((part) => typeof part === "string") &&
    (value["data"] === undefined || typeof value["data"] === "string") &&
    isTime(value["at"])
  );
}

/** Of a Date: outside of this, writing it down throws. */
const LAST_TIME = 8.64e15;

function isTime(value: unknown): boolean {
  return typeof value === "number" && Math.abs(value) <= LAST_TIME;
}

/** The message if it has the right shape, else undefined: a child that talks nonsense is killed. */
export function parseFromChild(value: unknown): FromChild | undefined {
  if (!isRecord(value)) return undefined;
  const message = value as unknown as FromChild;
  switch (value["type"]) {
    case "ready":
    case "idle":
      return message;
    case "logs":
      return typeof value["runId"] === "number" && Array.isArray(value["entries"]) && value["entries"].every(isLogEntry) ? message : undefined;
    case "import":
      return typeof value["runId"] === "number" &&
        typeof value["importId"] === "number" &&
        typeof value["specifier"] === "string" &&
        typeof value["referrer"] === "string"
        ? message
        : undefined;
    case "unlinked":
      return typeof value["runId"] === "number" && typeof value["importId"] === "number" && isLinkError(value["error"]) ? message : undefined;
    case "done":
      return typeof value["runId"] === "number" && isUsage(value["usage"]) && isOutcome(value["outcome"]) ? message : undefined;
    default:
      return undefined;
  }
}

function isUsage(value: unknown): boolean {
  return isRecord(value) && ["wallMs", "cpuMs", "peakMemoryBytes"].every((key) => Number.isFinite(value[key]));
}

function isLinkError(text: unknown): boolean {
  try {
    const error: unknown = JSON.parse(text as string);
    return isRecord(error) && ["name", "message", "stack"].every((key) => typeof error[key] === "string");
  } catch {
    return false;
  }
}

function isOutcome(value: unknown): boolean {
  if (!isRecord(value)) return false;
  switch (value["kind"]) {
    case "answered":
      return typeof value["text"] === "string";
    case "threw":
    case "rejected-link":
      return typeof value["error"] === "string";
    case "terminated":
      if (value["limitMs"] !== undefined && !Number.isFinite(value["limitMs"])) return false;
      return value["reason"] === "wall" || value["reason"] === "cpu" || value["reason"] === "memory" || value["reason"] === "cancelled";
    default:
      return false;
  }
}
