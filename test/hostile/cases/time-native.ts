// Attacks on the clock through V8 itself: one call that takes for ever. Some answer neither to a timeout nor to a
// dispose, only to SIGKILL.
import { attacks, type HostileCase } from "../case.ts";
import { timesOut } from "../endings.ts";

const NATIVE = attacks(
  {
    "includes over 2^53 - 1 places": "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);",
    "indexOf over 2^53 - 1 places": "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);",
    "lastIndexOf over 2^53 - 1 places": "Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1);",
    "fill over 2^53 - 1 places of a proxy": "Array.prototype.fill.call(new Proxy({ length: 2 ** 53 - 1 }, { set: () => true }), 0);",
    "reverse over 2^53 - 1 places": "Array.prototype.reverse.call({ length: 2 ** 53 - 1 });",
    "forEach over 2^53 - 1 places": "Array.prototype.forEach.call({ length: 2 ** 53 - 1 }, () => {});",
    "copyWithin over 2^53 - 1 places": "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1);",
    "a reversed array with 2^32 - 1 holes": "const a: unknown[] = []; a.length = 2 ** 32 - 1; a.reverse();",
    "an array sorted by a comparator that loops": "[3, 1, 2].sort(() => { for (;;); });",
    "an array sorted by a comparator that never decides": "for (;;) Array.from({ length: 1000 }, (_, i) => i).sort(() => Math.random() - 0.5);",
    "a regular expression that backtracks for ever": "/^(a+)+$/.test('a'.repeat(60) + 'b');",
    "a regular expression that backtracks for ever while text is replaced": "('a'.repeat(60) + 'b').replace(/^(?:a|aa)+$/g, '');",
    "a regular expression made of text that backtracks for ever": "new RegExp('(.*)*'.repeat(12) + 'x$', 'u').test('y'.repeat(60));",
    "text replaced by a callback that loops": "'abc'.replace(/b/, () => { for (;;); });",
    "text split at what is never done splitting": "'abc'.split({ [Symbol.split]() { for (;;); } } as never);",
    "a species that loops": "const a = [1]; a.constructor = { get [Symbol.species]() { for (;;); } } as never; a.map((x) => x);",
    "a primitive that is never given": "+({ [Symbol.toPrimitive]() { for (;;); } } as never);",
    "an instance test that loops": "({}) instanceof ({ [Symbol.hasInstance]() { for (;;); } } as never);",
    "powers of integers without end": "let x = 3n; for (;;) x = (x ** 1000n) % (2n ** 4000n);",
    "digits of an enormous integer": "return String(7n ** 3_000_000n).length + String(3n ** 20_000_000n).length + String(5n ** 20_000_000n).length;",
    "a remainder of enormous integers": "const x = 3n ** 20_000_000n; for (;;) void (x % 7n);",
    "a set whose other side gives keys without end":
      "new Set([1]).union({ size: 1, has: () => true, keys: () => ({ next: () => ({ done: false, value: 1 }) }) } as never);",
    "a map made of the same entry without end": "function* all(): Generator<[number, number]> { for (;;) yield [1, 1]; } new Map(all());",
    "a destructuring that skips without end":
      "const { drop } = Iterator.prototype; function* all(): Generator<number> { for (;;) yield 1; } drop.call(all(), Infinity).next();",
    "JSON read with a reviver that loops": "JSON.parse('{\"a\":1}', () => { for (;;); });",
    "JSON written by a replacer that loops": "JSON.stringify({ a: 1 }, () => { for (;;); });",
    "JSON written with a list of keys that is 2^53 - 1 places long":
      "JSON.stringify({}, new Proxy([], { get: (_, key) => (key === 'length' ? 2 ** 53 - 1 : undefined) }));",
    "dates written in all ways without end":
      "const d = new Date(); for (;;) { d.toLocaleString('ar-EG', { dateStyle: 'full', timeStyle: 'full', timeZone: 'Asia/Kathmandu' }); Date.parse('x'.repeat(1000)); }",
    "text compared by the rules of a language without end":
      "const c = new Intl.Collator('de', { sensitivity: 'base' }); const a = 'ä'.repeat(100_000); for (;;) c.compare(a, a + 'b');",
    "text brought to its normal form without end": "const a = '\\u1100\\u1161\\u11a8'.repeat(500_000); for (;;) a.normalize('NFC');",
    "an object with a prototype chain of a million steps, asked for what it lacks":
      "let o: any = {}; for (let i = 0; i < 1e5; i++) o = Object.create(o); for (;;) o['missing' + Math.random()];",
    "code that catches its own end in a generator": "function* g(): Generator { try { for (;;); } finally { yield* g(); } } [...g()];",
  },
  { promise: "ends within the limit", expect: timesOut },
);

const JITLESS = attacks(
  {
    "an endless loop, where nothing is compiled to machine code": "for (;;);",
    "includes over 2^53 - 1 places, where nothing is compiled to machine code": "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);",
    "a regular expression that backtracks for ever, where nothing is compiled to machine code": "/^(a+)+$/.test('a'.repeat(60) + 'b');",
  },
  { promise: "ends within the limit", tier: "jitless", expect: timesOut },
);

export const TIME_NATIVE: readonly HostileCase[] = [...NATIVE, ...JITLESS];
