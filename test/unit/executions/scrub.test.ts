// Secrets handed to a run, and what is left of them in what it gives out.
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExecutionError, LogLine } from "../../../src/completion.ts";
import { HandedSecrets } from "../../../src/executions/handed-secrets.ts";
import { LogBook } from "../../../src/executions/log-book.ts";
import { searchFor } from "../../../src/executions/many-texts.ts";
import { createScrubber, scrubJson, scrubOutcome } from "../../../src/executions/scrub.ts";

const TOKEN = "sk_live_51HxQ2+/a b&c";
const PEM = `-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nq83vEiNFZ4mrze8SI0VniavN7xIjRWeJ\nXq==\n-----END PRIVATE KEY-----\n`;

function scrubber(secrets: Record<string, string>) {
  const made = createScrubber(Object.entries(secrets));
  if (made === undefined) throw new Error("nothing to look for");
  return made;
}

/** Every text that JSON data holds, keys included. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  const keys = Array.isArray(value) ? [] : Object.keys(value);
  return keys.concat(Object.values(value).flatMap(textsIn));
}

describe("B89: secrets are scrubbed", () => {
  it("B89: as a whole, inside of a longer text, and in keys, at any depth; each gives way to a mark with its name", () => {
    const { value } = scrubber({ TOKEN });
    expect(value({ a: TOKEN, b: [{ [`x ${TOKEN}`]: `Bearer ${TOKEN}!` }], c: 1, d: null })).toEqual({
      a: "[secret TOKEN]",
      b: [{ "x [secret TOKEN]": "Bearer [secret TOKEN]!" }],
      c: 1,
      d: null,
    });
  });

  it("B89: what was given is not changed, and what holds no secret is given back as it is", () => {
    const { value } = scrubber({ TOKEN });
    const clean = { list: [1, "two", { three: 3 }] };
    const given = Object.freeze({ clean, dirty: Object.freeze([TOKEN]) });
    expect(value(given)).toEqual({ clean, dirty: ["[secret TOKEN]"] });
    expect(given.dirty[0]).toBe(TOKEN);
    expect(value(given).clean).toBe(clean);
    expect(value(clean)).toBe(clean);
  });

  it("B89: four characters are a secret, three are not", () => {
    expect(scrubber({ PIN: "abcd" }).text("abcd abc")).toBe("[secret PIN] abc");
    expect(createScrubber(Object.entries({ PIN: "abc", NONE: "", BLANK: "      " }))).toBeUndefined();
  });

  it.each([
    ["JSON text", (secret: string) => JSON.stringify({ secret })],
    ["what the console prints of an object", (secret: string) => inspect({ secret })],
    ["a query", (secret: string) => new URLSearchParams({ secret }).toString()],
    ["a URL's path", (secret: string) => `https://example.org/${encodeURIComponent(secret)}/x`],
    ["base64", (secret: string) => Buffer.from(secret).toString("base64")],
    ["base64 without padding", (secret: string) => Buffer.from(secret).toString("base64url")],
    ["the credentials of HTTP", (secret: string) => `Basic ${Buffer.from(`ada:${secret}`).toString("base64")}`],
    ["credentials that something follows", (secret: string) => Buffer.from(`a:${secret}:and more`).toString("base64url")],
  ])("B89: nothing of a secret is left of it in %s", (_where, write) => {
    for (const secret of [TOKEN, 'pass"word\\with\ttab', "pässwörd-✓-long", "p@ss/w:rd?#%"]) {
      const text = scrubber({ S: secret }).text(write(secret));
      expect(text).toContain("[secret S]");
      // The characters that a neighbour has a part in cannot be told from other text.
      expect(text.replaceAll(/\[secret S\]/g, "").length).toBeLessThan(write("").length + 8);
    }
  });

  it("B89: a secret of several lines is found as a whole and line by line, with and without the break at its end", () => {
    const { text } = scrubber({ KEY: PEM });
    expect(text(`<${PEM}>`)).toBe("<[secret KEY]>");
    expect(text(`<${PEM.trim()}>`)).toBe("<[secret KEY]>");
    const lines = PEM.split("\n").map((line) => text(`  ${line}`));
    expect(lines.slice(0, 3)).toEqual(["  [secret KEY]", "  [secret KEY]", "  [secret KEY]"]);
    expect(text(inspect({ PEM }))).not.toContain("MII");
  });

  it("B89: secrets that overlap are covered by one mark, of the longer one", () => {
    const { text } = scrubber({ SHORT: "abcdef", LONG: "defghijk", INSIDE: "fghi" });
    expect(text("<abcdefghijk>")).toBe("<[secret LONG]>");
    expect(text("<abcdefghi>")).toBe("<[secret SHORT]>");
    expect(text("<fghi><abcdefabcdef>")).toBe("<[secret INSIDE]><[secret SHORT][secret SHORT]>");
  });

  it("B89: of a secret that was cut short no beginning is left", () => {
    const { text } = scrubber({ TOKEN, KEY: PEM });
    expect(text(`received string "${TOKEN.slice(0, 12)}…", ${PEM.slice(0, 40)}…`)).toBe(`received string "[secret TOKEN]…", [secret KEY]…`);
    expect(text(`${TOKEN.slice(0, 5)}…`)).toBe("[secret TOKEN]…");
    expect(text(`${TOKEN.slice(0, 3)}… ${TOKEN.slice(0, 12)}...`)).toBe(`${TOKEN.slice(0, 3)}… ${TOKEN.slice(0, 12)}...`);
  });

  it("B89: a number that is a secret is scrubbed too, however it was written", () => {
    expect(scrubber({ PIN: "123456", CODE: "0004711" }).value([123456, 4711, 12345, { n: 1234567 }])).toEqual([
      "[secret PIN]",
      "[secret CODE]",
      12345,
      { n: 1234567 },
    ]);
  });

  it("B89: a mark never shows a secret: not by the secret's name, and not with what stands beside it", () => {
    expect(scrubber({ hunter2: "other-value", PASSWORD: "hunter2" }).text("other-value hunter2")).toBe("[secret] [secret PASSWORD]");
    expect(scrubber({ A: "secret", B: "[B]-[B]" }).text("a secret, [B]-[B]")).toBe("a <***>, <***>");
    expect(scrubber({ A: "[]<>{}()⟦⟧«»" }).text("x[]<>{}()⟦⟧«»")).toBe("x\ue000secret A\ue001");
  });

  it("B89: keys that differ in nothing but secrets stay two, and __proto__ is a key as any other", () => {
    const { value } = scrubber({ A: "aaaa", ALSO: "bbbb" });
    const data = JSON.parse(`{"aaaa": 1, "YWFhYQ==": 2, "__proto__": "bbbb"}`) as unknown;
    expect(JSON.stringify(value(data))).toBe(`{"[secret A]":1,"[secret A]]2]":2,"__proto__":"[secret ALSO]"}`);
  });

  it("B89: of an error: name, message, stack, frames, details and causes; its code and the hashes of modules stay", () => {
    const error = (cause?: ExecutionError): ExecutionError => ({
      code: "ERR_INPUT_INVALID",
      name: `Odd ${TOKEN}`,
      message: `no ${TOKEN}`,
      stack: `Error: no ${TOKEN}\n    at ${TOKEN} (a.ts:1:2)`,
      frames: [{ path: "a.ts", line: 1, column: 2, hash: "beef0000", functionName: `get ${TOKEN}` }],
      details: { problems: [{ received: TOKEN }] },
      ...(cause && { cause }),
    });
    const scrubbed = scrubOutcome({ status: "Failed", error: error(error()) }, scrubber({ TOKEN, HASH: "beef" }));
    expect(JSON.stringify(scrubbed)).not.toContain("sk_live");
    expect(scrubbed.error.cause?.message).toBe("no [secret TOKEN]");
    expect(scrubbed.error.frames).toEqual([{ path: "a.ts", line: 1, column: 2, hash: "beef0000", functionName: "get [secret TOKEN]" }]);
    expect(scrubbed.error.code).toBe("ERR_INPUT_INVALID");
  });

  it("B89: of a log line: message and data, before it leaves and before it is cut at the limit", () => {
    const left: LogLine[] = [];
    const book = new LogBook({
      mapStack: (stack) => stack,
      scrubber: () => scrubber({ TOKEN }),
      onLine: (line) => left.push(line),
      maxLines: 10,
      maxBytes: 60,
    });
    book.add([{ level: "info", parts: [`got ${TOKEN.slice(0, 5)}`, TOKEN.slice(5)], data: JSON.stringify({ TOKEN }), at: 0 }]);
    expect(left).toEqual([
      { sequence: 1, level: "info", message: "got [secret TOKEN]", timestamp: "1970-01-01T00:00:00.000Z", data: { TOKEN: "[secret TOKEN]" } },
    ]);
    book.add([{ level: "info", parts: [`${"x".repeat(15)}${TOKEN}`], at: 0 }]);
    expect(left[1]?.message).not.toContain("sk");
    expect(book.lines).toEqual(left);
  });

  it("B89: an input that is kept is written anew only where a secret stands in it", () => {
    const odd = `{ "long": 12345678901234567890, "a": 1, "a": 2 }`;
    expect(scrubJson(odd, scrubber({ TOKEN }))).toBe(odd);
    expect(scrubJson(`{"a": "sk\\u005flive_51HxQ2+/a b&c"}`, scrubber({ TOKEN }))).toBe(`{"a":"[secret TOKEN]"}`);
    expect(scrubJson(`no JSON ${TOKEN}`, scrubber({ TOKEN }))).toBe("no JSON [secret TOKEN]");
  });

  it("B89: a run without secrets pays nothing", () => {
    expect(createScrubber([])).toBeUndefined();
    expect(new HandedSecrets().scrubber()).toBeUndefined();
    const ended = { status: "Success", result: { a: 1 } };
    expect(scrubOutcome(ended, undefined)).toBe(ended);
  });

  it("B89: data nested deeper than any result is does not come out unsearched", () => {
    const deep = JSON.parse(`${"[".repeat(5000)}"${TOKEN}"${"]".repeat(5000)}`) as unknown;
    expect(JSON.stringify(scrubber({ TOKEN }).value(deep))).not.toContain("sk_live");
  });
});

/** Few letters, so that secrets overlap one another, themselves and the text around them. */
const letters = fc.string({ unit: fc.constantFrom("a", "b", "[", "]", " ", '"', "\\", "s", "e", "c", "r", "t"), minLength: 4, maxLength: 12 });
const someSecrets = fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }), fc.oneof(letters, fc.string({ minLength: 4, maxLength: 20 })), {
  minKeys: 1,
  maxKeys: 5,
});

it("B89: what was scrubbed never holds a secret of four characters or more", () => {
  fc.assert(
    fc.property(
      someSecrets.chain((secrets) => {
        const piece = fc.oneof(
          fc.constantFrom(...Object.values(secrets)),
          fc.constantFrom(...Object.values(secrets).map((secret) => secret.slice(0, -1))),
          letters,
        );
        const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(""));
        const { tree } = fc.letrec((tie) => ({
          tree: fc.oneof(
            { depthSize: "small" },
            text,
            fc.integer(),
            fc.constant(null),
            fc.array(tie("tree"), { maxLength: 4 }),
            fc.dictionary(text, tie("tree"), { maxKeys: 4 }),
          ),
        }));
        return fc.tuple(fc.constant(secrets), tree);
      }),
      ([secrets, value]) => {
        const before = JSON.stringify(value);
        const scrubbed = createScrubber(Object.entries(secrets))?.value(value) ?? value;
        for (const secret of Object.values(secrets)) {
          if (secret.trim() !== "") for (const text of textsIn(scrubbed)) expect(text).not.toContain(secret);
        }
        expect(JSON.stringify(value)).toBe(before);
      },
    ),
  );
});

it("B89: what holds no secret is given back unchanged", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const scrubbed = createScrubber(Object.entries({ A: "\u{10FFFF}never-there\u{10FFFF}", B: PEM }))?.value(value);
      expect(scrubbed).toBe(value);
    }),
  );
});

it("many texts are found in another as one after the other would be", () => {
  const few = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 60 });
  const texts = fc.uniqueArray(fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 2, maxLength: 6 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(texts, few, (wanted, text) => {
      const covered = new Set<number>();
      for (const each of wanted) {
        for (let at = text.indexOf(each); at >= 0; at = text.indexOf(each, at + 1)) for (let index = at; index < at + each.length; index++) covered.add(index);
      }
      const found = searchFor(wanted)(text);
      expect(new Set(found.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index)))).toEqual(covered);
      for (const { start, end, index } of found) expect(text.slice(start, end)).toContain(wanted[index]);
    }),
  );
});

it("B89: keys that all scrub to one text stay as many, in time that grows with their number alone", { timeout: 5000 }, () => {
  const secret = "abcdefghijklmnopqrstuvwxyz0123456789-abcdefg";
  const scrubber = createScrubber([["KEY", secret]]);
  const pieces = Array.from({ length: 30 }, (_, index) => `${secret.slice(0, 8 + index)}…`);
  const keys = pieces.flatMap((one) => pieces.flatMap((two) => pieces.map((three) => `${one}${two}${three}`)));
  const scrubbed = scrubber?.value(Object.fromEntries(keys.map((key) => [key, 1]))) as Record<string, number>;
  expect(Object.keys(scrubbed)).toHaveLength(keys.length);
  expect(JSON.stringify(scrubbed).length).toBeLessThan(keys.length * 100);
});
