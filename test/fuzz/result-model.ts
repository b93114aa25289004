// What must become of a value that a workflow returns: JSON.stringify's text, the path of the first thing in it that is no plain
// data, or the error that its own code throws. Written from what is promised of results (B90).

export type ExpectedResult =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "refused"; readonly path: string }
  | { readonly kind: "threw"; readonly name: string; readonly message: string };

class Refused extends Error {
  readonly path: string;

  constructor(path: string) {
    super(path);
    this.path = path;
  }
}

export function expectedResult(value: unknown): ExpectedResult {
  try {
    visit(value, { path: "$", above: [] });
    return { kind: "text", text: value === undefined ? "null" : JSON.stringify(value) };
  } catch (error) {
    if (error instanceof Refused) return { kind: "refused", path: error.path };
    const { name, message } = error as Error;
    return { kind: "threw", name, message };
  }
}

interface Place {
  readonly path: string;
  readonly above: readonly object[];
}

function visit(value: unknown, { path, above }: Place): void {
  if (["function", "symbol", "bigint"].includes(typeof value)) throw new Refused(path);
  if (typeof value !== "object" || value === null || value instanceof Date) return;
  const { toJSON } = value as { toJSON?: unknown };
  const converted: unknown = typeof toJSON === "function" ? (toJSON as (key: string) => unknown).call(value, "") : value;
  if (converted !== value && (typeof converted !== "object" || converted === null)) return visit(converted, { path, above });
  const seen = converted;
  if (!isPlain(seen) || (converted === value && above.includes(seen))) throw new Refused(path);
  const members = Array.isArray(seen) ? Array.from(seen, (item: unknown, index) => [index, item] as const) : Object.entries(seen);
  // Getters are asked in order, each before what follows it is looked at.
  for (const [key] of members) visit((seen as Record<string | number, unknown>)[key], { path: path + memberText(key), above: [...above, seen] });
}

function isPlain(value: object): boolean {
  return Array.isArray(value) || [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
}

function memberText(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
