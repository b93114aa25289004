import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fault } from "../../../src/errors.ts";
import { hashContent } from "../../../src/modules/content-hash.ts";
import type { ContentHash } from "../../../src/modules/content-hash.ts";
import type { ModulePath } from "../../../src/modules/module-path.ts";
import type { Change } from "../../../src/snapshot/origin.ts";
import { planChange } from "../../../src/workspace/change-plan.ts";

type Files = Map<ModulePath, ContentHash>;

const path = fc.constantFrom("a.ts", "b.ts", "c.ts", "d.ts") as fc.Arbitrary<ModulePath>;
const hash = fc.constantFrom("1", "2", "3").map((text) => hashContent(text));
const files = fc.dictionary(path, hash, { noNullPrototype: true }).map((entries) => new Map(Object.entries(entries)) as Files);
const facts = { entityType: "module", contentType: "text/typescript" } as const;
const change: fc.Arbitrary<Change> = fc.record({
  put: fc.uniqueArray(fc.record({ path, hash, bytes: fc.constant(new Uint8Array()), ...constants(facts) }), { selector: (file) => file.path }),
  remove: fc.uniqueArray(path, { maxLength: 2 }),
  move: fc.uniqueArray(fc.record({ from: path, to: path, ...constants(facts) }), { selector: (move) => move.from, maxLength: 3 }),
});

function constants<Values extends object>(values: Values): { [Name in keyof Values]: fc.Arbitrary<Values[Name]> } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fc.constant(value)])) as {
    [Name in keyof Values]: fc.Arbitrary<Values[Name]>;
  };
}

/** What the words of planChange say, in the plainest way: removals, then moves all at once, then writes. */
function carriedOut(before: Files, { put, remove, move: all }: Change): Files {
  const after = new Map(before);
  const move = all.filter(({ from, to }) => from !== to);
  for (const each of remove) if (!move.some(({ from }) => from === each)) after.delete(each);
  for (const { from } of move) after.delete(from);
  for (const { from, to } of move) after.set(to, before.get(from)!);
  for (const file of put) after.set(file.path, file.hash);
  return after;
}

function isRefused(before: Files, { remove, move }: Change): boolean {
  const moves = move.filter(({ from, to }) => from !== to);
  const targets = moves.map(({ to }) => to);
  const leaving = new Set([...remove, ...moves.map(({ from }) => from)]);
  const missing = move.some(({ from }) => !before.has(from));
  return missing || targets.some((to, index) => (before.has(to) && !leaving.has(to)) || targets.indexOf(to) !== index);
}

describe("planning a change", () => {
  it("B51, B53, B54: what differs afterwards is exactly what the plan says, for any removals, moves and writes", () => {
    fc.assert(
      fc.property(files, change, (before, given) => {
        const current = (each: ModulePath): ContentHash | undefined => before.get(each);
        if (isRefused(before, given)) {
          expect(() => planChange(given, current)).toThrow(Fault);
          return;
        }
        const plan = planChange(given, current);
        const after = carriedOut(before, given);
        const replayed = new Map(before);
        for (const each of plan.removed) expect(replayed.delete(each)).toBe(true);
        for (const [each, content] of plan.set) {
          expect(before.get(each)).not.toBe(content);
          replayed.set(each, content);
        }
        expect(new Map([...replayed].toSorted())).toEqual(new Map([...after].toSorted()));
        for (const file of plan.files) expect(after.get(file.path)).toBe(file.hash);
        for (const file of plan.unchanged) expect(before.get(file.path)).toBe(file.hash);
      }),
      { numRuns: 3000 },
    );
  });
});
