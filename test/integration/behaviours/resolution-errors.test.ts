// Errors of modules as an author reads them (B13 to B15).
import { describe, expect, it } from "vitest";
import { hashContent } from "../../../src/modules/content-hash.ts";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

/** Types and an interface in front, so that TypeScript and JavaScript differ in lines. */
const TYPES = "interface Padding {\n  a: number;\n  b: string;\n}\ntype More = { c: Padding };\n";

describe("B13", () => {
  const dependency = `${TYPES}export async function fail(value: More | undefined): Promise<never> {\n  await null;\n  const text: string = "x"; throw new Error(text + String(value));\n}\n`;
  const wf = `import { workflow } from "bifrost";\nimport { fail } from "./dependency";\n${TYPES}export default workflow(async () => {\n  await fail(undefined);\n});\n`;

  it("B13: a stack shows path:line:column of the TypeScript source in dependency and entry, after an await, with each module's hash", async () => {
    const execution = await engine.run({ "dependency.ts": dependency, "wf.ts": wf });
    expect(execution.error?.frames).toEqual([
      { path: "dependency.ts", line: 8, column: 35, hash: hashContent(dependency), functionName: "fail" },
      { path: "wf.ts", line: 9, column: 3, hash: hashContent(wf) },
    ]);
    expect(execution.error?.stack).toBe("Error: xundefined\n    at fail (dependency.ts:8:35)\n    at async wf.ts:9:3");
  });

  it("B13: console and ctx.log map the stacks of Error arguments", async () => {
    const { logs } = await engine.run({
      "wf.ts": workflow(`const error = new Error("shown");\nconsole.error("failed:", error);\nctx.log.warn("also", error);`, TYPES),
    });
    expect(logs[0]?.message).toContain("Error: shown\n    at wf.ts:8:");
    expect(logs[0]?.message).not.toContain("workspace:");
    expect(JSON.stringify(logs[1])).toContain("wf.ts:8:");
  });

  it("B13: an e.stack string that is read inside the room is not mapped", async () => {
    const { result } = await engine.run({ "wf.ts": workflow(`return new Error("raw").stack;`, TYPES) });
    expect(result).toContain("workspace:///wf.ts:");
  });
});

describe("B14", () => {
  it("B14: a syntax error names file, line, column and the importer chain, and is a SyntaxError", async () => {
    const execution = await engine.run({ "a.ts": `import "./broken";`, "broken.ts": "const a = 1;\nconst b = (;\n", "wf.ts": workflow("", `import "./a";`) });
    expect(execution.error).toMatchObject({
      code: "ERR_MODULE_SYNTAX",
      name: "SyntaxError",
      frames: [{ path: "broken.ts", line: 2, column: 12 }],
      details: {
        chain: [
          { path: "wf.ts", line: 2, column: 8 },
          { path: "a.ts", line: 1, column: 8 },
        ],
      },
    });
    expect(execution.error?.message).toMatch(/^broken\.ts:2:12: /);
    expect(execution.error?.message).toContain("wf.ts:2:8 → a.ts:1:8");
  });

  it("B14: so does one that only V8 finds", async () => {
    const execution = await engine.run({
      "a.ts": `import "./broken";`,
      "broken.ts": `${TYPES}let twice = 1;\nlet twice = 2;\n`,
      "wf.ts": workflow("", `import "./a";`),
    });
    expect(execution.error).toMatchObject({
      code: "ERR_MODULE_SYNTAX",
      name: "SyntaxError",
      message: "broken.ts:7:5: Identifier 'twice' has already been declared\nImported by way of wf.ts:2:8 → a.ts:1:8.",
      frames: [{ path: "broken.ts", line: 7, column: 5 }],
    });
  });

  it("B14: broken JSON, and a module that is not UTF-8, are syntax errors too", async () => {
    expect((await engine.run({ "data.json": `{"a": 1,\n  b}`, "wf.ts": workflow("", `import "./data.json";`) })).error).toMatchObject({
      code: "ERR_MODULE_SYNTAX",
      frames: [{ path: "data.json", line: 2, column: 3 }],
    });
    const harness = await engine.harness({ files: { "latin.ts": Uint8Array.of(0x2f, 0x2f, 0xe4), "wf.ts": workflow("", `import "./latin";`) } });
    expect((await harness.run("wf.ts")).error).toMatchObject({
      code: "ERR_MODULE_SYNTAX",
      name: "SyntaxError",
      message: expect.stringContaining("latin.ts") as string,
    });
  });

  it("B14: a missing export names the module, the export, the importer's file and line", async () => {
    const execution = await engine.run({
      "lib/a.ts": "export const tickets = 1;",
      "wf.ts": workflow("", `\nimport { ticket } from "./lib/a"; console.log(ticket);`),
    });
    expect(execution.error).toMatchObject({
      code: "ERR_EXPORT_MISSING",
      name: "SyntaxError",
      message: "The requested module './lib/a' does not provide an export named 'ticket' (imported in wf.ts:3:10). Did you mean 'tickets'?",
      frames: [{ path: "wf.ts", line: 3, column: 10 }],
      details: { export: "ticket", path: "lib/a.ts", importer: "wf.ts", exports: ["tickets"] },
    });
  });

  it("B14: a name that the SDK does not export is told so", async () => {
    const execution = await engine.run({ "wf.ts": `import { workflw } from "bifrost";\nexport default workflw(async () => 1);` });
    expect(execution.error).toMatchObject({ code: "ERR_EXPORT_MISSING", message: expect.stringContaining("Did you mean 'workflow'?") as string });
  });

  it.each(["./absent", "node:fs", "../up", "./broken", "./twice", "./unlinked", "./throws"])(
    "B14: a failed import() of %s rejects with an error of the realm's own class, each time",
    async (name) => {
      const execution = await engine.run({
        "broken.ts": "const = 1;",
        "twice.ts": "let a; let a;",
        "unlinked.ts": `import { none } from "./empty"; console.log(none);`,
        "empty.ts": "export {};",
        "throws.ts": `throw new TypeError("thrown");`,
        "wf.ts": workflow(
          `const seen = []; for (const round of [1, 2]) { const error = await import(${JSON.stringify(name)}).catch((reason) => reason); seen.push([round, error instanceof Error, error instanceof (globalThis as any)[error.name], error.name]); } return seen;`,
        ),
      });
      const wanted = { "./absent": "Error", "node:fs": "Error", "../up": "Error", "./throws": "TypeError" }[name] ?? "SyntaxError";
      expect(execution.result).toEqual([1, 2].map((round) => [round, true, true, wanted]));
    },
  );

  it("B14: type errors do not block a run", async () => {
    expect(
      await engine.run({
        "wf.ts": workflow(
          `const n: number = "text"; return nothing?.(n) ?? n;`,
          "declare const nothing: undefined; const x: Absent = 1 as string;\n(globalThis as any).nothing = undefined;",
        ),
      }),
    ).toMatchObject({ status: "Success", result: "text" });
  });
});

describe("B15", () => {
  it("B15: an exception at a module's top level keeps its class, message, cause and stack", async () => {
    const source = `${TYPES}class ConfigError extends Error { override name = "ConfigError"; }\nthrow new ConfigError("no key", { cause: new TypeError("why", { cause: "deeper" }) });\n`;
    const execution = await engine.run({ "config.ts": source, "wf.ts": workflow("", `import "./config";`) });
    expect(execution.status).toBe("Failed");
    expect(execution.error).toMatchObject({
      name: "ConfigError",
      message: "no key",
      frames: [{ path: "config.ts", line: 7, column: 7 }],
      cause: { name: "TypeError", message: "why", cause: { message: "deeper" } },
    });
    expect(execution.error?.stack).toMatch(/^(Config)?Error: no key\n {4}at config\.ts:7:7/);
    expect(execution.error?.code).toBeUndefined();
  });

  it("B15: it is not cached: the next execution evaluates the module again", async () => {
    const harness = await engine.harness({
      files: { "config.ts": `console.log("evaluated"); throw new Error("at " + Math.random());`, "wf.ts": workflow("", `import "./config";`) },
    });
    const executions = [await harness.run("wf.ts"), await harness.run("wf.ts")];
    expect(executions.map(({ logs }) => logs.map(({ message }) => message))).toEqual([["evaluated"], ["evaluated"]]);
    expect(executions[0]?.error?.message).not.toBe(executions[1]?.error?.message);
  });
});
