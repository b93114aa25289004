import { describe, expect, it } from "vitest";
import { Fault } from "../../../src/errors.ts";
import { hashContent } from "../../../src/modules/content-hash.ts";
import { createInProcessStore } from "../../../src/snapshot/in-process-store.ts";
import type { SnapshotStore } from "../../../src/snapshot/store.ts";
import type { ModulePath } from "../../../src/modules/module-path.ts";
import { compileHere, openWorkspace } from "../../support/open-workspace.ts";

const HELLO = 'import { workflow } from "bifrost";\nexport default workflow({ name: "hello" }, async () => "hi");\n';

/** A store whose server goes away at a chosen moment. */
function storeThatFails(when: (method: keyof SnapshotStore) => boolean): SnapshotStore {
  const inner = createInProcessStore();
  return new Proxy(inner, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        if (when(property as keyof SnapshotStore)) throw new Fault("ERR_REDIS_UNAVAILABLE", "Redis at 127.0.0.1:1 does not answer.");
        return (value as (...given: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

describe("what a write does", () => {
  it("B23: several files change in one version, and the next pin sees them all", async () => {
    const { writer, contents } = await openWorkspace({ "wf.ts": HELLO, "old.ts": "export {};", "data.json": "[1]" });
    const result = await writer.write({ "wf.ts": `${HELLO}\n`, "old.ts": null, "shared/new.ts": "export const n = 1;", "never.ts": null });
    expect(result).toMatchObject({ version: 2, changed: true, removed: new Set(["old.ts"]), warnings: [], diagnostics: [] });
    expect([...result.set.keys()].toSorted()).toEqual(["shared/new.ts", "wf.ts"]);
    expect(await contents()).toEqual({ "wf.ts": `${HELLO}\n`, "data.json": "[1]", "shared/new.ts": "export const n = 1;" });
  });

  it("B51: the same content makes no new version, and its code is not compiled again", async () => {
    let jobs = 0;
    const compile: typeof compileHere = (given) => {
      jobs += given.length;
      return compileHere(given);
    };
    const { writer } = await openWorkspace({ "wf.ts": HELLO, "twin.ts": HELLO, "data.json": "{}" }, { compile });
    expect(jobs).toBe(2);
    expect(await writer.write({ "wf.ts": HELLO, "twin.ts": HELLO })).toMatchObject({ version: 1, changed: false, set: new Map(), removed: new Set() });
    expect(await writer.write({ "third.ts": HELLO })).toMatchObject({ version: 2, changed: true });
    expect(jobs).toBe(2);
  });

  it("B50: what a file registers is found on save, and removed with its call", async () => {
    const { writer, origin, workspace } = await openWorkspace({ "wf.ts": HELLO });
    expect(await origin.executables(workspace)).toMatchObject([{ path: "wf.ts", exportName: "default", name: "hello", kind: "workflow", active: true }]);
    await writer.write({ "wf.ts": "// workflow()\nexport default 1;" });
    expect((await origin.file(workspace, "wf.ts" as ModulePath))!.entityType).toBe("module");
    expect(await origin.executables(workspace)).toMatchObject([{ name: "hello", active: false }]);
  });

  it("B55: module → workflow → tool → data provider → module, in type, registry and compiled code", async () => {
    const { writer, origin, workspace } = await openWorkspace();
    const path = "x.ts" as ModulePath;
    const source = (call: string) => `import { ${call} } from "bifrost";\nexport const it = ${call}({ name: "it" }, async () => []);\n`;
    const steps = [
      ["module", "export const it = 1;"],
      ["workflow", source("workflow")],
      ["tool", source("tool")],
      ["data_provider", source("dataProvider")],
      ["module", "export const it = 1;"],
    ] as const;
    for (const [type, text] of steps) {
      await writer.write({ [path]: text });
      expect((await origin.file(workspace, path))!.entityType).toBe(type);
      expect((await origin.executables(workspace, { path })).filter((row) => row.active).map((row) => row.kind)).toEqual(type === "module" ? [] : [type]);
    }
  });

  it("the code of a written file lies in the store under its key, with its content, its directories and the snapshot", async () => {
    const { writer, store, workspace, origin } = await openWorkspace();
    const { snapshotId, set } = await writer.write({ "a/wf.ts": HELLO });
    const { tree } = (await origin.snapshots(workspace, [snapshotId])).get(snapshotId)!;
    const [content, snapshot, root] = await store.getBlobs(workspace, [
      { kind: "content", id: [...set.values()][0]! },
      { kind: "snapshot", id: snapshotId },
      { kind: "tree", id: tree },
    ]);
    expect(Buffer.from(content!).toString()).toBe(HELLO);
    expect(JSON.parse(Buffer.from(snapshot!).toString())).toMatchObject({ id: snapshotId, tree });
    expect(hashContent(root!)).toBe(tree);
    expect(await store.readIndex(workspace)).toEqual(set);
  });

  it("B34: a changed root tsconfig.json counts for what is written with it", async () => {
    const { writer, origin, workspace } = await openWorkspace();
    const config = '{ // comment\n "compilerOptions": { "experimentalDecorators": true, }, }';
    const result = await writer.write({ "tsconfig.json": config, "a.ts": "export const a = 1;" });
    expect(result.warnings).toEqual([]);
    expect((await origin.snapshots(workspace, [result.snapshotId])).get(result.snapshotId)!.compilerOptions).toEqual({ experimentalDecorators: true });
    expect((await writer.write({ "tsconfig.json": "[" })).warnings).toMatchObject([
      { path: "tsconfig.json", message: expect.stringContaining("tsconfig.json") },
    ]);
  });

  it("B50: describe hears of every written path after the version is visible, and its failure fails no write", async () => {
    const heard: string[] = [];
    const logged: string[] = [];
    const opened = await openWorkspace(
      {},
      {
        describe: async (paths) => {
          heard.push(...paths, String((await opened.pin()).has("wf.ts")));
          throw new Error("no room");
        },
        log: (message) => logged.push(message),
      },
    );
    expect((await opened.writer.write({ "wf.ts": HELLO })).version).toBe(1);
    expect(heard).toEqual(["wf.ts", "true"]);
    expect(logged).toEqual([expect.stringContaining("no room")]);
  });
});

describe("what a write refuses", () => {
  it.each(["", ".", "../x.ts", "/etc/passwd", "a//b.ts", "a\\b.ts", "a\u0000.ts", `${"x".repeat(510)}.ts`])(
    "B5: the path %j is refused by name, and nothing is written",
    async (path) => {
      const { writer, contents } = await openWorkspace();
      await expect(writer.write({ "good.ts": "1", [path]: "bad" })).rejects.toMatchObject({ code: "ERR_PATH_INVALID", details: { path } });
      expect(await contents()).toEqual({});
    },
  );

  it("B56: a write that expects other content is a conflict, one whose file was deleted is not found", async () => {
    const { writer, contents } = await openWorkspace({ "a.ts": "1" });
    await expect(writer.write({ "a.ts": "2" }, { expectedHash: { "a.ts": hashContent("0") } })).rejects.toMatchObject({
      code: "ERR_CONTENT_CHANGED",
      details: { reason: "content_changed" },
    });
    await expect(writer.write({ "b.ts": "2" }, { expectedHash: { "b.ts": hashContent("0") } })).rejects.toMatchObject({
      code: "ERR_PATH_NOT_FOUND",
      details: { reason: "path_not_found" },
    });
    await expect(writer.write({ "a.ts": "2" }, { expectedHash: { "a.ts": "abc" } })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" });
    expect(await contents()).toEqual({ "a.ts": "1" });
    expect((await writer.write({ "a.ts": "2" }, { expectedHash: { "a.ts": hashContent("1") } })).version).toBe(2);
  });

  it("B29a: Redis unreachable before the commit: the write is refused as retryable, and runs stay at the old version", async () => {
    let down = false;
    const opened = await openWorkspace({ "a.ts": "1" }, { store: storeThatFails((method) => down && method !== "pin") });
    down = true;
    const refused = await opened.writer.write({ "a.ts": "2" }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "ERR_REDIS_UNAVAILABLE", retryable: true });
    down = false;
    expect(await opened.contents()).toEqual({ "a.ts": "1" });
    expect((await opened.writer.write({ "a.ts": "3" })).version).toBe(2);
  });

  it.each(["putBlobs", "publish"] as const)(
    "B52: Redis failing at %s after the commit: the write succeeds with a warning, and the next pin is right",
    async (failing) => {
      let down = false;
      const opened = await openWorkspace({ "a.ts": "1", "b/c.ts": "1" }, { store: storeThatFails((method) => down && method === failing) });
      expect(await opened.contents()).toMatchObject({ "a.ts": "1" });
      down = true;
      const result = await opened.writer.write({ "a.ts": "2" });
      expect(result).toMatchObject({ version: 2, changed: true, warnings: [{ message: expect.stringContaining("does not answer") }] });
      down = false;
      expect(await opened.contents()).toEqual({ "a.ts": "2", "b/c.ts": "1" });
    },
  );

  it("B29a: when the store lost everything, the next write publishes the whole index", async () => {
    const { writer, store, workspace, contents } = await openWorkspace({ "a.ts": "1", "b/c.ts": "1" });
    await store.clear(workspace);
    await writer.write({ "a.ts": "2" });
    expect([...(await store.readIndex(workspace))!.keys()].toSorted()).toEqual(["a.ts", "b/c.ts"]);
    expect(await contents()).toEqual({ "a.ts": "2", "b/c.ts": "1" });
  });
});

describe("what a write warns of", () => {
  const warningsOf = async (files: Record<string, string | Uint8Array>, before: Record<string, string> = {}) => {
    const { writer } = await openWorkspace(before);
    return (await writer.write(files)).warnings;
  };

  it("B5: names that differ only in case or in Unicode normal form, in any segment", async () => {
    expect(await warningsOf({ "shared/Tickets.ts": "1" }, { "shared/tickets.ts": "1" })).toEqual([
      { path: "shared/Tickets.ts", message: expect.stringMatching(/"shared\/tickets\.ts" only in case\./) },
    ]);
    expect(await warningsOf({ "Shared/a.ts": "1" }, { "shared/b.ts": "1" })).toEqual([
      { path: "Shared/a.ts", message: expect.stringContaining('"Shared" differs from "shared"') },
    ]);
    expect(await warningsOf({ "caf\u00e9.ts": "1" }, { "cafe\u0301.ts": "1" })).toEqual([
      { path: "caf\u00e9.ts", message: expect.stringContaining("Unicode normal form") },
    ]);
    expect(await warningsOf({ "a/A.ts": "1", "a/a.ts": "1", "b/a.ts": "1" })).toHaveLength(1);
    expect(await warningsOf({ "a.ts": "1", "b/a.ts": "1", __proto__: "1" })).toEqual([]);
  });

  it("B6: names that an import by bare name never reaches: the SDK's and the denied built-ins'", async () => {
    const warnings = await warningsOf({
      "bifrost.ts": "1",
      "fs/index.ts": "1",
      "crypto.ts": "1",
      "bifrost/x.ts": "1",
      "lib/fs.ts": "1",
      "test.ts": "1",
      "path.md": "1",
    });
    expect(warnings.map(({ path }) => path).toSorted()).toEqual(["bifrost.ts", "bifrost/x.ts", "crypto.ts", "fs/index.ts"]);
    for (const { message } of warnings) expect(message).toMatch(/never (?:this|means this) file/);
  });

  it("B8: a use of require warns with its position", async () => {
    expect(await warningsOf({ "a.ts": 'export const a = 1;\nconst fs = require("fs");\n' })).toMatchObject([
      { path: "a.ts", line: 2, message: expect.stringContaining("require") },
    ]);
  });

  it("B50: a syntax error warns with its position, the save succeeds, and the workflow stays registered", async () => {
    const { writer, origin, workspace, contents } = await openWorkspace({ "wf.ts": HELLO });
    const result = await writer.write({ "wf.ts": `${HELLO}const broken = ;\n` });
    expect(result.changed).toBe(true);
    expect(result.diagnostics).toMatchObject([{ path: "wf.ts", severity: "error", line: 3 }]);
    expect(result.warnings).toMatchObject([{ path: "wf.ts", line: 3 }]);
    expect((await contents())["wf.ts"]).toContain("broken");
    expect(await origin.executables(workspace)).toMatchObject([{ name: "hello", active: true }]);
  });

  it("a module that is not UTF-8 is stored with a warning; a document that is not UTF-8 without one", async () => {
    const bytes = Uint8Array.of(0x65, 0xff, 0xfe);
    const { writer, origin, workspace } = await openWorkspace();
    expect((await writer.write({ "a.ts": bytes, "logo.png": bytes })).warnings).toEqual([{ path: "a.ts", message: expect.stringContaining("UTF-8") }]);
    expect((await origin.file(workspace, "a.ts" as ModulePath))!.bytes).toEqual(bytes);
  });

  it("a file that cannot be compiled is stored with a warning, and registers nothing yet", async () => {
    const compile: typeof compileHere = async (jobs) => jobs.map(() => ({ fault: new Fault("ERR_SOURCE_TOO_LARGE", "The source has too many bytes.") }));
    const { writer, origin, workspace } = await openWorkspace({}, { compile });
    expect((await writer.write({ "wf.ts": HELLO })).warnings).toMatchObject([{ path: "wf.ts", message: "The source has too many bytes." }]);
    expect(await origin.executables(workspace)).toEqual([]);
    const later = await openWorkspace({ "wf.ts": HELLO }, { origin });
    expect(await later.origin.executables(workspace)).toMatchObject([{ name: "hello", active: true }]);
  });
});

it("4,096 files whose names differ only in case are saved, with a hundred warnings and not one for each pair", async () => {
  const letters = Array.from("abcdefghijkl");
  const spelled = (bits: number): string => letters.map((letter, index) => ((bits >> index) & 1 ? letter.toUpperCase() : letter)).join("");
  const { writer } = await openWorkspace();
  const { set, warnings } = await writer.write(Object.fromEntries(Array.from({ length: 4096 }, (_, bits) => [`${spelled(bits)}.txt`, ""])));
  expect([set.size, warnings.length]).toEqual([4096, 100]);
});

describe("limits of source", () => {
  const bomb = `export const a = ${"[".repeat(3000)}${"]".repeat(3000)};`;
  const deep = (depth: number): string => `export const a = ${"[".repeat(depth - 3)}${"]".repeat(depth - 3)};`;

  it("B50: a file over them is saved like one with errors, with the limit, the amount and the place as an error, and what stood there stays registered", async () => {
    const opened = await openWorkspace({ "wf.ts": HELLO });
    const { writer } = await openWorkspace({}, { origin: opened.origin, limits: { sourceBytes: 20_000, nesting: 100 } });
    const saved = await writer.write({
      "wf.ts": bomb,
      "deep.ts": deep(101),
      "just.ts": deep(100),
      "large.ts": " ".repeat(20_001),
      "large.json": " ".repeat(20_001),
      "large.md": " ".repeat(20_001),
    });
    expect(saved.diagnostics.map(({ path, line, column, severity }) => [path, line, column, severity])).toEqual([
      ["wf.ts", 1, 2017, "error"],
      ["deep.ts", 1, 115, "error"],
      ["large.ts", 1, 1, "error"],
      ["large.json", 1, 1, "error"],
    ]);
    expect(saved.diagnostics.map(({ message }) => /\d+ (?:deep|bytes); at most \d+/.exec(message)?.[0])).toEqual([
      "3001 deep; at most 100",
      "101 deep; at most 100",
      "20001 bytes; at most 20000",
      "20001 bytes; at most 20000",
    ]);
    expect(await opened.origin.executables(opened.workspace)).toMatchObject([{ name: "hello", active: true }]);
  });
});

describe("moves", () => {
  it("B54: the old path is gone, the new one has content, hash and the same workflow id", async () => {
    const { writer, origin, workspace, contents } = await openWorkspace({ "wf.ts": HELLO });
    const [before] = await origin.executables(workspace);
    const result = await writer.move("wf.ts", "jobs/wf.ts");
    expect(result).toMatchObject({ version: 2, set: new Map([["jobs/wf.ts", hashContent(HELLO)]]), removed: new Set(["wf.ts"]) });
    expect(await contents()).toEqual({ "jobs/wf.ts": HELLO });
    expect(await origin.executables(workspace)).toMatchObject([{ id: before!.id, path: "jobs/wf.ts", name: "hello", active: true }]);
  });

  it("B54: a missing source names the nearest path, an existing target is a typed error", async () => {
    const { writer } = await openWorkspace({ "shared/tickets.ts": "1", "b.ts": "2" });
    await expect(writer.move("shared/ticket.ts", "c.ts")).rejects.toMatchObject({
      code: "ERR_PATH_NOT_FOUND",
      details: { path: "shared/ticket.ts", nearest: "shared/tickets.ts" },
    });
    await expect(writer.move("b.ts", "shared/tickets.ts")).rejects.toMatchObject({ code: "ERR_PATH_EXISTS", details: { path: "shared/tickets.ts" } });
    await expect(writer.move("b.ts", "../b.ts")).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
  });

  it("B54: a change of extension makes code of a document and a document of code", async () => {
    const { writer, origin, workspace } = await openWorkspace({ "wf.txt": HELLO });
    expect(await origin.executables(workspace)).toEqual([]);
    await writer.move("wf.txt", "wf.ts");
    expect((await origin.file(workspace, "wf.ts" as ModulePath))!.entityType).toBe("workflow");
    const [row] = await origin.executables(workspace);
    expect(row).toMatchObject({ name: "hello", active: true });
    await writer.move("wf.ts", "wf.txt");
    expect((await origin.executables(workspace)).filter((each) => each.active)).toEqual([]);
    await writer.move("wf.txt", "wf.tsx");
    expect(await origin.executables(workspace)).toMatchObject([{ id: row!.id, path: "wf.tsx", active: true }]);
  });

  it("B54: a move that meets an edit moves the edited file", async () => {
    const opened = await openWorkspace({ "a.ts": "1" });
    await Promise.all(
      [opened.writer.move("a.ts", "b.ts"), opened.writer.write({ "a.ts": "2" }, { expectedHash: { "a.ts": hashContent("1") } })].map((work) =>
        work.catch(() => {}),
      ),
    );
    expect(Object.keys(await opened.contents())).toEqual(["b.ts"]);
  });
});
