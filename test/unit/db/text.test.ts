import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeText, encodeText, originalJson, storableJson } from "../../../db/text.ts";

const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) });

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\u0000");
}

describe("text for the database", () => {
  it("any text becomes storable and comes back as it was; equal texts stay equal, others stay different", () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        expect(isStorable(encodeText(one))).toBe(true);
        expect(decodeText(encodeText(one))).toBe(one);
        expect(encodeText(one) === encodeText(other)).toBe(one === other);
      }),
    );
  });

  it("ordinary text stays readable; what looks encoded is encoded once more", () => {
    expect(encodeText("close-stale-tickets ✓ 😀")).toBe("close-stale-tickets ✓ 😀");
    for (const text of ["\u0001json:", '\u0001json:"x"', "\u0000", "\ud800"]) expect(decodeText(encodeText(text))).toBe(text);
  });

  it("any JSON becomes storable and means the same afterwards", () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: "binary" }), anyText, (value, text) => {
        const json = JSON.stringify({ value, [text]: text });
        expect(originalJson(storableJson(json))).toBe(json);
      }),
    );
    expect(storableJson('"\ud800 \ud83d\ude00"')).toBe('"\\ud800 \ud83d\ude00"');
  });

  it("JSON nested too deep for a server becomes a flat string, and brackets within strings do not count", () => {
    const deep = `{"a]":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    expect(JSON.parse(storableJson(deep))).toBeTypeOf("string");
    expect(originalJson(storableJson(deep))).toBe(deep);
    for (const flat of [
      JSON.stringify("[".repeat(5_000)),
      JSON.stringify({ 'a\\"[': '\\\\"'.repeat(2_000) + "{".repeat(2_000) }),
      `[${"[],".repeat(5_000)}0]`,
    ]) {
      expect(storableJson(flat)).toBe(flat);
    }
  });
});
