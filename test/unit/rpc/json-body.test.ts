// A request's body: JSON in UTF-8, with some members left as the text they are.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseBody } from "../../../src/rpc/json-body.ts";
import { inputTextOf, JsonText, membersOf, withRawMember } from "../../../src/rpc/json-text.ts";

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
const bodyOf = (text: string, ...raw: string[]): Record<string, unknown> => parseBody(bytesOf(text), raw) as Record<string, unknown>;

describe("membersOf", () => {
  it("gives each member's text as it stands, whatever is in it", () => {
    const spaces = fc.constantFrom("", " ", "\n\t", "\r\n  ");
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.json(), spaces, spaces)), (members) => {
        const texts = members.map(([name, value, before, after]) => `${before}${JSON.stringify(name)}${after}:${before}${value}${after}`);
        const json = `{${texts.join(",")}}`;
        expect(membersOf(json)).toEqual(members.map(([name, text]) => ({ name, text: text.trim() })));
      }),
    );
  });

  it("is not led astray by braces, brackets and quotation marks in strings", () => {
    const json = ' { "a" : "}]\\"\\\\" , "b\\"":[ "[", {"]":"\\\\"} ] ,"c":-1.5e+9,"":null,"d":{} } ';
    expect(membersOf(json)).toEqual([
      { name: "a", text: '"}]\\"\\\\"' },
      { name: 'b"', text: '[ "[", {"]":"\\\\"} ]' },
      { name: "c", text: "-1.5e+9" },
      { name: "", text: "null" },
      { name: "d", text: "{}" },
    ]);
    expect(membersOf("{}")).toEqual([]);
    expect(membersOf(" { } ")).toEqual([]);
  });
});

describe("parseBody", () => {
  it("leaves raw members as text and reads the others", () => {
    const body = bodyOf('{"workflow":"x","input": {"n":1.0,"__proto__":1}}', "input");
    expect(body["workflow"]).toBe("x");
    expect(body["input"]).toBeInstanceOf(JsonText);
    expect(inputTextOf(body["input"])).toBe('{"n":1.0,"__proto__":1}');
    expect(inputTextOf(bodyOf("{}", "input")["input"])).toBe("{}");
  });

  it("refuses what would be lost or misread: two members of a name, __proto__, other encodings, what is no JSON", () => {
    const refused: [string | Uint8Array, RegExp][] = [
      ['{"a":1,"\\u0061":2}', /two members named "a"/],
      ['{"a":{"b":[{"__proto__":1}]}}', /__proto__/],
      ['{"a":{"\\u005f\\u005Fproto__":1}}', /__proto__/],
      [Uint8Array.of(0x22, 0xff, 0x22), /not UTF-8/],
      [Uint8Array.of(0xfe, 0xff, 0x00, 0x7b), /not UTF-8/],
      ["{'a':1}", /not JSON/],
      ["NaN", /not JSON/],
      ['{"a":"\u0001"}', /not JSON/],
      ["[1,]", /not JSON/],
    ];
    for (const [body, message] of refused) {
      expect(() => parseBody(typeof body === "string" ? bytesOf(body) : body, ["input"])).toThrow(message);
    }
  });

  it("says where it stops being JSON, and nothing of what stands there", () => {
    for (const text of ['{"password":"hunter2"', '{"password":hunter2}', '"hunter2', "hunter2"]) {
      expect(() => parseBody(bytesOf(text))).toThrow(/^(?![^]*hunter2)[^]*not JSON/);
    }
  });

  it("takes any JSON value, a byte order mark, and nothing at all", () => {
    expect(parseBody(bytesOf("\ufeff[1]"))).toEqual([1]);
    expect(parseBody(bytesOf(" null "), ["input"])).toBeNull();
    expect(parseBody(bytesOf('[{"input":1}]'), ["input"])).toEqual([{ input: 1 }]);
    expect(parseBody(new Uint8Array())).toBeUndefined();
  });

  it("reads deep nesting without falling", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(inputTextOf(bodyOf(`{"input":${deep}}`, "input")["input"])).toBe(deep);
  });
});

it("withRawMember puts the text in as it is", () => {
  expect(withRawMember({ a: 1 }, "input", '{"n":1.0}')).toBe('{"a":1,"input":{"n":1.0}}');
  expect(withRawMember({}, "input", "null")).toBe('{"input":null}');
  expect(withRawMember({ a: undefined }, "input", undefined)).toBe("{}");
});
