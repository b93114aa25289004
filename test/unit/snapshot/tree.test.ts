import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashContent } from "../../../src/modules/content-hash.ts";
import type { ContentHash } from "../../../src/modules/content-hash.ts";
import type { ModulePath } from "../../../src/modules/module-path.ts";
import { linkTrees } from "../../../src/snapshot/link-trees.ts";
import { Snapshot } from "../../../src/snapshot/snapshot.ts";
import { snapshotRecordOf } from "../../../src/snapshot/snapshot-id.ts";
import type { TreeEntries, TreeHash } from "../../../src/snapshot/snapshot-record.ts";
import { applyToTree, decodeTree, EMPTY_TREE_HASH, encodeTree, hashTree } from "../../../src/snapshot/tree.ts";

const H = hashContent("x");

class Forest {
  readonly all = new Map<TreeHash, TreeEntries>();
  readonly loads: (readonly TreeHash[])[] = [];

  readonly load = async (hashes: readonly TreeHash[]): Promise<ReadonlyMap<TreeHash, TreeEntries>> => {
    this.loads.push(hashes);
    return new Map(hashes.flatMap((hash) => (this.all.has(hash) ? [[hash, this.all.get(hash)!] as const] : [])));
  };

  async apply(root: TreeHash, changes: Readonly<Record<string, ContentHash | null>>): Promise<TreeHash> {
    const applied = await applyToTree(root, new Map(Object.entries(changes) as [ModulePath, ContentHash | null][]), this.load);
    for (const [hash, entries] of applied.trees) this.all.set(hash, entries);
    return applied.root;
  }

  async files(root: TreeHash): Promise<Record<string, string>> {
    const record = snapshotRecordOf({ tree: root, packageLock: null, compilerOptions: {} });
    return Object.fromEntries(new Snapshot(record, await linkTrees(root, { known: new Map(), load: this.load })).files());
  }
}

describe("a directory's text", () => {
  it("is canonical: names by UTF-8 bytes, also where objects and UTF-16 order them otherwise", () => {
    const names = ["b", "10", "2", "__proto__", "\uff5e", "😀", "é", "a"];
    const entries = Object.fromEntries(names.map((name) => [name, { file: H }]));
    const sorted = names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    const text = encodeTree(entries);
    expect(text).toBe(`{${sorted.map((name) => `${JSON.stringify(name)}:{"file":"${H}"}`).join(",")}}`);
    expect(encodeTree(decodeTree(text)!)).toBe(text);
    expect(hashTree({})).toBe(EMPTY_TREE_HASH);
  });

  it("B26: decoding anything else gives undefined and never throws", () => {
    for (const text of [
      "",
      "{",
      "null",
      "1",
      "[]",
      '{"a":1}',
      '{"a":{}}',
      `{"a":{"file":"${H}","tree":"${H}"}}`,
      '{"a":{"file":"x"}}',
      `{"a/b":{"file":"${H}"}}`,
      `{"..":{"file":"${H}"}}`,
      `{"":{"tree":"${H}"}}`,
    ]) {
      expect(decodeTree(text)).toBeUndefined();
    }
    expect(decodeTree(Uint8Array.from([0xff]))).toBeUndefined();
  });
});

describe("a change of a tree", () => {
  it("gives the tree that the files alone would give, whatever way led there", async () => {
    const segment = fc.constantFrom("a", "b", "1", "__proto__");
    const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((segments) => segments.join("/"));
    const step = fc.dictionary(path, fc.option(fc.constantFrom(hashContent("1"), hashContent("2"))), { maxKeys: 5, noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        const forest = new Forest();
        let root = EMPTY_TREE_HASH;
        let files = new Map<string, ContentHash>();
        for (const changes of steps) {
          const next = new Map(files);
          for (const [name, hash] of Object.entries(changes)) if (hash === null) next.delete(name);
          for (const [name, hash] of Object.entries(changes)) if (hash !== null) next.set(name, hash);
          const clashes = [...next.keys()].some((one) => [...next.keys()].some((other) => other.startsWith(`${one}/`)));
          if (clashes) {
            await expect(forest.apply(root, changes)).rejects.toMatchObject({ code: "ERR_PATH_EXISTS" });
            continue;
          }
          root = await forest.apply(root, changes);
          files = next;
        }
        expect(new Map(Object.entries(await forest.files(root)))).toEqual(files);
        expect(root).toBe(await new Forest().apply(EMPTY_TREE_HASH, Object.fromEntries(files)));
      }),
      { numRuns: 300 },
    );
  });

  it("loads and stores the directories on the changed path only, one load a level", async () => {
    const forest = new Forest();
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`d${at}/x/f.ts`, hashContent(`${at}`)]));
    const root = await forest.apply(EMPTY_TREE_HASH, files);
    forest.loads.length = 0;
    const { trees } = await applyToTree(root, new Map([["d3/x/f.ts" as ModulePath, H]]), forest.load);
    expect(trees.size).toBe(3);
    expect(forest.loads.map((hashes) => hashes.length)).toEqual([1, 1, 1]);
  });

  it("drops directories that become empty, and writes nothing where nothing changes", async () => {
    const forest = new Forest();
    const root = await forest.apply(EMPTY_TREE_HASH, { "a/b/c.ts": H });
    expect(await forest.apply(root, { "a/b/c.ts": null })).toBe(EMPTY_TREE_HASH);
    const same = await applyToTree(
      root,
      new Map([
        ["a/b/c.ts" as ModulePath, H],
        ["gone/x" as ModulePath, null],
        ["a" as ModulePath, null],
      ]),
      forest.load,
    );
    expect([same.root, same.trees.size]).toEqual([root, 0]);
  });

  it("names the path that would be a file and a directory, and allows the one to make way for the other", async () => {
    const forest = new Forest();
    const root = await forest.apply(EMPTY_TREE_HASH, { "a/b": H });
    await expect(forest.apply(root, { "a/b/c": H })).rejects.toMatchObject({ code: "ERR_PATH_EXISTS", details: { path: "a/b" } });
    await expect(forest.apply(root, { a: H })).rejects.toMatchObject({ code: "ERR_PATH_EXISTS", details: { path: "a" } });
    expect(Object.keys(await forest.files(await forest.apply(root, { "a/b": null, "a/b/c": H })))).toEqual(["a/b/c"]);
    expect(Object.keys(await forest.files(await forest.apply(root, { "a/b": null, a: H })))).toEqual(["a"]);
  });

  it("B25: a directory that nobody has is named", async () => {
    await expect(applyToTree(hashTree({ a: { file: H } }), new Map([["b" as ModulePath, H]]), async () => new Map())).rejects.toMatchObject({
      code: "ERR_CACHE_INCONSISTENT",
    });
  });
});
