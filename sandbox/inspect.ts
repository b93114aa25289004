// Node's own inspection of values (a library that carries it without Node), evaluated when it is first needed.
import { apply, createList, push } from "./intrinsics.ts";

interface Inspection {
  inspect(value: unknown, options?: Record<string, unknown>): string;
  formatWithOptions(options: Record<string, unknown>, ...values: unknown[]): string;
}

declare function require(name: string): unknown;

let loaded: Inspection | undefined;

function inspection(): Inspection {
  return (loaded ??= require("node-inspect-extracted") as Inspection);
}

export function inspect(value: unknown, options?: Record<string, unknown>): string {
  return textOnly(inspection().inspect(value, options));
}

/** As Node's `util.formatWithOptions`: `%s %d %i %f %j %o %O %c`, then the rest inspected. */
export function formatWithOptions(options: Record<string, unknown>, values: readonly unknown[]): string {
  const given = createList<unknown>();
  push(given, options);
  for (let index = 0; index < values.length; index++) push(given, values[index]);
  return textOnly(apply(inspection().formatWithOptions, undefined, given as [Record<string, unknown>]));
}

/** The library calls methods that author code may have replaced, and then gives anything. */
export function textOnly(text: unknown): string {
  return typeof text === "string" ? text : "";
}
