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

/** Ends the run from inside the child, author code or not. */
export interface StopMessage {
  readonly type: "stop";
  readonly runId: number;
}

/** Tells author code, which may then end by itself. */
export interface CancelMessage {
  readonly type: "cancel";
  readonly runId: number;
}

/** Answer to a host call. Where it is not ok, `text` is JSON of {name, message, code?}. */
export interface AnsweredMessage {
  readonly type: "answered";
  readonly runId: number;
  readonly callId: number;
  readonly ok: boolean;
  readonly text: string;
}

export type ToChild = SetupMessage | RunMessage | ImportedMessage | StopMessage | CancelMessage | AnsweredMessage;

export type FromChild =
  | { readonly type: "ready" }
  /** A room did what its own code never does. */
  | { readonly type: "defect"; readonly message: string }
  | FromRun;

/** What concerns one run. */
export type FromRun =
  /** What the run used up is replaced. */
  | { readonly type: "clean"; readonly runId: number }
  /** Author code has been told of the cancellation. `listens`: it may have asked to be. */
  | { readonly type: "cancelling"; readonly runId: number; readonly listens: boolean }
  | { readonly type: "call"; readonly runId: number; readonly callId: number; readonly name: string; readonly argument: string }
  | { readonly type: "logs"; readonly runId: number; readonly entries: readonly LogEntry[] }
  | { readonly type: "import"; readonly runId: number; readonly importId: number; readonly specifier: string; readonly referrer: string }
  /** V8 would not link what an import() was answered with. JSON of {name, message, stack}. */
  | { readonly type: "unlinked"; readonly runId: number; readonly importId: number; readonly error: string }
  | { readonly type: "done"; readonly runId: number; readonly outcome: RoomOutcome; readonly usage: RoomUsage };

const EXCEEDABLE: ReadonlySet<unknown> = new Set(["pendingCalls", "totalCalls", "resultBytes"]);
const LEVELS: ReadonlySet<unknown> = new Set(["debug", "info", "warn", "error"]);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** More than a child of ours sends in one message. */
const MAX_ENTRIES = 10_000;
const MAX_PARTS = 1_000_000;

/** The channel carries lists with holes, and lists whose length costs their sender nothing. */
function isListOf(value: unknown, most: number, check: (item: unknown) => boolean): boolean {
  if (!Array.isArray(value) || value.length > most) return false;
  for (const item of value as readonly unknown[]) if (!check(item)) return false;
  return true;
}

function isLogEntry(value: unknown): value is LogEntry {
  return (
    isRecord(value) &&
    LEVELS.has(value["level"]) &&
    isListOf(value["parts"], MAX_PARTS, (part) => typeof part === "string") &&
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
  if (value["type"] === "ready") return message;
  if (value["type"] === "defect") return typeof value["message"] === "string" ? message : undefined;
  return typeof value["runId"] === "number" && isRunNews(value) ? message : undefined;
}

function isRunNews(value: Record<string, unknown>): boolean {
  switch (value["type"]) {
    case "clean":
      return true;
    case "cancelling":
      return typeof value["listens"] === "boolean";
    case "logs":
      return isListOf(value["entries"], MAX_ENTRIES, isLogEntry);
    case "call":
      return typeof value["callId"] === "number" && typeof value["name"] === "string" && typeof value["argument"] === "string";
    case "import":
      return typeof value["importId"] === "number" && typeof value["specifier"] === "string" && typeof value["referrer"] === "string";
    case "unlinked":
      return typeof value["importId"] === "number" && isLinkError(value["error"]);
    case "done":
      return isUsage(value["usage"]) && isOutcome(value["outcome"]);
    default:
      return false;
  }
}

function isUsage(value: unknown): boolean {
  if (!isRecord(value) || (value["linkedMs"] !== undefined && !Number.isFinite(value["linkedMs"]))) return false;
  return ["wallMs", "cpuMs", "peakMemoryBytes"].every((key) => Number.isFinite(value[key]));
}

function isLinkError(text: unknown): boolean {
  if (typeof text !== "string") return false;
  try {
    const error: unknown = JSON.parse(text);
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
    case "exceeded":
      return EXCEEDABLE.has(value["limit"]) && Number.isFinite(value["amount"]);
    case "terminated":
      if (value["limitMs"] !== undefined && !Number.isFinite(value["limitMs"])) return false;
      return value["reason"] === "wall" || value["reason"] === "cpu" || value["reason"] === "memory" || value["reason"] === "cancelled";
    default:
      return false;
  }
}
