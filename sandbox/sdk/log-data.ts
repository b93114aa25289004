// The second argument of ctx.log.* as JSON text. Logging never fails: what JSON cannot hold is shown as text.
import { describeValue } from "../describe-value.ts";
import { errorSummary } from "../errors.ts";
import { isError, isInstance, RealmMap, RealmSet, stringifyJson } from "../intrinsics.ts";
import { quote } from "../json-text.ts";

export function dataText(data: unknown): string {
  try {
    const text: unknown = stringifyJson(data, (_key: string, value: unknown) => convert(value));
    return typeof text === "string" ? text : "null";
  } catch {
    return quote(describeValue(data));
  }
}

function convert(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function" || typeof value === "symbol" || isError(value) || isInstance(RealmMap, value) || isInstance(RealmSet, value))
    return isError(value) ? errorSummary(value) : describeValue(value);
  return value;
}
