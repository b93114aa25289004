// A length of time as authors write it: milliseconds, or a number with a unit.
import { describeReceived } from "../describe-value.ts";
import { execPattern, isFinite, min, RealmTypeError, toNumber } from "../intrinsics.ts";

/** What is longer than any run; a text of four hundred digits would be Infinity. */
const LONGEST = 2 ** 53;
const SHAPE = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/** Where it stands, for messages: the SDK function, its option, and what in the option it is. */
export interface DurationPlace {
  readonly title: string;
  readonly option: string;
  readonly place: string;
}

/** `1500`, `"1500ms"`, `"30s"`, `"5m"`, `"1h"` → milliseconds. Throws TypeError for anything else. */
export function parseDuration(value: unknown, { title, option, place }: DurationPlace): number {
  if (typeof value === "number" && isFinite(value) && value >= 0) return value;
  const match = typeof value === "string" ? execPattern(SHAPE, value) : null;
  if (match === null)
    throw new RealmTypeError(`${title}({ ${option} }): ${place} is ${describeReceived(value)}, and must be milliseconds or a text such as "30s", "5m" or "1h"`);
  return min(toNumber(match[1]) * unitMs(match[2] as string), LONGEST);
}

function unitMs(unit: string): number {
  if (unit === "h") return 3_600_000;
  if (unit === "m") return 60_000;
  return unit === "s" ? 1000 : 1;
}
