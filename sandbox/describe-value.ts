// One line about a value for an error message: short, and it cannot throw whatever the value is.
import { isArray, sliceText, stringifyJson } from "./intrinsics.ts";
import { inspect } from "./inspect.ts";

const MAX_CHARACTERS = 200;

/** The value as Node's console shows it. */
export function describeValue(value: unknown): string {
  try {
    return inspect(value);
  } catch {
    return describeReceived(value);
  }
}

/** Kind and, for a primitive, the value: `string "abc"`, `number -1`, `array`, `undefined`. */
export function describeReceived(value: unknown): string {
  if (typeof value === "string") return `string ${shorten(stringifyJson(value))}`;
  if (typeof value === "number" || typeof value === "boolean") return `${typeof value} ${value}`;
  if (typeof value === "bigint") return `bigint ${value}n`;
  return kindOf(value);
}

/** typeof, with null and array told apart. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  return isArrayValue(value) ? "array" : typeof value;
}

function isArrayValue(value: unknown): boolean {
  try {
    return isArray(value);
  } catch {
    return false;
  }
}

function shorten(text: string): string {
  return text.length > MAX_CHARACTERS ? `${sliceText(text, 0, MAX_CHARACTERS)}…` : text;
}
