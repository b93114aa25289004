// For how long a data provider's options may be used again, as its author declares it: `cache: "5m"`.
import { describeReceived } from "../describe-value.ts";
import { RealmTypeError } from "../intrinsics.ts";
import { parseDuration } from "./duration.ts";

const LONGEST_MS = 7 * 24 * 3_600_000;

/** Milliseconds, 0 for not at all; undefined where nothing is declared. Throws TypeError for what cannot be. */
export function readCache(title: string, { cache }: { readonly cache?: unknown }): number | undefined {
  if (cache === undefined) return undefined;
  if (title !== "dataProvider") throw new RealmTypeError(`${title}({ cache }): only dataProvider() has the option cache`);
  const milliseconds = parseDuration(cache, { title, option: "cache", place: "cache" });
  if (milliseconds > LONGEST_MS)
    throw new RealmTypeError(`${title}({ cache }): cache is ${describeReceived(cache)}, and must be 168h, which are seven days, at most`);
  return milliseconds;
}
