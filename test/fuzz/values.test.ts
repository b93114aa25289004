// Random values through a workflow: into it, out of it, into its logs and into its errors, against what Node makes of them.
import { format } from "node:util";
import { runInThisContext } from "node:vm";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Fault, type Execution } from "../../src/testing/index.ts";
import { useEngine } from "../support/engine.ts";
import { expectedResult } from "./result-model.ts";
import { assertTogether } from "./together.ts";
import { tries } from "./tries.ts";
import { anyResult, anyShown, formatText, oddText } from "./value-sources.ts";

const engine = useEngine();

it("B90: a result is what JSON makes of it in Node, or is refused with the path of the first thing that is no plain data", async () => {
  await assertTogether(anyResult, {
    count: 400,
    atOnce: 100,
    async attempt(sources) {
      const workflows = sources.map((source, index) => `export const w${index} = workflow(async () => ${source});`);
      const harness = await engine.harness({ files: { "values.mjs": `import { workflow } from "bifrost";\n${workflows.join("\n")}\n` } });
      const executions = await Promise.all(sources.map((_, index) => harness.run(`values.mjs::w${index}`)));
      await harness.dispose();
      return executions;
    },
    async judge({ status, result, error }, source) {
      const value: unknown = await runInThisContext(source);
      const expected = expectedResult(value);
      if (expected.kind === "threw") expect(error).toMatchObject({ name: expected.name, message: expected.message });
      else if (expected.kind === "refused") {
        expect(error).toMatchObject({ code: "ERR_RESULT_NOT_SERIALIZABLE", details: { path: expected.path } });
        expect(error?.message).toContain(` at ${expected.path}, `);
      } else {
        expect({ error, text: JSON.stringify(result) }).toEqual({ error: undefined, text: expected.text });
        expect(status).toBe((value as { success?: unknown } | undefined | null)?.success === false ? "CompletedWithErrors" : "Success");
      }
    },
  });
});

it("B90: an input arrives as JSON has it, with every key and every text, or is refused before anything runs", async () => {
  const harness = await engine.harness({
    files: { "echo.mjs": `import { workflow } from "bifrost";\nexport default workflow(async (p) => ({ text: JSON.stringify(p), back: p }));\n` },
  });
  await fc.assert(
    fc.asyncProperty(anyResult, async (source) => {
      const input: unknown = runInThisContext(source);
      const text = input === undefined ? "{}" : textOf(input);
      const execution = await harness.run("echo.mjs", input).catch((error: unknown) => error);
      if (text === undefined) expect(execution instanceof Fault && execution.code).toBe("ERR_INPUT_INVALID");
      else {
        expect((execution as Execution).error).toBeUndefined();
        const { text: seen, back } = (execution as Execution).result as { readonly text: string; readonly back: unknown };
        expect([seen, JSON.stringify(back)]).toEqual([text, text]);
      }
    }),
    tries(250),
  );
});

it("B90: any text passes whole through a message, a log line, its data, and the path in an error", async () => {
  const harness = await engine.harness({
    files: {
      "throw.mjs": `import { workflow } from "bifrost";
export default workflow(async ({ text, name }, ctx) => { console.log(text); ctx.log.warn(text, { [text]: text }); throw Object.assign(new Error(text), { name }); });
export const refused = workflow(async ({ text }) => ({ rows: [{ [text]: () => 1 }] }));
`,
    },
  });
  await fc.assert(
    fc.asyncProperty(oddText, oddText, async (text, name) => {
      const [thrown, refused] = await Promise.all([harness.run("throw.mjs", { text, name }), harness.run("throw.mjs::refused", { text })]);
      expect(thrown.logs.map(({ message }) => message)).toEqual([text, text]);
      expect(thrown.logs[1]?.data).toEqual(JSON.parse(JSON.stringify({ [text]: text })));
      expect(thrown.error).toMatchObject({ name, message: text });
      const member = /^[A-Za-z_$][\\w$]*$/.test(text) ? `.${text}` : `[${JSON.stringify(text)}]`;
      expect(refused.error?.details?.["path"]).toBe(`$.rows[0]${member}`);
    }),
    tries(150),
  );
});

it("console.log writes plain data, and any text with directives in it, as Node's util.format does", async () => {
  const line = fc
    .tuple(fc.option(formatText, { nil: undefined }), fc.array(anyShown, { maxLength: 4 }))
    .map(([first, rest]) => `[${[...(first === undefined ? [] : [first]), ...rest].join(", ")}]`);
  await assertTogether(line, {
    count: 600,
    atOnce: 100,
    async attempt(sources) {
      const lines = sources.map((source) => `try { console.log(...${source}); } catch (error) { console.log("threw", error.message); }`);
      const harness = await engine.harness({
        files: { "log.mjs": `import { workflow } from "bifrost";\nexport default workflow(async () => {\n${lines.join("\n")}\n});\n` },
      });
      const { logs, error } = await harness.run("log.mjs");
      await harness.dispose();
      expect(error).toBeUndefined();
      return logs.map(({ message }) => message);
    },
    judge: (message, source) => expect(message).toBe(shownByNode(source)),
  });
});

function shownByNode(source: string): string {
  const values = runInThisContext(source) as unknown[];
  try {
    return format(...values);
  } catch (error) {
    return format("threw", (error as Error).message);
  }
}

function textOf(input: unknown): string | undefined {
  try {
    return JSON.stringify(input);
  } catch {
    return undefined;
  }
}
