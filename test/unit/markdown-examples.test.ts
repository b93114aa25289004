// Which parts of a README promise to run, and what counts as the output they promise.
import { describe, expect, it } from "vitest";
import { findExamples, matches } from "../support/markdown-examples.ts";

describe("examples in Markdown", () => {
  it("are the fences that say so, in order, with the line they begin in", () => {
    const text = ["# T", "```ts file=a/b.ts", "export {};", "```", "```ts", "not run", "```", "```ts run", "console.log(1);", "```"].join("\n");
    expect(findExamples(text)).toEqual([
      { kind: "file", line: 2, path: "a/b.ts", content: "export {};\n" },
      { kind: "program", line: 8, content: "console.log(1);\n" },
    ]);
  });

  it("have sessions of commands, continued lines and output", () => {
    const text = ["```console run exit=4", "$ one \\", "  two", "out", "", "more", "$ three", "```"].join("\n");
    expect(findExamples(text)).toEqual([
      {
        kind: "session",
        line: 1,
        exitCode: 4,
        steps: [
          { command: "one \\\n  two", output: "out\n\nmore" },
          { command: "three", output: "" },
        ],
      },
    ]);
  });

  it("that are never closed are an error", () => {
    expect(() => findExamples("```ts run\nx")).toThrow("line 1 is never closed");
  });
});

describe("promised output", () => {
  it.for([
    ["a\nb", "a\nb\n", true],
    ["a\n…\nd", "a\nb\nc\nd", true],
    ["a\n…", "a", true],
    ["took … ms", "took 12.5 ms", true],
    ["took … ms", "took 12.5 s", false],
    ["{}.*", "{}xx", false],
    ["", "anything", false],
    ["…", "anything\nat all", true],
  ] as const)("%j stands for %j: %s", ([pattern, text, expected]) => {
    expect(matches(pattern, text)).toBe(expected);
  });
});
