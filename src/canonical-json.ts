// JSON data as one text, whatever order the names of its members were written in: equal data, equal text; other data, another.

const MAX_DEPTH = 1000;

/** Undefined where the text is no JSON, or is nested so deep that nobody compares it. Not to be read back. */
export function canonicalJson(json: string): string | undefined {
  try {
    return JSON.stringify(sorted(JSON.parse(json) as unknown, 0));
  } catch {
    return undefined;
  }
}

/** Lists and objects as marked lists, an object's of pairs: written as an object, names such as "1" would come first. */
function sorted(value: unknown, depth: number): unknown {
  // 1e999 is JSON, and what stringify makes of it is null.
  if (typeof value === "number" && !Number.isFinite(value)) return ["n", String(value)];
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_DEPTH) throw new RangeError(`The data is nested deeper than ${MAX_DEPTH} levels.`);
  if (Array.isArray(value)) return ["l", ...value.map((item) => sorted(item, depth + 1))];
  const pairs = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return ["o", ...pairs.map(([name, member]) => [name, sorted(member, depth + 1)])];
}
