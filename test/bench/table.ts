// The bench's answer for people: Markdown tables.
import { PART_MEANINGS, PARTS } from "./command-trace.ts";
import type { CommandRow } from "./command-line.ts";
import type { Counts } from "./counts.ts";
import type { Row } from "./row.ts";

export interface Answer {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly rows: readonly Row[];
  readonly commands: readonly CommandRow[];
  readonly counts: Counts;
}

export function renderTables({ machine, rows, commands, counts }: Answer): string {
  return [
    `Measured ${Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ")}`,
    table(["", "contender", "samples", "p5", "median", "p95", "× floor", "× floor-sync", "promise"], rows.flatMap(sandboxLines)),
    table(["", "samples", "p5 ms", "median ms", "p95 ms", "× floor", "promise"], commands.map(commandLine)),
    table(
      ["where the command's time goes, median ms", ...PARTS],
      commands.flatMap(({ name, split }) => (split === undefined ? [] : [[name, ...PARTS.map((part) => figure(split[part]))]])),
    ),
    PARTS.map((part) => `- ${part}: ${PART_MEANINGS[part]}`).join("\n"),
    table(
      ["counted on a warm run, between call and hand-over", "count", "promise"],
      [
        ["Redis round trips", String(counts.roundTrips), verdict("≤ 1", counts.roundTrips <= 1)],
        ["transpiled modules", String(counts.transpiled), verdict("0", counts.transpiled === 0)],
      ],
    ),
  ].join("\n\n");
}

function sandboxLines({ name, unit, contenders, target }: Row): string[][] {
  return Object.entries(contenders).map(([contender, { samples, ratioTo = {} }], index) => [
    index === 0 ? `${name}, ${unit}` : "",
    contender,
    String(samples.count),
    figure(samples.p5),
    figure(samples.median),
    figure(samples.p95),
    figure(ratioTo["floor"] ?? ratioTo["without"]),
    figure(ratioTo["floor-sync"]),
    index === 0 && target !== undefined ? verdict(target.text, target.kept({ contenders })) : "",
  ]);
}

function commandLine({ name, contenders, target }: CommandRow): string[] {
  const { samples, ratioTo = {} } = contenders["ours"]!;
  const promise = target === undefined ? "" : verdict(target.text, target.kept({ contenders }));
  return [name, String(samples.count), figure(samples.p5), figure(samples.median), figure(samples.p95), figure(ratioTo["floor"]), promise];
}

export function verdict(promise: string, kept: boolean): string {
  return `${promise}: ${kept ? "kept" : "**missed**"}`;
}

export function figure(value: number | undefined): string {
  if (value === undefined) return "";
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
