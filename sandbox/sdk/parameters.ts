// An executable's parameters as JSON Schema text, or why there is none.
import { errorSummary } from "../errors.ts";
import { stringifyJson } from "../intrinsics.ts";
import type { Schema } from "./input.ts";

/** zod's own conversion. */
export type ToJsonSchema = (schema: object, options: object) => unknown;

/** What a caller may send, so defaults are optional; a type JSON has no word for becomes "anything". */
const OPTIONS = { io: "input", unrepresentable: "any" };

export function parametersOf(schema: Schema | undefined, toJsonSchema: ToJsonSchema | undefined): { readonly parameters?: string; readonly reason?: string } {
  if (schema === undefined) return {};
  if (!("_zod" in schema)) return { reason: "params is not a zod 4 schema, so its JSON Schema is not known" };
  if (toJsonSchema === undefined) return { reason: "zod was not loaded into the room" };
  try {
    return { parameters: stringifyJson(toJsonSchema(schema, OPTIONS)) };
  } catch (error) {
    return { reason: errorSummary(error) };
  }
}
