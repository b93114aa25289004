// What an author is told of imports that lead nowhere or are forbidden (B7 to B10).
import { describe, expect, it } from "vitest";
import { useEngine, workflow } from "../../support/engine.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { openCli } from "../../conformance/cli-route.ts";

const engine = useEngine();

describe("B7", () => {
  it("B7: a name that is nothing fails as module not found, with specifier, importer, line, column, candidates and the nearest name", async () => {
    const execution = await engine.run({ "shared/halopsa.ts": "", "lib/wf.ts": workflow("", `\nimport "shared/haloPSA";`) }, { reference: "lib/wf.ts" });
    expect(execution).toMatchObject({
      status: "Failed",
      error: {
        code: "ERR_MODULE_NOT_FOUND",
        message: expect.stringMatching(
          /"shared\/haloPSA" imported in lib\/wf\.ts:3:8.*Tried shared\/haloPSA\.ts.*Did you mean "shared\/halopsa\.ts"\?/s,
        ) as string,
        frames: [{ path: "lib/wf.ts", line: 3, column: 8 }],
        details: {
          specifier: "shared/haloPSA",
          importer: "lib/wf.ts",
          line: 3,
          column: 8,
          nearest: "shared/halopsa.ts",
          candidates: expect.arrayContaining(["shared/haloPSA.ts", "shared/haloPSA/index.mjs"]) as string[],
        },
      },
    });
  });

  it("B7: so does a relative one, and one that a dependency imports, with the way to it", async () => {
    const execution = await engine.run({ "a.ts": `import "./b";`, "b.ts": `\n  import "./absent";`, "wf.ts": workflow("", `import "./a";`) });
    expect(execution.error).toMatchObject({
      code: "ERR_MODULE_NOT_FOUND",
      details: { importer: "b.ts", line: 2, column: 10, chain: [{ path: "wf.ts" }, { path: "a.ts" }, { path: "b.ts" }] },
    });
    expect(execution.error?.message).toContain("wf.ts:2:8 → a.ts:1:8 → b.ts:2:10");
  });

  it("B7: an import() that nobody catches tells the same, also by a computed name", async () => {
    const literal = await engine.run({ "other.ts": "", "wf.ts": workflow(`await import("./othr");`) });
    expect(literal.error).toMatchObject({ code: "ERR_MODULE_NOT_FOUND", details: { importer: "wf.ts", line: 3, nearest: "other.ts" } });
    const computed = await engine.run({ "other.ts": "", "wf.ts": workflow(`const name = "./othr";\nawait import(name);`) });
    expect(computed.error).toMatchObject({ code: "ERR_MODULE_NOT_FOUND", frames: [{ path: "wf.ts", line: 4 }], details: { nearest: "other.ts" } });
  });

  it("B7: as the cause of the author's own error it keeps its code and details", async () => {
    const execution = await engine.run({
      "wf.ts": workflow(`try { await import("./nothing"); } catch (cause) { throw new Error("cannot go on", { cause }); }`),
    });
    expect(execution.error).toMatchObject({
      name: "Error",
      message: "cannot go on",
      cause: { code: "ERR_MODULE_NOT_FOUND", details: { specifier: "./nothing" } },
    });
    expect(execution.error?.code).toBeUndefined();
  });
});

const DENIED = [
  "fs",
  "node:fs",
  "fs/promises",
  "child_process",
  "process",
  "node:process",
  "node:anything",
  "module",
  "worker_threads",
  "isolated-vm",
  "bifrost:scope",
  "bifrost:module",
  "bifrost/internal",
  "bifrost-executor",
  "bifrost-executor/testing",
];

describe("B8, B9, B10", () => {
  it.each(DENIED)("B8: %s is denied as static import, re-export and dynamic import, with the rule and what to use instead", async (name) => {
    const denied = {
      status: "Failed",
      error: {
        code: "ERR_IMPORT_DENIED",
        message: expect.stringMatching(/\(rule (node-builtin|host-internal)\)\. [A-Z]/) as string,
        details: { specifier: name, importer: "wf.ts", rule: expect.any(String) as string, instead: expect.any(String) as string },
      },
    };
    for (const source of [
      workflow("", `import * as x from "${name}"; console.log(x);`),
      workflow("", `import "${name}";`),
      `${workflow("")}export * from "${name}";`,
      `${workflow("")}export { x } from "${name}";`,
      workflow(`await import("${name}");`),
      workflow(`await import(["${name}"].join(""));`),
    ]) {
      expect(await engine.run({ "wf.ts": source })).toMatchObject(denied);
    }
  });

  it("B8: imports used only as types are dropped and allowed", async () => {
    const head = `import type { Stats } from "node:fs";\nimport { type Server } from "node:http";\nimport { Readable } from "node:stream";\nexport type { Socket } from "node:net";\ntype Nested = import("node:os").CpuInfo;`;
    expect(await engine.run({ "wf.ts": workflow("const a: Stats | Server | Readable | Nested | 1 = 1; return a;", head) })).toMatchObject({
      status: "Success",
      result: 1,
    });
  });

  it("B8: require does not exist in the room, and its use is a diagnostic on save", async () => {
    const source = workflow(`return typeof require === "undefined" ? "absent" : require("fs");`);
    const harness = await engine.harness();
    const { diagnostics } = await harness.write({ "wf.ts": source });
    expect(diagnostics).toMatchObject([
      { path: "wf.ts", severity: "warning", line: 3, message: expect.stringContaining("'require' does not exist where workflows run") as string },
    ]);
    expect((await harness.run("wf.ts")).result).toBe("absent");
  });

  it("B8: through the command line the exit code is 5, and people read rule and alternative", async () => {
    using cli = openCli();
    using directory = temporaryDirectory({ "static.ts": workflow("", `import "node:fs";`), "dynamic.ts": workflow(`await import("node:fs");`) });
    for (const entry of ["static.ts", "dynamic.ts"]) {
      const { exitCode, stdout, stderr } = await cli.command("run-workflow", ["--directory", directory.path, entry]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 5, stdout: "" });
      expect(stderr).toContain("node-builtin");
      expect(stderr).toContain("there is no file system");
    }
  });

  it("B9: a denied or built-in name causes no lookup: a workspace file of that name is neither found nor listed as a candidate", async () => {
    const files = {
      "fs.ts": "console.log('read');",
      "node:fs.ts": "console.log('read');",
      "bifrost-executor/index.ts": "console.log('read');",
      "bifrost.ts": "console.log('read');",
    };
    for (const name of ["fs", "node:fs", "bifrost-executor"]) {
      const execution = await engine.run({ ...files, "wf.ts": workflow("", `import "${name}";`) });
      expect(execution).toMatchObject({ error: { code: "ERR_IMPORT_DENIED" }, logs: [], modules: [] });
      expect(execution.error?.details).not.toHaveProperty("candidates");
    }
    expect(await engine.run({ ...files, "wf.ts": workflow("return 1;", `import "bifrost";`) })).toMatchObject({
      result: 1,
      logs: [],
      modules: [{ path: "wf.ts" }],
    });
  });

  it("B10: a file on the executor's disk under the same path is not importable", async () => {
    for (const name of ["package.json", "./package.json", "src/errors", "./src/errors.ts", "node_modules/zod/index.js", "zod", "./../main/package.json"]) {
      const execution = await engine.run({ "wf.ts": workflow("", `import * as x from ${JSON.stringify(name)}; console.log(x);`) });
      expect(execution.error?.code).toBe(name.includes("..") ? "ERR_SPECIFIER_INVALID" : "ERR_MODULE_NOT_FOUND");
      expect(await engine.run({ "wf.ts": workflow(`const name = ${JSON.stringify(name)}; await import(name);`) })).toMatchObject({
        error: { code: execution.error?.code },
      });
    }
  });
});
