// Values ↔ the JSON text that a json column keeps of them (db/text.ts says what cannot stand in one as it is).
import { originalJson, storableJson } from "../../db/text.ts";

/** null for undefined. */
export function jsonOf(value: unknown): string | null {
  return value === undefined ? null : storableJson(JSON.stringify(value));
}

/** undefined for null. */
export function valueOf(stored: string | null): unknown {
  return stored === null ? undefined : (JSON.parse(originalJson(stored)) as unknown);
}
