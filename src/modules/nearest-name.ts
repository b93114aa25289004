// The existing name that an author most likely meant. Asked only after a failure. It looks at so many names and no more,
// because author code may fail as often as it likes, in a workspace as large as it likes.
import { distance } from "fastest-levenshtein";

const MAX_NAMES = 10_000;
/** Pairs of characters that one look compares, about a millisecond: long names among many long ones get no suggestion. */
const MAX_PAIRS = 10_000_000;

/** The most similar name within a third of the length, or one that differs only in case; undefined when none is close. */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  return closest(wanted, first(names, MAX_NAMES), (name) => name);
}

/** Like nearestName over paths: extension and `/index` do not count; a file of the same name elsewhere is the second best. */
export function nearestPath(wanted: string, paths: Iterable<string>): string | undefined {
  const all = first(paths, MAX_NAMES);
  const stem = stemOf(wanted);
  const near = closest(stem, all, stemOf);
  if (near !== undefined) return near;
  const name = stem.slice(stem.lastIndexOf("/") + 1);
  return closest(name, all, (path) => stemOf(path).slice(stemOf(path).lastIndexOf("/") + 1));
}

function closest(wanted: string, names: Iterable<string>, view: (name: string) => string): string | undefined {
  let best: string | undefined;
  let pairs = 0;
  let limit = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    const seen = view(name);
    if (Math.abs(seen.length - wanted.length) >= limit) continue;
    pairs += wanted.length * seen.length;
    if (pairs > MAX_PAIRS) break;
    // Only another case: next to the very name, and nearer than any other.
    const away = seen !== wanted && seen.toLowerCase() === wanted.toLowerCase() ? 0.5 : distance(wanted, seen);
    // Nothing of a short name may be left over: "a" is not near "b".
    if (away >= limit || away >= Math.max(wanted.length, 1)) continue;
    best = name;
    limit = away;
    if (away === 0) break;
  }
  return best;
}

function first(names: Iterable<string>, most: number): readonly string[] {
  const taken: string[] = [];
  for (const name of names) {
    if (taken.length === most) break;
    taken.push(name);
  }
  return taken;
}

function stemOf(path: string): string {
  return path.replace(/\.(?:tsx?|jsx?|mts|mjs|json)$/, "").replace(/(?<=.)\/index$/, "");
}
