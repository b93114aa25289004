// URL and URLSearchParams: the standard's reference implementation, shown by the console as Node shows them.

declare function require(name: string): unknown;

type Class = abstract new (...values: never[]) => object;
type Inspect = (value: unknown, options?: unknown) => string;

const CUSTOM = Symbol.for("nodejs.util.inspect.custom");
const SHOWN = ["href", "origin", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "searchParams", "hash"] as const;

export function createUrl(): { readonly URL: Class; readonly URLSearchParams: Class } {
  const { URL, URLSearchParams } = require("whatwg-url") as { URL: Class; URLSearchParams: Class };
  showAs(URL, function (this: Record<string, unknown>, depth: number, options: object, inspect: Inspect) {
    if (depth < 0) return inspect(`${this as unknown as string}`, options);
    const shown: Record<string, unknown> = {};
    for (const name of SHOWN) shown[name] = this[name];
    return `URL ${inspect(shown, options)}`;
  });
  showAs(URLSearchParams, function (this: Iterable<[string, string]>, depth: number, options: object, inspect: Inspect) {
    if (depth < 0) return "[Object]";
    const pairs = [...this].map(([name, value]) => `${inspect(name, options)} => ${inspect(value, options)}`);
    return pairs.length === 0 ? "URLSearchParams {}" : `URLSearchParams { ${pairs.join(", ")} }`;
  });
  return { URL, URLSearchParams };
}

function showAs(shown: Class, inspect: unknown): void {
  Object.defineProperty(shown.prototype, CUSTOM, { value: inspect, writable: true, configurable: true, enumerable: false });
}
