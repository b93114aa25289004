// Equal data is equal text, other data is another: what is kept under it is given to nobody else.
import fc from "fast-check";
import { expect, it } from "vitest";
import { canonicalJson } from "../../src/canonical-json.ts";

it("the order of members does not matter, that of items does, at any depth", () => {
  expect(canonicalJson('{"b":[{"y":1,"x":2}],"a":null}')).toBe(canonicalJson(' { "a" : null, "b" : [ { "x":2, "y":1.0 } ] } '));
  expect(canonicalJson('{"b":[1,2]}')).not.toBe(canonicalJson('{"b":[2,1]}'));
});

it.for([
  ["{}", "[]"],
  ['{"a":1}', '[["a",1]]'],
  ['{"a":1}', '["o",["a",1]]'],
  ['["l"]', '"l"'],
  ["[]", '["l"]'],
  ["1e999", "null"],
  ["1e999", '["n","Infinity"]'],
  ["1", '"1"'],
  ['{"__proto__":1}', "{}"],
  ['{"2":0,"1":0}', '{"2":0}'],
] as const)("%s and %s differ", ([one, other]) => {
  expect(canonicalJson(one)).not.toBe(canonicalJson(other));
});

it("what is no JSON, or is too deep, has none", () => {
  expect(canonicalJson("{")).toBeUndefined();
  expect(canonicalJson(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)).toBeUndefined();
  expect(canonicalJson(`${"[".repeat(900)}${"]".repeat(900)}`)).toBeDefined();
});

it("any two data have the same text just where they are equal", () => {
  const data = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(data, data, (one, other) => {
      const same = canonicalJson(JSON.stringify(one)) === canonicalJson(JSON.stringify(other));
      let equal = true;
      try {
        expect(JSON.parse(JSON.stringify(one))).toEqual(JSON.parse(JSON.stringify(other)));
      } catch {
        equal = false;
      }
      return same === equal;
    }),
    { numRuns: 300 },
  );
});
