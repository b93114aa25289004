// Compiled code and the workspace's tsconfig.json, as runs meet them over a real Redis and a real PostgreSQL (B34).
import { createHash, randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { workflow } from "../../support/engine.ts";
import { during, useStoredWorld, waiting } from "../../support/stored-world.ts";

const world = useStoredWorld();

const tsconfig = (compilerOptions: Readonly<Record<string, unknown>>): string => JSON.stringify({ compilerOptions });

it("B34: experimentalDecorators and useDefineForClassFields count as they stand in the snapshot, from the next run on", async () => {
  const source = workflow(
    "return [kind, new Child().set];",
    `let kind = "none";
function mark(_target: any, context: any): any { kind = typeof context === "string" ? "experimental" : context?.kind; }
class Marked { @mark method() {} }
class Parent { set = "parent"; }
class Child extends Parent { declare private x: number; override set: any; constructor() { super(); } }
void Marked;`,
  );
  const harness = await world.harness({ files: { "wf.ts": source } });
  expect((await harness.run("wf.ts")).result).toEqual(["method", null]);
  await harness.write({ "tsconfig.json": tsconfig({ experimentalDecorators: true, useDefineForClassFields: false }) });
  expect((await harness.run("wf.ts")).result).toEqual(["experimental", "parent"]);
  await harness.write({ "tsconfig.json": null });
  expect((await harness.run("wf.ts")).result).toEqual(["method", null]);
});

it("B34: jsx options count, and options that are not honoured change nothing", async () => {
  const files = {
    "wf.ts": workflow("return view;", `import { view } from "./view.tsx";`),
    "view.tsx": `const h = (tag: string, _props: unknown, ...children: unknown[]) => [tag, ...children]; const other = (tag: string) => "other " + tag; void h; void other;\nexport const view = <p>text</p>;`,
  };
  const harness = await world.harness({
    files: {
      ...files,
      "tsconfig.json": tsconfig({
        jsx: "react",
        jsxFactory: "h",
        target: "ES5",
        baseUrl: "./nowhere",
        paths: { "./view.tsx": ["./wf.ts"] },
        module: "commonjs",
      }),
    },
  });
  expect((await harness.run("wf.ts")).result).toEqual(["p", "text"]);
  await harness.write({ "tsconfig.json": tsconfig({ jsx: "react", jsxFactory: "other" }) });
  expect((await harness.run("wf.ts")).result).toBe("other p");
});

it("B34: a tsconfig.json that changes during a run does not reach what the run imports later", async () => {
  const files = {
    "wf.ts": waiting(`return (await import("./late")).kind;`),
    "late.ts": `export let kind = "none"; function mark(_t: any, context: any): any { kind = typeof context === "string" ? "experimental" : context.kind; } class Marked { @mark method() {} } void Marked;`,
    "tsconfig.json": tsconfig({ experimentalDecorators: true }),
  };
  const harness = await world.harness({ files });
  const execution = await during(harness, { act: () => harness.write({ "tsconfig.json": null }), again: () => harness.write(files) });
  expect(execution.result).toBe("experimental");
  expect((await harness.run("wf.ts", { waitMs: 0 })).result).toBe("method");
});

it("B34: the same content at two paths shares its compiled code, and each still shows its own path in a stack", async () => {
  const shared = `// ${randomUUID()}\nexport function fail(): never {\n  throw new Error("here");\n}\n`;
  const harness = await world.harness({
    files: { "wf.ts": workflow(`const { fail } = await import(p.at); fail();`), "one.ts": shared, "deep/er/two.ts": shared },
  });
  await harness.executor.settled();
  const hash = createHash("sha256").update(shared).digest("hex");
  expect(await world.rows("select count(*)::int as n from compiled where source_hash = $1", [hash])).toEqual([{ n: 1 }]);
  for (const [at, path] of [
    ["./one", "one.ts"],
    ["./deep/er/two", "deep/er/two.ts"],
  ]) {
    const { error } = await harness.run("wf.ts", { at });
    expect(error?.frames[0]).toMatchObject({ path, line: 3, column: 9, hash });
    expect(error?.stack).toContain(`${path}:3:9`);
  }
});

it("B34: compiled code is made once at save, and not again by any host's run; changed content never runs old code", async () => {
  const name = randomUUID();
  const source = (n: number): string => workflow(`return ${n};`, `// ${name}`);
  const harness = await world.harness({ workspace: name, files: { "wf.ts": source(0) } });
  await harness.executor.settled();
  let compiled = 0;
  for (let n = 1; n <= 10; n += 1) {
    await harness.write({ "wf.ts": source(n) });
    const host = await world.host(name, ({ compile }) => ({
      compile: async (jobs) => {
        compiled += jobs.length;
        return await compile(jobs);
      },
    }));
    expect((await host.run("wf.ts", "{}")).result).toBe(n);
    expect((await harness.run("wf.ts")).result).toBe(n);
  }
  expect(compiled).toBe(0);
  await harness.write({ "wf.ts": source(3) });
  expect((await harness.run("wf.ts")).result).toBe(3);
});
