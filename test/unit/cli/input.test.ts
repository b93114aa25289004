// The input on the command line: where it comes from, how -p is read, and how a mistake in it is shown.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseParameter, readInput } from "../../../src/cli/input.ts";
import { findJsonProblem } from "../../../src/cli/json-place.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "bifrost-input-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function* chunks(...texts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === "string" ? new TextEncoder().encode(text) : text;
}

function read(input: string | undefined, parameters: readonly string[] = [], stdin = chunks()): Promise<string> {
  return readInput({ input, parameters }, { stdin: () => stdin });
}

describe("the input", () => {
  it("is {} where none is given", async () => {
    await expect(read(undefined)).resolves.toBe("{}");
  });

  it("is passed on as it was written, so that long numbers and repeated keys are the workflow's to see", async () => {
    const text = '{ "id": 12345678901234567890, "a": 1, "a": 2 }';
    await expect(read(text)).resolves.toBe(text);
  });

  it("comes from a file with @, and from standard input with -, a byte order mark left out", async () => {
    await writeFile(join(directory, "input.json"), '\uFEFF{"a":1}\n');
    await expect(read(`@${join(directory, "input.json")}`)).resolves.toBe('{"a":1}\n');
    const [begin, end] = [Buffer.from('{"a":"é"}').subarray(0, 7), Buffer.from('{"a":"é"}').subarray(7)];
    await expect(read("-", [], chunks(begin, end))).resolves.toBe('{"a":"é"}');
  });

  it("takes -p over the whole, the last one of a key, and keys of any name", async () => {
    const text = await read('{"days":1,"who":"ada"}', ["days=2", "days=30", "__proto__=x", "more=a=b"]);
    expect(text).toBe('{"days":30,"who":"ada","__proto__":"x","more":"a=b"}');
  });

  it.for([
    ["days=30", 30],
    ["on=true", true],
    ["none=null", null],
    ["list=[1,2]", [1, 2]],
    ['zip="01234"', "01234"],
    ["zip=01234", "01234"],
    ["name=Ada Lovelace", "Ada Lovelace"],
    ["empty=", ""],
  ] as const)("reads -p %s as JSON where it parses, else as text", ([text, value]) => {
    expect(parseParameter(text)).toEqual([text.slice(0, text.indexOf("=")), value]);
  });

  it.for(["days", "=30", ""])("refuses -p %j as usage", (text) => {
    expect(() => parseParameter(text)).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID", name: "UsageError" }));
  });

  it.for(["[1]", "3", '"x"', "null"])("refuses -p over %s, which has no keys", async (text) => {
    await expect(read(text, ["a=1"])).rejects.toMatchObject({ code: "ERR_INPUT_INVALID", details: { expected: "an object" } });
  });

  it("B90: is refused with line and column of the mistake, and what stands there", async () => {
    await expect(read('{\n  "days": 30,\n  who: 1\n}')).rejects.toMatchObject({
      code: "ERR_INPUT_INVALID",
      message: "--input is not JSON at 3:3: expected a key in double quotes, found 'w'.",
      details: { line: 3, column: 3, text: "  who: 1" },
    });
  });

  it("names the file that is missing, a directory, or no text", async () => {
    await expect(read(`@${directory}/none.json`)).rejects.toThrow(/none\.json" cannot be read: there is none/u);
    await expect(read(`@${directory}`)).rejects.toThrow(/cannot be read: it is a directory/u);
    await expect(read("-", [], chunks(new Uint8Array([34, 255, 34])))).rejects.toThrow("The input in standard input is not UTF-8 text.");
  });
});

describe("the place where text stops being JSON", () => {
  it.for([
    ["", 1, 1, "the end of the text", "a value"],
    ["hello", 1, 1, "'h'", "a value"],
    ['{"a": tru}', 1, 7, "'t'", "a value"],
    ["[1,]", 1, 4, "']'", "a value"],
    ["[,1]", 1, 2, "','", "a value, or ']'"],
    ['{"a":1,}', 1, 8, "'}'", "a key in double quotes"],
    ['{"a" 1}', 1, 6, "'1'", "':'"],
    ["[1 2]", 1, 4, "'2'", "',' or ']'"],
    ['{"a":1', 1, 7, "the end of the text", "',' or '}'"],
    ["1 1", 1, 3, "'1'", "nothing more"],
    ["01", 1, 1, "'0'", "a value"],
    ['["a\nb"]', 1, 4, "a line break or control character inside the string", "the string to end with '\"'"],
    ['\n\n ["\\q"]', 3, 4, "'\\'", 'an escape that JSON has, such as \\n or \\"'],
    ["[\n'x']", 2, 1, "'''", "a value, or ']'"],
  ] as const)("of %j is %i:%i, with %s where %s was expected", ([text, line, column, found, expected]) => {
    expect(findJsonProblem(text)).toEqual({ line, column, found, expected });
  });

  it("is found exactly where JSON.parse fails", () => {
    const fragments = fc.array(
      fc.constantFrom("{", "}", "[", "]", ",", ":", '"', '"a"', "1", "-", ".5", "e3", "true", "nul", " ", "\n", "\\", "\\u00e9", "0", "\u0001", "é"),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fragments.map((parts) => parts.join("")),
          fc.json(),
          fc.string(),
        ),
        (text) => {
          expect(findJsonProblem(text) === undefined).toBe(parses(text));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("is found in text that is nested deeply", () => {
    expect(findJsonProblem("[".repeat(200_000))).toMatchObject({ column: 200_001, found: "the end of the text" });
  });
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
