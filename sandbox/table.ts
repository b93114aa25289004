// console.table's box, as Node draws it. Knows rows and columns only; what a cell says is the inspection's.
import { hasOwn, RealmMap, RealmSet, repeatText } from "./intrinsics.ts";
import { inspect } from "./inspect.ts";

/** undefined where there is no table to draw: a primitive. */
export function tableText(rows: unknown, columns?: readonly string[]): string | undefined {
  if (typeof rows !== "object" || rows === null) return undefined;
  if (rows instanceof RealmMap) {
    const pairs = [...(rows as Map<unknown, unknown>)];
    return draw(
      [
        column(ITERATION_INDEX, indexes(pairs.length)),
        column(
          "Key",
          pairs.map(([key]) => cellText(key)),
        ),
        column(
          "Values",
          pairs.map(([, value]) => cellText(value)),
        ),
      ],
      pairs.length,
    );
  }
  if (rows instanceof RealmSet) {
    const values = [...(rows as Set<unknown>)];
    return draw([column(ITERATION_INDEX, indexes(values.length)), column("Values", values.map(cellText))], values.length);
  }
  return rowsTable(Object.entries(rows), columns);
}

interface Column {
  readonly title: string;
  /** By row; a hole is an empty cell. */
  readonly cells: (string | undefined)[];
}

const ITERATION_INDEX = "(iteration index)";

function rowsTable(entries: readonly (readonly [key: string, row: unknown])[], columns: readonly string[] | undefined): string {
  const byName = new Map<string, Column>((columns ?? []).map((name) => [name, column(name, [])]));
  const values = column("Values", []);
  entries.forEach(([, row], at) => {
    if (typeof row !== "object" || row === null) {
      values.cells[at] = cellText(row);
      return;
    }
    for (const name of columns ?? Object.keys(row)) {
      if (!hasOwn(row, name)) continue;
      const known = byName.get(name) ?? column(name, []);
      byName.set(name, known);
      known.cells[at] = cellText((row as Record<string, unknown>)[name]);
    }
  });
  const index = column(
    "(index)",
    entries.map(([key]) => key),
  );
  return draw([index, ...byName.values(), ...(values.cells.length > 0 ? [values] : [])], entries.length);
}

function column(title: string, cells: (string | undefined)[]): Column {
  return { title, cells };
}

function indexes(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index}`);
}

/** One level deep, as Node's: what holds more than two things is only named. */
function cellText(value: unknown): string {
  const isLarge = typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 2;
  return inspect(value, { depth: isLarge ? -1 : 0, maxArrayLength: 3, breakLength: Infinity });
}

function draw(columns: readonly Column[], count: number): string {
  const rows = indexes(count).map((_, row) => columns.map(({ cells }) => cells[row] ?? ""));
  const widths = columns.map(({ title }, at) => rows.reduce((width, row) => Math.max(width, (row[at] as string).length), title.length) + 2);
  const rule = (left: string, middle: string, right: string): string => left + widths.map((width) => repeatText("─", width)).join(middle) + right;
  const line = (cells: readonly string[]): string =>
    `│${cells.map((cell, at) => ` ${cell}${repeatText(" ", (widths[at] as number) - cell.length - 1)}`).join("│")}│`;
  return [rule("┌", "┬", "┐"), line(columns.map(({ title }) => title)), rule("├", "┼", "┤"), ...rows.map(line), rule("└", "┴", "┘")].join("\n");
}
