// The `ctx` of an execution: who it is, and its log.
import type { Level, WriteLine } from "../console.ts";
import { formatParts } from "../format.ts";
import type { ContextFacts } from "../host.d.ts";
import { freeze, isError } from "../intrinsics.ts";
import { dataText } from "./log-data.ts";

export type Log = Readonly<Record<Level, (message: unknown, data?: unknown) => void>>;

export interface Context extends ContextFacts {
  readonly log: Log;
  readonly signal: object;
}

export interface ContextPowers {
  readonly write: WriteLine;
  /** Makes the signal when it is first asked for. */
  readonly signal: () => object;
}

export function createContext(facts: ContextFacts, { write, signal }: ContextPowers): Context {
  return freeze({
    log: createLog(write),
    executionId: facts.executionId,
    workflow: facts.workflow,
    workspace: facts.workspace,
    get signal() {
      return signal();
    },
  });
}

function createLog(write: WriteLine): Log {
  const at =
    (level: Level) =>
    (message: unknown, data?: unknown): void =>
      // An error given as data is shown with its stack too, as the console does.
      write(level, () => messageParts(message, data), data === undefined ? undefined : () => dataText(data));
  return freeze({ debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") });
}

function messageParts(message: unknown, data: unknown): readonly string[] {
  if (isError(data)) return formatParts(typeof message === "string" ? ["%s", message, data] : [message, data]);
  return formatParts([message]);
}
