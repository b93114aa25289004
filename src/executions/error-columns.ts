// An error as it is stored: whole, and as much of it as a list shows.
import type { Execution } from "../completion.ts";
import type { ExecutionSummary } from "./ledger.ts";
import { jsonOf } from "./stored-json.ts";

const MOST_LETTERS = 1000;

export function errorColumns(error: Execution["error"]): { readonly error: string | null; readonly error_summary: string | null } {
  return { error: jsonOf(error), error_summary: jsonOf(summaryOf(error)) };
}

export function summaryOf(error: Execution["error"]): ExecutionSummary["error"] {
  if (error === undefined) return undefined;
  const { code, name, message, userFacing } = error;
  return { ...(code === undefined ? undefined : { code }), name: cut(name), message: cut(message), ...(userFacing === true ? { userFacing } : undefined) };
}

/** Not through the middle of a letter. */
function cut(text: string): string {
  if (text.length <= MOST_LETTERS) return text;
  const end = /[\uD800-\uDBFF]/u.test(text[MOST_LETTERS - 1] ?? "") ? MOST_LETTERS - 1 : MOST_LETTERS;
  return text.slice(0, end);
}
