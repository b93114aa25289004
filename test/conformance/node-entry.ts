// Runs in a thread of plain Node: imports the entry, calls its default export, and tells how that ended.
import { format, inspect, types } from "node:util";
import { parentPort, workerData } from "node:worker_threads";
import type { Outcome } from "./fixture.ts";

const { entry, input } = workerData as { readonly entry: string; readonly input: unknown };
const logs: string[] = [];
for (const level of ["debug", "warn", "error"] as const) console[level] = (...values: unknown[]) => void logs.push(`${level}: ${format(...values)}`);
for (const level of ["log", "info"] as const) console[level] = (...values: unknown[]) => void logs.push(format(...values));

process.on("unhandledRejection", (reason) => tell({ status: "Failed", result: undefined, error: describe(reason), logs }));
process.on("uncaughtException", (thrown) => tell({ status: "Failed", result: undefined, error: describe(thrown), logs }));
try {
  const { default: run } = (await import(entry)) as { default: (input: unknown, context: unknown) => Promise<unknown> };
  const result = (await run(input, {})) ?? null;
  tell({ status: "Success", result: JSON.parse(JSON.stringify(result)) as unknown, error: undefined, logs });
} catch (thrown) {
  tell({ status: "Failed", result: undefined, error: describe(thrown), logs });
}

function tell(outcome: Outcome): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- this is a port to a thread, not a window
  parentPort?.postMessage(outcome);
  process.exit(0);
}

function describe(thrown: unknown): NonNullable<Outcome["error"]> {
  if (!types.isNativeError(thrown)) return { name: "Error", message: typeof thrown === "string" ? thrown : inspect(thrown) };
  const { name, message, cause } = thrown;
  return { name, message, ...(cause === undefined ? {} : { cause: describe(cause) }) };
}
