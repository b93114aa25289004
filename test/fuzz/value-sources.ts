// Random values as JavaScript expressions, so that the same text makes the same value in Node and in a room: JSON, nearly JSON,
// and what no result may hold. Also random text of every kind of code unit.
import fc from "fast-check";

/** Halves of pairs, noncharacters that others might use as marks, line separators, direction marks, NUL. */
const ODD_UNITS = [
  "\0",
  "\ud800",
  "\udfff",
  "\ufdd0",
  "\ufdd1",
  "\ufffe",
  "\uffff",
  "\u2028",
  "\u2029",
  "\u202e",
  "\ufeff",
  "\u001b[31m",
  "\\",
  '"',
  "'",
  "`",
  "${",
  "%s",
  "%",
  "\n    at x.ts:1:1",
  "\r",
] as const;

export const oddText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(...ODD_UNITS),
      fc.string({ unit: "grapheme", maxLength: 3 }),
      fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)),
      fc.integer({ min: 0x10000, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
      fc.nat({ max: 20 }).map(String),
    ),
    { maxLength: 6 },
  )
  .map((units) => units.join(""));

const text = fc.oneof({ weight: 2, arbitrary: oddText }, { weight: 1, arbitrary: fc.string({ maxLength: 90 }) }).map((value) => JSON.stringify(value));
const KEYS = ["a", "b", "toJSON2", "10", "2", "-1", "success", "length", "__proto__", "", "a b"] as const;
const shownKey = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...KEYS) }, { weight: 1, arbitrary: oddText });
/** The room's inspection names an object without prototype by a `constructor` of its own; Node's looks past it. */
const anyKey = fc.oneof({ weight: 12, arbitrary: shownKey }, { weight: 1, arbitrary: fc.constant("constructor") });

const number = fc.oneof(
  fc.integer().map(String),
  fc.double().map((value) => (Object.is(value, -0) ? "-0" : String(value))),
  fc.constantFrom("-0", "NaN", "Infinity", "-Infinity", "1e400", "1e21", "123456789012345680000", "5e-324", "2 ** 53", "-1e-7"),
);

const plainLeaf = fc.oneof(number, text, fc.constantFrom("null", "true", "false", "undefined", "new Date(0)", "new Date(8.64e15)", "new Date(NaN)"));

/** What no result may hold. Functions are written as TypeScript prints them: shown as text they are what was transpiled. */
const refusedLeaf = fc.constantFrom(
  "() => 1",
  "function named() { }",
  `Symbol("s")`,
  "5n",
  "new Map([[1, { a: 1 }]])",
  "new Set([1])",
  "new Uint8Array(2)",
  "new ArrayBuffer(2)",
  "new DataView(new ArrayBuffer(1))",
  "/x/g",
  "new (class Ticket { id = 1; })()",
  "Object(1)",
  `Object("text")`,
  "Object.create({ inherited: 1 })",
  "(function* () {})()",
);
/** Of these Node shows more than a room can, another stack, or the text before it was transpiled. */
const unlikeLeaf = fc.constantFrom("Promise.resolve(1)", "new WeakMap()", `new TypeError("x")`, "class Ticket {}");

function valuesOver(leaf: fc.Arbitrary<string>, key: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const { whole } = fc.letrec((untyped) => {
    const tie = untyped as (name: "whole") => fc.Arbitrary<string>;
    const member = fc.tuple(key, tie("whole")).map(([name, value]) => `[${JSON.stringify(name)}]: ${value}`);
    const members = fc.array(member, { maxLength: 4 }).map((all) => all.join(", "));
    const items = fc.array(fc.oneof({ weight: 8, arbitrary: tie("whole") }, { weight: 1, arbitrary: fc.constant("") }), { maxLength: 5 });
    return {
      whole: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        { weight: 6, arbitrary: leaf },
        { weight: 3, arbitrary: members.map((all) => `{ ${all} }`) },
        { weight: 3, arbitrary: items.map((all) => `[${all.map((item) => `${item},`).join(" ")}]`) },
        { weight: 1, arbitrary: members.map((all) => `Object.assign(Object.create(null), { ${all} })`) },
        { weight: 1, arbitrary: fc.tuple(key, tie("whole")).map(([name, value]) => `{ get [${JSON.stringify(name)}]() { return ${value}; } }`) },
        { weight: 1, arbitrary: tie("whole").map((value) => `((twice) => [twice, { twice }])(${value})`) },
        { weight: 1, arbitrary: tie("whole").map((value) => `{ [Symbol("hidden")]: ${value}, shown: 1 }`) },
        { weight: 1, arbitrary: tie("whole").map((value) => `Object.assign([${value}], { extra: ${value} })`) },
        { weight: 1, arbitrary: fc.constant("new Array(3)") },
      ),
    };
  });
  return whole.map((value) => `(${value})`);
}

const conversions = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    value.map((given) => `{ toJSON() { return ${given}; }, left: 1n }`),
    value.map((given) => `new (class Money { toJSON() { return ${given}; } })()`),
    value.map((given) => `{ toJSON: ${given} }`),
    fc.constant(`{ toJSON(name) { return "under " + name; } }`),
    fc.constant(`{ toJSON() { throw new RangeError("no JSON of this"); } }`),
    value.map((given) => `((ring) => { ring.self = ring; return ring; })({ before: ${given}, self: 1 })`),
    value.map((given) => `((list) => { list.push({ list }); return list; })([${given}])`),
  );

const simple = valuesOver(plainLeaf, shownKey);

/** Anything that a workflow may return, right or wrong. */
export const anyResult: fc.Arbitrary<string> = valuesOver(
  fc.oneof(
    { weight: 30, arbitrary: plainLeaf },
    { weight: 1, arbitrary: refusedLeaf },
    { weight: 1, arbitrary: unlikeLeaf },
    { weight: 2, arbitrary: conversions(simple) },
  ),
  anyKey,
);

/** What console.log must show as Node does. */
export const anyShown: fc.Arbitrary<string> = valuesOver(
  fc.oneof({ weight: 4, arbitrary: plainLeaf }, { weight: 2, arbitrary: refusedLeaf }, { weight: 1, arbitrary: conversions(simple) }),
  shownKey,
);

/** First arguments of console.log with directives in them. */
export const formatText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom("%s", "%d", "%i", "%f", "%j", "%o", "%O", "%c", "%%", "%", "%x", " "), oddText), { maxLength: 5 })
  .map((parts) => JSON.stringify(parts.join("")));
