// console.table's box, as Node draws it. Knows rows and columns only; what a cell says is the inspection's.
import { hasOwn, RealmMap, RealmSet, repeatText } from "./intrinsics.ts";
import { inspect } from "./inspect.ts";

/** undefined where there is no table to draw: a primitive. */
export function tableText(rows: unknown, columns?: readonly string[]): string | undefined {
  if (typeof rows !== "object" || rows === null) return undefined;
  const index: string[] = [];
  const names: string[] = columns === undefined ? [] : [...columns];
  const cells = new Map<string, string[]>();
  const values: string[] = [];
  let hasValues = false;
  const entries: [string, unknown][] = rows instanceof RealmMap ? [...rows].map(([key, value], at) => [String(at), [key, value]]) : rows instanceof RealmSet ? [...rows].map((value, at) => [String(at), value]) : Object.entries(rows);
  for (const [key, row] of entries) {
    index.push(key);
    if (typeof row !== "object" || row === null) {
      values[index.length - 1] = cellText(row);
      hasValues = true;
      continue;
    }
    for (const column of columns ?? Object.keys(row)) {
      if (!hasOwn(row, column)) continue;
      if (!names.includes(column)) names.push(column);
      const list = cells.get(column) ?? [];
      list[index.length - 1] = cellText((row as Record<string, unknown>)[column]);
      cells.set(column, list);
    }
  }
  const head = [rows instanceof RealmMap || rows instanceof RealmSet ? "(iteration index)" : "(index)", ...names];
  const body = [index, ...names.map((name) => cells.get(name) ?? [])];
  if (hasValues) {
    head.push("Values");
    body.push(values);
  }
  return draw(head, body, index.length);
}

function cellText(value: unknown): string {
  return inspect(value, { depth: typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 2 ? -1 : 0, maxArrayLength: 3, breakLength: Infinity });
}

function draw(head: readonly string[], columns: readonly (readonly (string | undefined)[])[], count: number): string {
  const widths = head.map((title, column) => Math.max(title.length, ...(columns[column] ?? []).map((cell) => cell?.length ?? 0)) + 2);
  const rule = (left: string, middle: string, right: string): string => left + widths.map((width) => repeatText("─", width)).join(middle) + right;
  const line = (cells: readonly string[]): string => `│${cells.map((cell, column) => ` ${cell}${repeatText(" ", (widths[column] as number) - cell.length - 1)}`).join("│")}│`;
  const lines = [rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤")];
  for (let row = 0; row < count; row++) lines.push(line(columns.map((column) => column[row] ?? "")));
  lines.push(rule("└", "┴", "┘"));
  return lines.join("\n");
}
