// Statements that come again and again are parsed and planned once. For a connection of this process's own: behind a pooler
// a prepared statement may stand on another connection than the one that it is asked of.
import type { ClientBase } from "pg";

/** Statements whose text depends on how many rows they have are not worth keeping. */
const MOST = 200;
const OFTEN = 3;

type Query = (text: string, values: readonly unknown[]) => unknown;

/** Changes what `client.query(text, values)` sends; what is asked for in other ways is left alone. */
export function prepareOften(client: ClientBase): void {
  const seen = new Map<string, number>();
  const names = new Map<string, string>();
  const query = client.query.bind(client) as (...args: readonly unknown[]) => unknown;

  function nameOf(text: string): string | undefined {
    const known = names.get(text);
    if (known !== undefined || names.size >= MOST) return known;
    const times = (seen.get(text) ?? 0) + 1;
    if (times < OFTEN) {
      if (seen.size > 10 * MOST) seen.clear();
      seen.set(text, times);
      return undefined;
    }
    seen.delete(text);
    const name = `s${names.size}`;
    names.set(text, name);
    return name;
  }

  const prepared: Query = (text, values) => {
    const name = nameOf(text);
    return name === undefined ? query(text, values) : query({ name, text, values });
  };
  Object.assign(client, {
    query: (...args: readonly unknown[]) =>
      args.length === 2 && typeof args[0] === "string" && Array.isArray(args[1]) && args[1].length > 0 ? prepared(args[0], args[1]) : query(...args),
  });
}
