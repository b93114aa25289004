// The event stream of --jsonl: one JSON object a line. Each run gives one "started", its logs, those of what it executes
// as "nested-log", and one "finished" that carries the execution, or the error where no execution began.
import type { Execution, LogLine } from "../completion.ts";
import { visibleJson } from "./terminal.ts";

export type RunEvent =
  | { readonly type: "started"; readonly reference: string; readonly workspace: string; readonly timestamp: string }
  | ({ readonly type: "log" } & LogLine)
  | ({ readonly type: "nested-log"; readonly executionId: string; readonly parentId: string; readonly reference: string } & LogLine)
  | { readonly type: "finished"; readonly execution: Execution };

export function eventText(event: RunEvent): string {
  return `${visibleJson(JSON.stringify({ version: 1, ...event }))}\n`;
}
