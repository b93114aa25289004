// What a module is once it is found: one instance, live, with a place of its own (B11, B12).
import { describe, expect, it } from "vitest";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

describe("B11", () => {
  it("B11: circular imports have live bindings", async () => {
    const execution = await engine.run({
      "a.ts": `import { b } from "./b"; export let a = 1; export const bump = () => { a++; }; export const seesB = () => b();`,
      "b.ts": `import { a } from "./a"; export const b = () => a;`,
      "wf.ts": workflow("bump(); return [a, seesB()];", `import { a, bump, seesB } from "./a";`),
    });
    expect(execution.result).toEqual([2, 2]);
  });

  it("B11: a binding read too early is an error that names the file and line", async () => {
    const execution = await engine.run({
      "a.ts": `import "./b"; export const a = 1;`,
      "b.ts": `import { a } from "./a";\nexport const b = a;`,
      "wf.ts": workflow("", `import "./a";`),
    });
    expect(execution).toMatchObject({
      status: "Failed",
      error: { name: "ReferenceError", message: "Cannot access 'a' before initialization", frames: [{ path: "b.ts", line: 2, column: 18 }] },
    });
    expect(execution.error?.stack).toContain("b.ts:2:18");
  });

  it("B11: a helper that imports the entry gets the same instance, evaluated once", async () => {
    const execution = await engine.run({
      "helper.ts": `import { state } from "./wf"; export const read = () => state; export const later = () => import("./wf");`,
      "wf.ts": workflow(
        "state.n++; return [read() === state, (await later()).state.n, (await import('wf')).state === state];",
        `import { read, later } from "./helper";\nconsole.log("entry");\nexport const state = { n: 0 };`,
      ),
    });
    expect(execution).toMatchObject({ result: [true, 1, true], logs: [{ message: "entry" }] });
  });

  it("B11: in a diamond each module is evaluated once, and listed once", async () => {
    const execution = await engine.run({
      "base.ts": `console.log("base"); export const box = {};`,
      "left.ts": `export { box as left } from "./base";`,
      "right.ts": `export { box as right } from "./base.js";`,
      "wf.ts": workflow("return left === right;", `import { left } from "./left";\nimport { right } from "right";`),
    });
    expect(execution).toMatchObject({ result: true, logs: [{ message: "base" }] });
    expect(execution.modules.map(({ path }) => path)).toEqual(["base.ts", "left.ts", "right.ts", "wf.ts"]);
  });
});

describe("B12", () => {
  it("B12: import() works with literal and computed specifiers, relative to the importing module, and gives the static instance", async () => {
    const execution = await engine.run({
      "lib/a.ts": "export const box = {};",
      "lib/ask.ts": `export const ask = (name: string) => import(name);`,
      "wf.ts": workflow(
        `return [await import("./lib/a") === all, await import("./lib/" + "a") === all, await ask("./a") === all, await ask("lib/a.js") === all, await ask("../lib/a.ts") === all];`,
        `import * as all from "./lib/a";\nimport { ask } from "./lib/ask";`,
      ),
    });
    expect(execution.result).toEqual([true, true, true, true, true]);
  });

  it("B12: what only an import() reaches is listed among the modules once it was imported", async () => {
    const files = { "late.ts": `import "./below"; export default 1;`, "below.ts": "export {};", "wf.ts": workflow(`if (p.late) await import("./late");`) };
    const harness = await engine.harness({ files });
    expect((await harness.run("wf.ts", { late: false })).modules.map(({ path }) => path)).toEqual(["wf.ts"]);
    expect((await harness.run("wf.ts", { late: true })).modules.map(({ path }) => path)).toEqual(["below.ts", "late.ts", "wf.ts"]);
  });

  it("B12: import.meta.url is workspace:///path, filename the path, dirname and resolve work, and importing the URL equals importing the path", async () => {
    const execution = await engine.run({
      "lib/größe #1.ts": `export const meta = import.meta;`,
      "wf.ts": workflow(
        `return [meta.url, meta.filename, meta.dirname, meta.resolve("./b"), meta.resolve("../c.ts"), meta.resolve("shared/x"), meta.resolve("bifrost"), import.meta.dirname, (await import(meta.url)).meta === meta, (await import(meta.resolve("./größe #1"))).meta === meta];`,
        `import { meta } from "./lib/größe #1";`,
      ),
    });
    expect(execution.result).toEqual([
      "workspace:///lib/größe #1.ts",
      "lib/größe #1.ts",
      "lib",
      "workspace:///lib/b",
      "workspace:///c.ts",
      "workspace:///shared/x",
      "bifrost",
      "",
      true,
      true,
    ]);
  });

  it("B12: JSON modules work with and without the attribute", async () => {
    const execution = await engine.run({
      "data.json": `{"a": [1]}`,
      "wf.ts": workflow(
        `return [bare, bare === given, (await import("./data.json")).default === bare, (await import("./data.json", { with: { type: "json" } })).default === bare];`,
        `import bare from "./data.json";\nimport given from "./data.json" with { type: "json" };`,
      ),
    });
    expect(execution.result).toEqual([{ a: [1] }, true, true, true]);
  });

  it("B12: top-level await works", async () => {
    const execution = await engine.run({
      "slow.ts": "export const slow = await new Promise((resolve) => setTimeout(resolve, 3, 'done'));",
      "wf.ts": workflow("return slow;", `import { slow } from "./slow";`),
    });
    expect(execution.result).toBe("done");
  });

  it("B12: a rejection of top-level await fails the run", async () => {
    const execution = await engine.run({
      "slow.ts": "\nawait new Promise((_, reject) => setTimeout(() => reject(new RangeError('late')), 3));",
      "wf.ts": workflow("return 1;", `import "./slow";`),
    });
    expect(execution).toMatchObject({ status: "Failed", error: { name: "RangeError", message: "late", frames: [{ path: "slow.ts", line: 2 }] } });
  });

  it("B12: a top-level await that never settles is a timeout, in the entry's graph and in an import()", async () => {
    const files = { "never.ts": "await new Promise(() => {});" };
    const timeout = { status: "Timeout", error: { code: "ERR_TIMEOUT_WALL" } };
    expect(await engine.run({ ...files, "wf.ts": workflow("return 1;", `import "./never";`) }, { timeoutMs: 300 })).toMatchObject(timeout);
    expect(await engine.run({ ...files, "wf.ts": workflow(`await import("./never");`) }, { timeoutMs: 300 })).toMatchObject(timeout);
  });
});
