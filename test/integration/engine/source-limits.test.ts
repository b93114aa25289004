// Limits on source (ERR_SOURCE_TOO_LARGE, ERR_CLOSURE_TOO_LARGE, ERR_NESTING_LIMIT): kept at the limit, refused one beyond
// it, with code, limit, amount and place; and what hostile sources and names cost is nobody else's.
import { describe, expect, it } from "vitest";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();
const MB = 1024 * 1024;

describe("a module's source", () => {
  const padded = (text: string, bytes: number): string => text + " ".repeat(bytes - Buffer.byteLength(text));
  const MODULES: Readonly<Record<string, readonly [name: string, text: string]>> = {
    TypeScript: ["lib.ts", "export default 'ä';"],
    JavaScript: ["lib.js", "export default 'ä';"],
    JSON: ["lib.json", '"ä"'],
  };

  it.each(Object.entries(MODULES))("of exactly the limit is run, one byte more is ERR_SOURCE_TOO_LARGE: %s", async (_title, [name, text]) => {
    const wf = { "wf.ts": workflow("return value;", 'import value from "./mid.ts";'), "mid.ts": `export { default } from "./${name}";` };
    const harness = await engine.harness({ files: { ...wf, [name]: padded(text, 2000) }, limits: { sourceBytes: 2000 } });
    expect(await harness.run("wf.ts")).toMatchObject({ status: "Success", result: "ä" });
    const { diagnostics } = await harness.write({ [name]: padded(text, 2001) });
    expect(diagnostics).toMatchObject([{ path: name, severity: "error", message: expect.stringContaining("2001 bytes; at most 2000") as string }]);
    const execution = await harness.run("wf.ts");
    expect(execution).toMatchObject({
      status: "Failed",
      error: {
        code: "ERR_SOURCE_TOO_LARGE",
        details: {
          path: name,
          limit: 2000,
          amount: 2001,
          chain: [
            { path: "wf.ts", line: 2 },
            { path: "mid.ts", line: 1 },
          ],
        },
      },
    });
    expect(execution.error?.message).toContain(`${name}: The source has 2001 bytes; at most 2000 are allowed.`);
    expect(execution.error?.message).toContain("Imported by way of wf.ts:2:19 → mid.ts:1:25");
  });

  it("of 1 MB is run by default, one byte more is not, and a run may ask for less", async () => {
    const files = { "wf.ts": workflow("return 'ran';", 'import "./large.ts";'), "large.ts": padded("export {};//", MB) };
    const harness = await engine.harness({ files });
    expect(await harness.run("wf.ts")).toMatchObject({ status: "Success" });
    expect(await harness.run("wf.ts", {}, { sourceBytes: 1000 })).toMatchObject({ error: { details: { limit: 1000, amount: MB } } });
    await harness.write({ "large.ts": padded("export {};//", MB + 1) });
    expect(await harness.run("wf.ts")).toMatchObject({ error: { code: "ERR_SOURCE_TOO_LARGE", details: { limit: MB, amount: MB + 1 } } });
  });

  it("that an import() asks for is refused there, and the workflow may go on", async () => {
    const files = { "wf.ts": workflow("return await import('./large.ts').catch((error) => [error.name, error.message]);"), "large.ts": " ".repeat(501) };
    expect(await (await engine.harness({ files, limits: { sourceBytes: 500 } })).run("wf.ts")).toMatchObject({
      result: ["Error", expect.stringContaining("large.ts: The source has 501 bytes; at most 500 are allowed.") as string],
    });
  });
});

describe("modules", () => {
  const many = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}.ts`, `export default ${index};`]));
  const importing = (count: number): string => Array.from({ length: count }, (_, index) => `import "./m${index}.ts";`).join("\n");

  it("as many as the limit are linked, one more is ERR_CLOSURE_TOO_LARGE with limit and amount", async () => {
    const harness = await engine.harness({ files: { ...many(10), "wf.ts": workflow("return 1;", importing(9)) }, limits: { modules: 10 } });
    expect(await harness.run("wf.ts")).toMatchObject({ status: "Success" });
    await harness.write({ "wf.ts": workflow("return 1;", importing(10)) });
    expect(await harness.run("wf.ts")).toMatchObject({ error: { code: "ERR_CLOSURE_TOO_LARGE", details: { path: "wf.ts", limit: 10, amount: 11 } } });
  });

  it("that are imported one by one are counted together: what was linked goes on, one more is refused with its place, each time", async () => {
    const body = `
      const seen: unknown[] = [];
      for (let index = 0; index < 30; index++) await import("./m" + (index % 15) + ".ts").then(() => seen.push(index), (error) => seen.push([index, /has (.*) are allowed/.exec(error.message)?.[1]]));
      return seen;`;
    const execution = await (await engine.harness({ files: { ...many(15), "wf.ts": workflow(body) }, limits: { modules: 10 } })).run("wf.ts");
    const refused = (index: number): unknown => (index % 15 < 9 ? index : [index, "11 modules; at most 10"]);
    expect(execution.result).toEqual(Array.from({ length: 30 }, (_, index) => refused(index)));
  });

  it("that are too many where nobody catches it end the execution, with the import() that asked for them", async () => {
    const body = 'for (let index = 0; index < 15; index++) await import("./m" + index + ".ts");';
    const execution = await (await engine.harness({ files: { ...many(15), "wf.ts": workflow(body) }, limits: { modules: 10 } })).run("wf.ts");
    expect(execution).toMatchObject({
      status: "Failed",
      error: { code: "ERR_CLOSURE_TOO_LARGE", details: { limit: 10, amount: 11, specifier: "./m9.ts", importer: "wf.ts", line: 3 } },
    });
    expect(execution.error?.message).toContain('Cannot import "./m9.ts" in wf.ts:3:');
  });

  it("of which each is the door to the same hundreds are not gone through for each without end", async () => {
    const shared = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`s${index}.ts`, index === 49 ? "export {};" : `import "./s${index + 1}.ts";`]));
    const doors = Object.fromEntries(Array.from({ length: 49 }, (_, index) => [`d${index}.ts`, `import "./s0.ts"; export default ${index};`]));
    const body = 'let opened = 0; for (let index = 0; index < 49; index++) { await import("./d" + index + ".ts"); opened++; } return opened;';
    const files = { ...shared, ...doors, "wf.ts": workflow(body) };
    expect((await (await engine.harness({ files, limits: { modules: 150 } })).run("wf.ts")).result).toBe(49);
    expect(await (await engine.harness({ files, limits: { modules: 100 } })).run("wf.ts")).toMatchObject({
      error: { code: "ERR_CLOSURE_TOO_LARGE", details: { limit: 2000 } },
    });
  });
});

describe("nesting", () => {
  const deep = (depth: number): string => `export const a = ${"[".repeat(depth - 3)}${"]".repeat(depth - 3)};`;

  it("at the limit is run, one deeper is ERR_NESTING_LIMIT with place, limit and amount, by default and by the workspace's own", async () => {
    for (const [limit, limits] of [
      [500, {}],
      [50, { nesting: 50 }],
      [1500, { nesting: 1500 }],
    ] as const) {
      const harness = await engine.harness({ files: { "wf.ts": workflow("return 'ran';", 'import "./deep.ts";'), "deep.ts": deep(limit) }, limits });
      expect(await harness.run("wf.ts")).toMatchObject({ status: "Success", result: "ran" });
      const { diagnostics } = await harness.write({ "deep.ts": deep(limit + 1) });
      expect(diagnostics).toMatchObject([{ path: "deep.ts", line: 1, severity: "error" }]);
      expect(await harness.run("wf.ts")).toMatchObject({
        error: { code: "ERR_NESTING_LIMIT", details: { path: "deep.ts", line: 1, column: limit + 15, limit, amount: limit + 1, chain: [{ path: "wf.ts" }] } },
      });
    }
  });

  it("that is a chain for people is run: 3,000 branches of else if, 2,000 terms of a text, 1,000 links", async () => {
    const files = {
      "wf.ts": workflow("return [branch(2999), text.length, end];", 'import { branch, text, end } from "./long.ts";'),
      "long.ts": `export function branch(a: number) { ${Array.from({ length: 3000 }, (_, index) => `if (a === ${index}) { return ${index}; } else `).join("")} { return -1; } }
        export const text = ${"'12345' + ".repeat(2000)}'';
        export const end = [1]${".slice(0)".repeat(1000)}[0];`,
    };
    expect(await engine.run(files, { timeoutMs: 60_000 })).toMatchObject({ status: "Success", result: [2999, 10_000, 1] });
  });

  it("a bomb is saved, with an error where it is, and harms only who imports it: the workflow that stood there stays known", async () => {
    const harness = await engine.harness({ files: { "wf.ts": workflow("return 'fine';"), "other.ts": workflow("return 'other';") } });
    const { changed, diagnostics } = await harness.write({ "wf.ts": `export default ${"`${".repeat(100_000)}` });
    expect([changed, diagnostics.map(({ path, severity }) => [path, severity])]).toEqual([true, [["wf.ts", "error"]]]);
    expect((await harness.executor.executables()).map(({ path, active }) => [path, active]).toSorted()).toEqual([
      ["other.ts", true],
      ["wf.ts", true],
    ]);
    expect(await harness.run("wf.ts")).toMatchObject({ status: "Failed", error: { code: "ERR_NESTING_LIMIT", details: { path: "wf.ts" } } });
    expect(await harness.run("other.ts")).toMatchObject({ status: "Success", result: "other" });
  });
});

describe("hostile names", () => {
  const NAMES = ["__proto__", "constructor", "hasOwnProperty", "toString", "then", "toJSON", "valueOf", "length"];

  it("of files and folders are names like others: saved, listed, imported, moved, run and told", async () => {
    const files = Object.fromEntries(
      NAMES.flatMap((name) => [
        [`${name}/x.ts`, `export default "${name}/x";`],
        [`${name}.ts`, `export default "${name}";`],
      ]),
    );
    const imports = NAMES.flatMap((name, index) => [`import a${index} from "./${name}/x";`, `import b${index} from "${name}.ts";`]).join("\n");
    const all = NAMES.flatMap((_, index) => [`a${index}`, `b${index}`]).join(", ");
    const harness = await engine.harness({
      files: {
        ...files,
        "wf.ts": workflow(
          `return [${all}, ...await Promise.all(${JSON.stringify(NAMES)}.map(async (name: string) => (await import("./" + name)).default))];`,
          imports,
        ),
      },
    });
    const expected = [...NAMES.flatMap((name) => [`${name}/x`, name]), ...NAMES];
    const execution = await harness.run("wf.ts");
    expect(execution).toMatchObject({ status: "Success", result: expected });
    expect(execution.modules.map(({ path }) => path).toSorted()).toEqual([...Object.keys(files), "wf.ts"].toSorted());
    expect((await harness.executor.files()).map(({ path }) => path).toSorted()).toEqual([...Object.keys(files), "wf.ts"].toSorted());
    await harness.executor.move("__proto__/x.ts", "constructor/__proto__.ts");
    expect(await harness.run("wf.ts")).toMatchObject({ error: { code: "ERR_MODULE_NOT_FOUND", details: { specifier: "./__proto__/x" } } });
  });

  it("10,000 import()s that fail in a workspace of 3,000 files are each refused, and the next run of another workspace is answered", async () => {
    const files = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`some/folder/module-${index}.ts`, `export default ${index};`]));
    const body = `let refused = 0; for (let index = 0; index < 10_000; index++) await import("./some/folder/modul-" + index + "x").catch(() => refused++); return refused;`;
    const harness = await engine.harness({ files: { ...files, "wf.ts": workflow(body) } });
    const flood = harness.run("wf.ts", {}, { timeoutMs: 100_000 });
    expect(await engine.run({ "wf.ts": workflow("return 'alive';") })).toMatchObject({ result: "alive" });
    expect(await flood).toMatchObject({ status: "Success", result: 10_000 });
  }, 120_000);
});

it("what is a bomb in time is told so, remembered, and leaves the next workspace's compiling alone", async () => {
  const bomb = `export default ${"async(".repeat(60)}`;
  const files = { "wf.ts": workflow("return 'ran';", 'import "./bomb.ts";'), "bomb.ts": "export {};" };
  const harness = await engine.harness({ files, workspace: "hostile" });
  const saving = harness.write({ "bomb.ts": bomb });
  expect(await (await engine.harness({ files, workspace: "good" })).run("wf.ts")).toMatchObject({ result: "ran" });
  expect((await saving).diagnostics).toMatchObject([
    { path: "bomb.ts", severity: "error", message: expect.stringContaining("more complex than may be compiled") as string },
  ]);
  for (let time = 0; time < 3; time += 1) {
    expect(await harness.run("wf.ts")).toMatchObject({ error: { code: "ERR_NESTING_LIMIT", details: { path: "bomb.ts", reason: "time", limit: 5000 } } });
  }
}, 60_000);
