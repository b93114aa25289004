// The console of the room: Node's methods, each call one log line to the host. Formatting is format.ts's.
import type { Counts } from "./bounds.ts";
import { formatParts, indentParts, type Parts } from "./format.ts";
import { addHidden } from "./globals.ts";
import type { Host } from "./host.d.ts";
import { inspect, textOnly } from "./inspect.ts";
import { apply, createList, mapDelete, mapGet, mapSet, push, RealmMap, repeatText, sliceText, toFixed, toText } from "./intrinsics.ts";
import { listText, quote } from "./json-text.ts";
import { tableText } from "./table.ts";

export type Level = "debug" | "info" | "warn" | "error";

/** Sends one line, which is made only where the log takes more. `data` is JSON text. */
export type WriteLine = (level: Level, makeParts: () => Parts, makeData?: () => string) => void;

export function createWriteLine(host: Pick<Host, "log">, counts: Pick<Counts, "isLogFull" | "cutLine">): WriteLine {
  return (level, makeParts, makeData) => {
    if (counts.isLogFull()) return;
    const { parts, data } = counts.cutLine({ parts: makeParts(), data: makeData?.() });
    const quoted = createList<string>();
    for (let index = 0; index < parts.length; index++) push(quoted, quote(parts[index] as string));
    host.log(level, listText(quoted), typeof data === "string" ? data : undefined);
  };
}

export function installConsole(write: WriteLine, now: () => number): void {
  const counts = new RealmMap<string, number>();
  const starts = new RealmMap<string, number>();
  let indent = "";

  function line(level: Level, values: readonly unknown[]): void {
    write(level, () => indentParts(formatParts(values), indent));
  }

  function elapsed(label: string, values: readonly unknown[]): boolean {
    const start = mapGet(starts, label);
    if (start === undefined) {
      line("warn", [`Warning: No such label '${label}' for console.time()`]);
      return false;
    }
    const list = createList<unknown>();
    push(list, "%s: %s");
    push(list, label);
    push(list, durationText(now() - start));
    for (let index = 0; index < values.length; index++) push(list, values[index]);
    line("info", list);
    return true;
  }

  const methods = {
    log: (...values: unknown[]): void => line("info", values),
    info: (...values: unknown[]): void => line("info", values),
    debug: (...values: unknown[]): void => line("debug", values),
    warn: (...values: unknown[]): void => line("warn", values),
    error: (...values: unknown[]): void => line("error", values),
    dir: (value: unknown, options?: Record<string, unknown>): void =>
      write("info", () => indentParts([inspect(value, { customInspect: false, ...options })], indent)),
    dirxml: (...values: unknown[]): void => line("info", values),
    table: (rows: unknown, columns?: readonly string[]): void => {
      write("info", () => {
        const text = tableText(rows, columns);
        return indentParts(text === undefined ? formatParts([rows]) : [textOnly(text)], indent);
      });
    },
    trace: (...values: unknown[]): void => {
      const trace = new Error(toText(formatParts(values)[0]));
      trace.name = "Trace";
      line("error", [trace]);
    },
    assert: (condition: unknown, ...values: unknown[]): void => {
      if (condition) return;
      const shown = createList<unknown>();
      push(shown, "Assertion failed");
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        if (index === 0 && typeof value === "string") shown[0] = `Assertion failed: ${value}`;
        else push(shown, value);
      }
      line("warn", shown);
    },
    count: (label: unknown = "default"): void => {
      const name = toText(label);
      const count = (mapGet(counts, name) ?? 0) + 1;
      mapSet(counts, name, count);
      line("info", [`${name}: ${count}`]);
    },
    countReset: (label: unknown = "default"): void => {
      if (!mapDelete(counts, toText(label))) line("warn", [`Warning: Count for '${toText(label)}' does not exist`]);
    },
    time: (label: unknown = "default"): void => {
      const name = toText(label);
      if (mapGet(starts, name) !== undefined) line("warn", [`Warning: Label '${name}' already exists for console.time()`]);
      else mapSet(starts, name, now());
    },
    timeLog: (label: unknown = "default", ...values: unknown[]): void => void elapsed(toText(label), values),
    timeEnd: (label: unknown = "default"): void => {
      if (elapsed(toText(label), [])) mapDelete(starts, toText(label));
    },
    group: (...values: unknown[]): void => {
      if (values.length > 0) line("info", values);
      indent += "  ";
    },
    groupCollapsed: (...values: unknown[]): void => apply(methods.group, undefined, values),
    groupEnd: (): void => {
      indent = sliceText(indent, 2);
    },
  };
  addHidden({ console: methods });
}

/** As Node writes it: `4.567ms`, `1.234s`, `2:03.456 (m:ss.mmm)`. */
function durationText(milliseconds: number): string {
  if (milliseconds < 1000) return `${Number(toFixed(milliseconds, 3))}ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${toFixed(seconds, 3)}s`;
  const minutes = Math.floor(seconds / 60);
  const rest = toFixed(seconds - minutes * 60, 3);
  return `${minutes}:${repeatText("0", 6 - rest.length)}${rest} (m:ss.mmm)`;
}
