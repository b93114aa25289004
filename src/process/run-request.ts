// What a child process is asked to run, and how that can end, as the rest of the supervisor sees it.
import type { CapabilityAnswer } from "../isolate/capabilities.ts";
import type { ImportReply, LogEntry, Plan, RoomJob, RoomUsage } from "../isolate/room-job.ts";
import type { LinkError, RoomOutcome } from "../isolate/room-outcome.ts";
import type { StopPhase, StopReason } from "./kill-ladder.ts";

export interface RunRequest extends RoomJob {
  readonly plan: Plan;
  /** Code of the plan's modules by key; asked for only what the child lacks. */
  code(key: string): string;
  readonly signal?: AbortSignal | undefined;
  onLogs(entries: readonly LogEntry[]): void;
  /** Answers a dynamic import; must not reject. */
  onImport(specifier: string, referrer: string): Promise<ImportAnswer>;
  /** Answers a host call; must not reject. */
  onCall(name: string, argument: string): Promise<CapabilityAnswer>;
}

export type ImportFailure = { readonly kind: "failure"; readonly failure: NonNullable<ImportReply["failure"]> };

export type ImportAnswer =
  /** `explain` says what the author is told where V8 will not link it. */
  | {
      readonly kind: "module";
      readonly plan: Plan;
      readonly zod: boolean;
      code(key: string): string;
      explain(error: LinkError): ImportFailure;
    }
  | { readonly kind: "sdk" }
  | ImportFailure;

export type RunEnd =
  | { readonly kind: "outcome"; readonly outcome: RoomOutcome; readonly usage: RoomUsage }
  /** From outside; `phase` says how far that had to go. */
  | { readonly kind: "stopped"; readonly reason: StopReason; readonly phase: StopPhase; readonly usage: RoomUsage }
  | {
      readonly kind: "crashed";
      readonly exitCode: number | null;
      readonly signal: string | null;
      readonly lastWords: string;
      /** Why another run that shared the process had it killed. */
      readonly because?: StopReason | undefined;
      readonly usage: RoomUsage;
    };
