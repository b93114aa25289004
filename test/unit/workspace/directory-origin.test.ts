import { chmodSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hashContent } from "../../../src/modules/content-hash.ts";
import { compiledKeyOf } from "../../../src/modules/compile-key.ts";
import { readCompilerOptions } from "../../../src/modules/tsconfig-options.ts";
import { compileModule } from "../../../src/modules/compiler/transpile.ts";
import { createInProcessStore } from "../../../src/snapshot/in-process-store.ts";
import { Snapshots } from "../../../src/snapshot/snapshots.ts";
import { createCompiledCache } from "../../../src/workspace/compiled-cache.ts";
import { createDirectoryOrigin } from "../../../src/workspace/directory-origin.ts";
import { loadDirectory } from "../../../src/workspace/directory-workspace.ts";
import type { Compile } from "../../../src/workspace/prepare-files.ts";
import { compileHere } from "../../support/open-workspace.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const workflow = (name: string) => `import { workflow } from "bifrost";\nexport default workflow({ name: "${name}" }, async () => 1);\n`;

function moduleOf(text: string) {
  return compileModule({ hash: hashContent(text), kind: "ts", text, options: {} });
}

describe("compiled code on disk", () => {
  it("B34: what was put is got by its key, in another process as well; the rest is a miss", () => {
    using directory = temporaryDirectory();
    const place = join(directory.path, "deep", "cache");
    const [one, two] = [moduleOf("export const a: number = 1;"), moduleOf("export const b: number = 2;")];
    createCompiledCache(place).put([one, two]);
    const cache = createCompiledCache(place);
    expect(cache.get([one.key, moduleOf("never put").key])).toEqual(new Map([[one.key, JSON.parse(JSON.stringify(one))]]));
    expect(statSync(place).mode & 0o777).toBe(0o700);
    expect(readdirSync(place).toSorted()).toEqual([one.key, two.key].toSorted());
    for (const name of readdirSync(place)) expect(statSync(join(place, name)).mode & 0o777).toBe(0o600);
  });

  it("B24: an entry that was cut, changed, or lies under another key is a miss, and is replaced", () => {
    using directory = temporaryDirectory();
    const [one, two] = [moduleOf("export const a = 1;"), moduleOf("export const b = 2;")];
    const cache = createCompiledCache(join(directory.path, "cache"));
    cache.put([one, two]);
    const file = join(directory.path, "cache", one.key);
    const bytes = readFileSync(file);
    const changed = Buffer.from(bytes);
    changed[bytes.length - 10]! ^= 1;
    for (const bad of [bytes.subarray(0, 80), Buffer.alloc(0), changed, readFileSync(join(directory.path, "cache", two.key))]) {
      writeFileSync(file, bad);
      expect(cache.get([one.key]).size).toBe(0);
    }
    cache.put([one]);
    expect(cache.get([one.key]).size).toBe(1);
  });

  it("a directory that others may write to, a missing one and one that cannot be made hold nothing, without an error", () => {
    using directory = temporaryDirectory({ "a-file": "" });
    const one = moduleOf("export const a = 1;");
    const place = join(directory.path, "cache");
    createCompiledCache(place).put([one]);
    chmodSync(place, 0o777);
    const shared = createCompiledCache(place);
    expect(shared.get([one.key]).size).toBe(0);
    shared.put([one]);
    for (const unusable of [join(directory.path, "none"), join(directory.path, "a-file", "below")]) {
      const cache = createCompiledCache(unusable);
      expect(cache.get([one.key]).size).toBe(0);
    }
    createCompiledCache(join(directory.path, "a-file", "below")).put([one]);
  });

  it("beyond its capacity the longest unused go", () => {
    using directory = temporaryDirectory();
    const place = join(directory.path, "cache");
    const cache = createCompiledCache(place, { capacity: 10 });
    const modules = Array.from({ length: 10 }, (_, index) => moduleOf(`export const n = ${index};`));
    cache.put(modules);
    for (const [index, { key }] of modules.entries()) utimesSync(join(place, key), 1000 + index, 1000 + index);
    expect(cache.get([modules[0]!.key]).size).toBe(1);
    cache.put([moduleOf("export const last = true;")]);
    expect(readdirSync(place)).toHaveLength(8);
    expect(cache.get([modules[0]!.key, modules[9]!.key]).size).toBe(2);
    expect(cache.get([modules[1]!.key]).size).toBe(0);
  });
});

describe("a directory as a workspace", () => {
  async function open(dir: string, cacheDirectory: string) {
    const compiled: string[] = [];
    const compile: Compile = (jobs) => {
      compiled.push(...jobs.map((job) => job.text));
      return compileHere(jobs);
    };
    const origin = createDirectoryOrigin({ readCompilerOptions, cache: createCompiledCache(cacheDirectory), compile });
    const store = createInProcessStore();
    const workspace = (await origin.workspace("default", { create: true }))!.id;
    const snapshots = new Snapshots({ origin, store });
    const load = () => loadDirectory({ dir, workspace, origin, store });
    const paths = async () => [...(await snapshots.pin(workspace)).snapshot.paths()];
    const names = async () => (await origin.executables(workspace)).filter((row) => row.active).map((row) => row.name);
    return { origin, workspace, load, paths, names, compiled };
  }

  it("B59a: the snapshot holds the same set as a push, and nothing is compiled to make it", async () => {
    using directory = temporaryDirectory({ "src/wf.ts": workflow("a"), "src/.hidden.ts": "", "src/data.json": "{}" });
    const opened = await open(join(directory.path, "src"), join(directory.path, "cache"));
    expect(await opened.load()).toBe(true);
    expect(await opened.load()).toBe(false);
    expect(await opened.paths()).toEqual(["data.json", "wf.ts"]);
    expect(opened.compiled).toEqual([]);
  });

  it("B16: who asks by name makes it read the files that can register something, each once, and not again in the next process", async () => {
    const escaped = String.raw`import { workflow } from "\x62ifrost"; export default workflow({ name: "hidden" }, async () => 1);`;
    using directory = temporaryDirectory({
      "src/wf.ts": workflow("hello"),
      "src/x.ts": escaped,
      "src/plain.ts": "export const n = 1;",
      "src/broken.ts": "// bifrost\n((",
    });
    const first = await open(join(directory.path, "src"), join(directory.path, "cache"));
    await first.load();
    expect((await first.names()).toSorted()).toEqual(["hello", "hidden"]);
    await first.names();
    expect(first.compiled).toHaveLength(3);
    expect(first.compiled).not.toContain("export const n = 1;");
    const second = await open(join(directory.path, "src"), join(directory.path, "cache"));
    await second.load();
    expect((await second.names()).toSorted()).toEqual(["hello", "hidden"]);
    expect(second.compiled).toEqual([]);
  });

  it("B21: loading again takes over edits, new and deleted files, and what they register", async () => {
    using directory = temporaryDirectory({ "src/wf.ts": workflow("old"), "src/gone.ts": workflow("gone"), "src/back.ts": workflow("back") });
    const opened = await open(join(directory.path, "src"), join(directory.path, "cache"));
    await opened.load();
    expect((await opened.names()).toSorted()).toEqual(["back", "gone", "old"]);
    using next = temporaryDirectory({ "src/wf.ts": workflow("new"), "src/back.ts": "export const nothing = 1;", "src/added.ts": workflow("added") });
    const reloaded = await open(join(next.path, "src"), join(next.path, "cache"));
    await reloaded.load();
    next.write({ "src/wf.ts": workflow("newer"), "src/added.ts": "export const nothing = 2;" });
    expect(await reloaded.names()).toHaveLength(2);
    expect(await reloaded.load()).toBe(true);
    expect(await reloaded.names()).toEqual(["newer"]);
  });

  it("B34: code that a run compiled is kept for the next process", async () => {
    using directory = temporaryDirectory({ "src/a.ts": "export const a: number = 1;" });
    const module = moduleOf("export const a: number = 1;");
    const first = await open(join(directory.path, "src"), join(directory.path, "cache"));
    await first.origin.saveCompiled([module]);
    const second = await open(join(directory.path, "src"), join(directory.path, "cache"));
    const key = compiledKeyOf({ hash: hashContent("export const a: number = 1;"), kind: "ts", options: {} });
    expect([...(await second.origin.compiled([key])).keys()]).toEqual([key]);
  });
});
