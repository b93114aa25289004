import { describe, expect, it } from "vitest";
import { codeFrame } from "../../../src/modules/code-frame.ts";
import { mapPosition, mapStack, mapText } from "../../../src/modules/source-positions.ts";
import type { MappedModule } from "../../../src/modules/source-positions.ts";
import { compile } from "./sample-modules.ts";

const SOURCE = `// comment\ninterface Gone {\n  a: string;\n}\nexport function fail(x: Gone): never {\n  throw new Error(x.a);\n}\n`;
const compiled = compile(SOURCE);
const module: MappedModule = { hash: "h".repeat(64), compiled };
const moduleOf = (path: string): MappedModule | undefined => (path.startsWith("lib/") ? module : undefined);
const thrown = compiled.js.split("\n").findIndex((line) => line.includes("throw new")) + 1;

describe("positions", () => {
  it("B13: a stack shows path, line and column of the source and carries each module's hash", () => {
    const mapped = mapStack(`Error: boom\n    at fail (workspace:///lib/a.ts:${thrown}:11)\n    at workspace:///lib/b c (1).ts:${thrown}:11`, moduleOf);
    expect(mapped.stack).toBe("Error: boom\n    at fail (lib/a.ts:6:9)\n    at lib/b c (1).ts:6:9");
    expect(mapped.frames).toEqual([
      { path: "lib/a.ts", line: 6, column: 9, hash: module.hash, functionName: "fail" },
      { path: "lib/b c (1).ts", line: 6, column: 9, hash: module.hash },
    ]);
  });

  it("B13: async, constructor, eval and native forms are kept", () => {
    const place = `workspace:///lib/a.ts:${thrown}:11`;
    const stack = [
      `TypeError: x`,
      `    at async Thing.run [as go] (${place})`,
      `    at new Thing (${place})`,
      `    at async ${place}`,
      `    at Array.map (<anonymous>)`,
      `    at async Promise.all (index 0)`,
      `    at eval (eval at f (${place}), <anonymous>:1:1)`,
    ];
    const mapped = mapStack(stack.join("\n"), moduleOf);
    expect(mapped.stack).toBe(stack.join("\n").replaceAll(place, "lib/a.ts:6:9"));
    expect(mapped.frames.map((each) => each.functionName)).toEqual(["Thing.run [as go]", "new Thing", undefined, "eval"]);
  });

  it("B84: frames of ours are dropped, so no name of a host file is shown", () => {
    const stack = `Error: boom\n    at fail (workspace:///lib/a.ts:${thrown}:11)\n    at invoke (bifrost:room:3:4)\n    at (<isolated-vm boundary>)\n    at Object.run (file:///srv/app/src/x.ts:1:2)\n    at node:internal/process:1:2\n    at /srv/app.js:1:2`;
    expect(mapStack(stack, moduleOf).stack).toBe("Error: boom\n    at fail (lib/a.ts:6:9)");
  });

  it("B13: messages of several lines stay, and places in them are mapped too", () => {
    expect(mapStack(`Error: one\ntwo\n  three\n    at workspace:///lib/a.ts:${thrown}:11`, moduleOf).stack).toBe(
      "Error: one\ntwo\n  three\n    at lib/a.ts:6:9",
    );
    expect(mapText(`Unexpected token [workspace:///lib/a.ts:${thrown}:11]`, moduleOf)).toBe("Unexpected token [lib/a.ts:6:9]");
  });

  it("a module that is not known keeps its position, and a JSON module has the same text in both", () => {
    expect(mapStack(`Error: x\n    at workspace:///other.ts:3:4`, moduleOf)).toEqual({ stack: "Error: x\n    at other.ts:3:4", frames: [] });
    expect(mapPosition({ hash: "h", compiled: compile("{}", "json") }, { line: 1, column: 5 })).toEqual({ line: 1, column: 5 });
  });

  it("B13: code before the author's own, such as the import of import.meta, does not shift lines", () => {
    const shifted = compile(`\n\nconsole.log(import.meta.url);\nthrow new Error("x");`);
    const line = shifted.js.split("\n").findIndex((each) => each.startsWith("throw")) + 1;
    expect(mapPosition({ hash: "h", compiled: shifted }, { line, column: 7 })).toEqual({ line: 4, column: 7 });
  });
});

describe("stacks that an author has written", () => {
  // A million characters of them took 14 s of the supervisor; a test that waits that long is ended by its runner.
  it.each([
    ["beginnings of places", "workspace:///".repeat(77_000)],
    ["places without an end", "workspace:///a:1:1;".repeat(53_000)],
    ["colons", `workspace:///${":1".repeat(500_000)}`],
    ["digits", `workspace:///a:${"1".repeat(500_000)}:${"2".repeat(500_000)}`],
    ["names", `${"(".repeat(500_000)}workspace:///${" (".repeat(250_000)}`],
    ["async", "async ".repeat(170_000)],
  ])("a million characters of %s are mapped in time that grows with the text alone", { timeout: 5000 }, (_what, text) => {
    for (const line of [text, `    at ${text}`, `    at f (${text})`]) expect(mapStack(`Error: x\n${line}`, moduleOf).frames).toEqual([]);
    expect(mapText(text, moduleOf).length).toBeGreaterThan(0);
  });

  it("a place before the first line or column, or beyond the last, is no place: it gives no frame and breaks nothing", () => {
    for (const place of ["0:1", "1:0", "0:0", "999999999:1", "1:9999999999"]) {
      const { frames, stack } = mapStack(`Error: x\n    at f (workspace:///lib/a.ts:${place})`, moduleOf);
      expect([stack.split("\n")[0], frames.filter(({ line, column }) => !Number.isSafeInteger(line) || line < 1 || column < 1)]).toEqual(["Error: x", []]);
      expect(mapText(`see workspace:///lib/a.ts:${place}`, moduleOf)).toContain("lib/a.ts");
    }
  });

  it("of more frames than anybody reads, the first thousand are shown", () => {
    const stack = `Error: x\n${Array.from({ length: 5000 }, (_, index) => `    at workspace:///other.ts:${index + 1}:1`).join("\n")}`;
    const lines = mapStack(stack, moduleOf).stack.split("\n");
    expect(lines).toHaveLength(1001);
    expect(lines.at(-1)).toBe("    at other.ts:1000:1");
  });
});

describe("code frame", () => {
  it("marks the place in the source, without colour unless asked", async () => {
    const frame = await codeFrame("a\r\nbc d\r\ne", { line: 2, column: 4 });
    expect(frame).toBe("  1 | a\n> 2 | bc d\n    |    ^\n  3 | e");
    expect(await codeFrame("const a = 1", { line: 1, column: 7 }, { color: true })).toContain("\u001B[");
    expect(await codeFrame("a", { line: 9, column: 1 })).toBe("");
  });
});
