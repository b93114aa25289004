import { LEAST_UPPER_BOUND, originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Position } from "../../../src/modules/module-record.ts";
import { lookUp } from "../../../src/modules/source-map-lookup.ts";
import { mapStack, MappingMemory } from "../../../src/modules/source-positions.ts";
import { compile } from "./sample-modules.ts";

const plenty = (): { characters: number } => ({ characters: Infinity });

function oracle(trace: TraceMap, { line, column }: Position): Position | undefined {
  const needle = { line, column: column - 1 };
  const exact = originalPositionFor(trace, needle);
  const found = exact.line === null ? originalPositionFor(trace, { ...needle, bias: LEAST_UPPER_BOUND }) : exact;
  return found.line === null ? undefined : { line: found.line, column: found.column + 1 };
}

it("every position of real modules is found where a decoder of all of it finds it", () => {
  const text = ["loader", "resolver", "import-policy"]
    .map((name) => readFileSync(new URL(`../../../src/modules/${name}.ts`, import.meta.url), "utf8"))
    .join("\n");
  const { js, map } = compile(text.replaceAll(/^(?:import|export) .* from .*$/gm, ""), "ts");
  const lines = js.split("\n");
  const trace = new TraceMap({ version: 3, names: [], sources: ["source"], mappings: (JSON.parse(map) as { mappings: string }).mappings });
  expect(lines.length).toBeGreaterThan(100);
  for (const [index, line] of lines.entries()) {
    for (let column = 1; column <= line.length + 2; column += 7) {
      const position = { line: index + 1, column };
      expect([position, lookUp(map, position, plenty())]).toEqual([position, oracle(trace, position)]);
    }
  }
});

it("whatever a map holds, a position is found where a decoder of all of it finds it", () => {
  const letter = fc.constantFrom("A", "C", "E", "G", "I", "K");
  const later = fc.constantFrom("A", "C", "E", "gB", "+C");
  const segment = fc.oneof(
    fc.tuple(later, letter, later).map(([column, line, from]) => `${column}A${line}${from}`),
    later,
    fc.tuple(later, letter, later).map(([column, line, from]) => `${column}A${line}${from}A`),
  );
  const mappings = fc
    .array(
      fc.array(segment, { maxLength: 8 }).map((all) => all.join(",")),
      { maxLength: 6 },
    )
    .map((lines) => lines.join(";"));
  fc.assert(
    fc.property(mappings, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 90 }), (text, line, column) => {
      const trace = new TraceMap({ version: 3, names: ["n"], sources: ["source"], mappings: text });
      expect(lookUp(JSON.stringify({ version: 3, names: [], mappings: text }), { line, column }, plenty())).toEqual(oracle(trace, { line, column }));
    }),
    { numRuns: 2000 },
  );
});

it("an execution reads so much of maps and no more: what comes after is told by its path, what is known stays known", () => {
  // On one line, so that every place is far from the begin.
  const { map } = compile(`export const a = [${"b,".repeat(100_000)}];`);
  const module = { hash: "h".repeat(64), compiled: { map } };
  const memory = new MappingMemory();
  const placed = (column: number): string => mapStack(`x workspace:///a.ts:1:${column}`, () => module, memory).stack;
  const first = placed(250_000);
  expect(first).toMatch(/^x a\.ts:1:\d+$/);
  for (let column = 250_001; column < 250_200; column += 1) placed(column);
  expect(placed(251_000)).toBe("x a.ts");
  expect(placed(250_000)).toBe(first);
});
