// Which file an import finds (B1 to B6), seen by what a run of it returns.
import { describe, expect, it } from "vitest";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

/** Files whose default export is their own path. */
function named(...paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path, path.endsWith(".json") ? JSON.stringify(path) : `export default ${JSON.stringify(path)};`]));
}

/** What each specifier leads to from `from`, statically and dynamically alike; the code where it fails. */
async function found(specifiers: readonly string[], files: Readonly<Record<string, string>>, from = "wf.ts"): Promise<unknown> {
  const list = specifiers.map((specifier) => JSON.stringify(specifier));
  const source = workflow(
    `const dynamic = []; for (const name of [${list.join(", ")}]) dynamic.push((await import(name)).default);\nreturn [[${list.map((_, index) => `x${index}`).join(", ")}], dynamic];`,
    list.map((specifier, index) => `import x${index} from ${specifier};`).join("\n"),
  );
  const { result, error } = await engine.run({ ...files, [from]: source }, { reference: from });
  if (error !== undefined) return error.code;
  const [statically, dynamically] = result as [unknown, unknown];
  expect(dynamically).toEqual(statically);
  return statically;
}

describe("B1", () => {
  it("B1: `./a`, `../b/c` and `shared/halopsa` resolve inside the snapshot", async () => {
    const files = named("deep/a.ts", "b/c.ts", "shared/halopsa.ts");
    expect(await found(["./a", "../b/c", "shared/halopsa"], files, "deep/wf.ts")).toEqual(["deep/a.ts", "b/c.ts", "shared/halopsa.ts"]);
  });

  it.each([
    ["./x.js", ["x.ts", "x.tsx", "x.js"]],
    ["./x.jsx", ["x.tsx", "x.jsx"]],
    ["./x.mjs", ["x.mts", "x.mjs"]],
    ["./x", ["x.ts", "x.tsx", "x.js", "x.jsx", "x.mts", "x.mjs", "x/index.ts", "x/index.tsx", "x/index.js", "x/index.jsx", "x/index.mts", "x/index.mjs"]],
  ])("B1: %s finds its candidates in TypeScript's order", async (specifier, order) => {
    const harness = await engine.harness({ files: { ...named(...order), "wf.ts": workflow("return x;", `import x from ${JSON.stringify(specifier)};`) } });
    for (const path of order) {
      expect((await harness.run("wf.ts")).result).toBe(path);
      await harness.write({ [path]: null });
    }
    expect(await harness.run("wf.ts")).toMatchObject({ status: "Failed", error: { code: "ERR_MODULE_NOT_FOUND", details: { candidates: order } } });
  });

  it("B1: a specifier with another known extension finds itself only", async () => {
    for (const extension of ["ts", "tsx", "mts", "json"]) {
      expect(await found([`./x.${extension}`], named("x.ts", "x.tsx", "x.mts", "x.json", "x.js"))).toEqual([`x.${extension}`]);
      expect(await found([`./x.${extension}`], named("x.js", `x.${extension}.ts`, `x.${extension}/index.ts`))).toBe("ERR_MODULE_NOT_FOUND");
    }
  });

  it("B1: JSON is never found without its extension", async () => {
    expect(await found(["./x"], named("x.json"))).toBe("ERR_MODULE_NOT_FOUND");
  });
});

describe("B2, B3, B4", () => {
  it("B2: x.ts wins over x/index.ts when both exist, whatever is warm", async () => {
    const harness = await engine.harness({
      files: { ...named("x/index.ts"), "wf.ts": workflow("return [x, (await import('./' + 'x')).default];", `import x from "./x";`) },
    });
    expect((await harness.run("wf.ts")).result).toEqual(["x/index.ts", "x/index.ts"]);
    await harness.write(named("x.ts"));
    expect((await harness.run("wf.ts")).result).toEqual(["x.ts", "x.ts"]);
    await harness.write({ "x.ts": null });
    expect((await harness.run("wf.ts")).result).toEqual(["x/index.ts", "x/index.ts"]);
  });

  it("B3: nested directories resolve at any depth", async () => {
    const deep = Array.from({ length: 60 }, (_, index) => `d${index}`).join("/");
    expect(await found([`./${deep}/leaf`, `${deep}/leaf`, `./${deep}/../d59/leaf.ts`], named(`${deep}/leaf.ts`))).toEqual([
      `${deep}/leaf.ts`,
      `${deep}/leaf.ts`,
      `${deep}/leaf.ts`,
    ]);
  });

  it("B3: a directory without an index file is no module, but its children are importable", async () => {
    expect(await found(["./lib"], named("lib/child.ts"))).toBe("ERR_MODULE_NOT_FOUND");
    expect(await found(["./lib/child"], named("lib/child.ts"))).toEqual(["lib/child.ts"]);
  });

  it("B4: a prefix is a whole path segment", async () => {
    expect(await found(["modules/foo"], named("modules/foobar.ts", "modules/foobar/index.ts"))).toBe("ERR_MODULE_NOT_FOUND");
    expect(await found(["./modules/foo"], named("modules/foo.bar.ts", "modules/foo-bar/index.ts"))).toBe("ERR_MODULE_NOT_FOUND");
  });
});

describe("B5", () => {
  const OUTSIDE = [
    "../up",
    "../../up",
    "./a/../../up",
    "..",
    "/etc/passwd",
    "/wf.ts",
    "file:///etc/passwd",
    "data:text/javascript,export default 1",
    "http://localhost/x.js",
    "https://localhost/x.js",
    "HTTPS://localhost/x.js",
    "blob:x",
    "a\0b",
    "./a\u001fb",
    "a\\b",
    ".\\a",
    "",
    "workspace:a.ts",
    "workspace:////a.ts",
  ];

  it.each(OUTSIDE.map((specifier) => [JSON.stringify(specifier), specifier] as const))(
    "B5: %s is denied with a typed error, statically, as a re-export and dynamically",
    async (literal, specifier) => {
      const expected = { status: "Failed", error: { code: "ERR_SPECIFIER_INVALID", details: { specifier, importer: "wf.ts" } } };
      expect(await engine.run({ "up.ts": "", "wf.ts": workflow("", `import ${literal};`) })).toMatchObject(expected);
      expect(await engine.run({ "up.ts": "", "wf.ts": `${workflow("")}export * from ${literal};` })).toMatchObject(expected);
      expect(await engine.run({ "up.ts": "", "wf.ts": workflow(`await import(${literal});`) })).toMatchObject(expected);
      expect(await engine.run({ "up.ts": "", "wf.ts": workflow(`const name = ${literal}; await import(name);`) })).toMatchObject(expected);
    },
  );

  it("B5: `node:` is denied by policy", async () => {
    expect(await engine.run({ "wf.ts": workflow("", `import "node:fs";`) })).toMatchObject({ error: { code: "ERR_IMPORT_DENIED" } });
  });

  it("B5: paths are compared byte for byte: no decoding, no case folding, no normalisation; % is a letter", async () => {
    expect(await found(["./%61"], named("a.ts"))).toBe("ERR_MODULE_NOT_FOUND");
    expect(await found(["./A"], named("a.ts"))).toBe("ERR_MODULE_NOT_FOUND");
    expect(await found(["./\u00e9"], named("e\u0301.ts"))).toBe("ERR_MODULE_NOT_FOUND");
    expect(await found(["./a%2fb", "./%2e%2e", "./a?x", "./a#x"], named("a%2fb.ts", "%2e%2e.ts", "a?x.ts", "a#x.ts"))).toEqual([
      "a%2fb.ts",
      "%2e%2e.ts",
      "a?x.ts",
      "a#x.ts",
    ]);
  });

  it.each(["", ".", "..", "/a.ts", "a/../b.ts", "a/./b.ts", "a//b.ts", "a\\b.ts", "a\u0000.ts", "a\u001f.ts", `${"x".repeat(510)}.ts`, "a\ud800.ts"])(
    "B5: %j is refused as a path",
    async (path) => {
      await expect(engine.harness({ files: { [path]: "" } })).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
    },
  );

  it("B5: a path of 512 bytes is taken", async () => {
    const path = `${"é".repeat(254)}a.ts`;
    expect(Buffer.byteLength(path)).toBe(512);
    expect(await found([`./${path}`], named(path))).toEqual([path]);
  });

  it("B5: names that differ only in case or normal form warn on save", async () => {
    const harness = await engine.harness({ files: named("lib/Case.ts", "\u00e9.ts") });
    const { warnings } = await harness.write(named("lib/case.ts", "e\u0301.ts"));
    expect(warnings.map(({ path }) => path).toSorted()).toEqual(["e\u0301.ts", "lib/case.ts"]);
  });
});

describe("B6", () => {
  it("B6: the SDK wins over workspace files of the same name", async () => {
    const files = { "bifrost.ts": "export const workflow = () => 'shadow'; export default 'shadow';", "bifrost/index.ts": "export default 'shadow';" };
    const execution = await engine.run({
      ...files,
      "wf.ts": workflow("return [(await import('bifrost')) === sdk, typeof sdk.z, own];", `import * as sdk from "bifrost";\nimport own from "./bifrost";`),
    });
    expect(execution.result).toEqual([true, "object", "shadow"]);
  });

  it("B6: a save that would be shadowed warns", async () => {
    const harness = await engine.harness();
    const { warnings } = await harness.write(named("bifrost.ts", "other.ts"));
    expect(warnings).toMatchObject([{ path: "bifrost.ts" }]);
  });
});
