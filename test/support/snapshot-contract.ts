// What runs may rely on, whichever store stands before the origin: pinning, healing, fetching, warming (B20-B34, B40-B43).
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashContent } from "../../src/modules/content-hash.ts";
import type { ContentHash } from "../../src/modules/content-hash.ts";
import { encodeCompiled } from "../../src/snapshot/compiled-record.ts";
import { decodeHead, encodeHead } from "../../src/snapshot/head-text.ts";
import type { SnapshotId } from "../../src/snapshot/snapshot-record.ts";
import type { BlobKind, SnapshotStore } from "../../src/snapshot/store.ts";
import { warmWorkspace } from "../../src/snapshot/warm.ts";
import { openScene } from "./snapshot-scene.ts";
import type { Scene } from "./snapshot-scene.ts";
import type { StoreUnderTest } from "./store-contract.ts";

const FILES = { "main.ts": "export * from './lib/a';", "lib/a.ts": "export const a: number = 1;", "lib/b/c.json": "[1]" };

export function describeSnapshotContract(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`${name}: snapshots`, () => {
    let underTest: StoreUnderTest;
    let store: SnapshotStore;
    beforeAll(async () => {
      underTest = await create();
      store = underTest.store;
    });
    afterAll(async () => underTest.dispose());

    const open = (files = {}): Promise<Scene> => openScene(store, { name: randomUUID(), files });

    async function spoil(
      scene: Scene,
      { kind, id, bytes = "spoilt" }: { readonly kind: BlobKind; readonly id: string; readonly bytes?: string },
    ): Promise<void> {
      await store.putBlobs(scene.workspace, [{ kind, id, bytes: Buffer.from(bytes) }]);
    }

    async function isStored(scene: Scene, kind: BlobKind, id: string): Promise<boolean> {
      return (await store.getBlobs(scene.workspace, [{ kind, id }]))[0] !== undefined;
    }

    describe("what a run sees", () => {
      it("B20: an update after the pin is invisible to the run, also to what it loads later", async () => {
        const scene = await open(FILES);
        const executor = scene.executor();
        const { snapshot } = await executor.snapshots.pin(scene.workspace);
        await scene.write({ "lib/a.ts": "export const a = 2;", "main.ts": null });
        expect(await executor.load(snapshot, ["lib/a.ts", "main.ts"])).toMatchObject([{ source: FILES["lib/a.ts"] }, { source: FILES["main.ts"] }]);
      });

      it("B20: a pinned snapshot can be opened again by its id, after the update and by another executor", async () => {
        const scene = await open(FILES);
        const { snapshot } = await scene.executor().snapshots.pin(scene.workspace);
        await scene.write({ "lib/a.ts": "export const a = 2;" });
        const again = await scene.executor().snapshots.open(scene.workspace, snapshot.id);
        expect([...again.files()]).toEqual([...snapshot.files()]);
      });

      it("B21: the next run sees an update, an added module and a deleted one, on every executor", async () => {
        const scene = await open(FILES);
        const [one, other] = [scene.executor(), scene.executor()];
        expect(await one.seen()).toEqual(FILES);
        expect(await other.seen()).toEqual(FILES);
        await scene.write({ "lib/a.ts": "export const a = 2;" });
        for (const executor of [one, other]) expect((await executor.seen())["lib/a.ts"]).toBe("export const a = 2;");
        await scene.write({ "lib/new.ts": "export {};" });
        for (const executor of [one, other]) expect(Object.keys(await executor.seen())).toContain("lib/new.ts");
        await scene.write({ "lib/new.ts": null, "main.ts": null });
        for (const executor of [one, other]) expect(Object.keys(await executor.seen())).toEqual(["lib/a.ts", "lib/b/c.json"]);
      });

      it("B22: two runs on either side of an update each keep their version", async () => {
        const scene = await open({ "a.ts": "export default 1;" });
        const executor = scene.executor();
        const before = await executor.snapshots.pin(scene.workspace);
        await scene.write({ "a.ts": "export default 2;" });
        const after = await executor.snapshots.pin(scene.workspace);
        const loaded = await Promise.all([before, after].map(({ snapshot }) => executor.load(snapshot, ["a.ts"])));
        expect(loaded).toMatchObject([[{ source: "export default 1;" }], [{ source: "export default 2;" }]]);
      });

      it("B23: while files are written together again and again, every pin sees them equal", async () => {
        const scene = await open({ "a.ts": "export default 0;", "d/b.ts": "export default 0;" });
        const executor = scene.executor();
        const progress = { done: false };
        const writing = (async () => {
          for (let at = 1; at <= 15; at++) await scene.write({ "a.ts": `export default ${at};`, "d/b.ts": `export default ${at};` });
          progress.done = true;
        })();
        while (!progress.done) {
          const seen = await executor.seen();
          expect(seen["a.ts"]).toBe(seen["d/b.ts"]);
        }
        await writing;
        expect((await executor.seen())["a.ts"]).toBe("export default 15;");
      });

      it("B32: an empty workspace is an empty snapshot", async () => {
        const scene = await open();
        const { snapshot, head } = await scene.executor().snapshots.pin(scene.workspace);
        expect([...snapshot.paths()]).toEqual([]);
        expect(head.version).toBe(0);
        expect(await store.readIndex(scene.workspace)).toEqual(new Map());
      });

      it("loads names that JavaScript finds special, and none that are not files", async () => {
        const scene = await open({ ["__proto__"]: "x", "toString/2.ts": "export {};", "10.ts": "export {};", "2.ts": "export {};" });
        const { snapshot } = await scene.executor().snapshots.pin(scene.workspace);
        expect([...snapshot.paths()]).toEqual(["10.ts", "2.ts", "__proto__", "toString/2.ts"]);
        for (const path of ["toString", "constructor", "hasOwnProperty", "2.ts/", "/2.ts", "toString/", "", "toString/2.ts/x"])
          expect(snapshot.has(path)).toBe(false);
      });
    });

    describe("a warm run", () => {
      it("asks the origin nothing", async () => {
        const scene = await open(FILES);
        const executor = scene.executor();
        await executor.seen();
        const before = (["head", "snapshots", "trees", "contents", "compiled"] as const).map(scene.asked);
        await executor.seen();
        expect((["head", "snapshots", "trees", "contents", "compiled"] as const).map(scene.asked)).toEqual(before);
      });

      it("of what was just written finds all of it in the store, compiled", async () => {
        const scene = await open(FILES);
        const executor = scene.executor();
        await executor.seen();
        expect(executor.compiled()).toBe(0);
        expect([scene.asked("trees"), scene.asked("contents")]).toEqual([0, 0]);
      });

      it("after a change of one file loads only the directories on its path", async () => {
        const files = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`d${at}/x/y.ts`, `export default ${at};`]));
        const scene = await open(files);
        const executor = scene.executor();
        const before = (await executor.snapshots.pin(scene.workspace)).snapshot;
        await scene.write({ "d7/x/y.ts": "export default 'new';" });
        const after = (await executor.snapshots.pin(scene.workspace)).snapshot;
        const shared = new Set(before.trees());
        expect([...after.trees()].filter((directory) => !shared.has(directory))).toHaveLength(3);
      });
    });

    describe("a crash between commit and publish", () => {
      it("B29a: the next pin is right, on an executor that was there and on a new one", async () => {
        const scene = await open({ "a.ts": "export default 1;" });
        const executor = scene.executor();
        await executor.seen();
        await scene.commitAndDie("a.ts", "export default 2;");
        expect(await executor.seen()).toEqual({ "a.ts": "export default 2;" });
        expect(await scene.executor().seen()).toEqual({ "a.ts": "export default 2;" });
        expect(await store.pin(scene.workspace)).toMatchObject({ pending: 0 });
        expect(await store.readIndex(scene.workspace)).toEqual(new Map([["a.ts", hashContent("export default 2;")]]));
      });

      it("B29a: it is so when the mark was lost with everything in the store", async () => {
        const scene = await open({ "a.ts": "export default 1;" });
        await scene.commitAndDie("a.ts", "export default 2;");
        await store.clear(scene.workspace);
        expect(await scene.executor().seen()).toEqual({ "a.ts": "export default 2;" });
      });

      it("B29a: an announced write that was rolled back leaves the version, and the mark is cleared", async () => {
        const scene = await open({ "a.ts": "export default 1;" });
        const executor = scene.executor();
        await executor.seen();
        await store.markPending(scene.workspace, 2);
        expect(await executor.seen()).toEqual({ "a.ts": "export default 1;" });
        const asked = scene.asked("head");
        await executor.seen();
        expect(scene.asked("head")).toBe(asked);
      });

      it("B29a: while a writer is in flight a pin sees what is committed, and the mark stands until the writer is done", async () => {
        const scene = await open({ "a.ts": "export default 1;" });
        const executor = scene.executor();
        await store.clear(scene.workspace);
        const put = [{ path: "a.ts" as never, bytes: Buffer.from("2"), hash: hashContent("2"), entityType: "module" as const, contentType: "text/plain" }];
        await scene.origin.commit(scene.workspace, { put, remove: [], move: [] }, async () => {
          expect(await executor.seen()).toEqual({ "a.ts": "export default 1;" });
          const { head, pending } = await store.pin(scene.workspace);
          expect([decodeHead(head)?.version, pending]).toEqual([1, 2]);
        });
        // It has committed, and died: nobody has published it.
        expect(await executor.seen()).toEqual({ "a.ts": "2" });
        expect(await store.pin(scene.workspace)).toMatchObject({ pending: 0 });
      });
    });

    describe("a store that lost or spoilt something", () => {
      it("B29: flushed, no run fails, and twenty cold pins at once cause one rebuild", async () => {
        const scene = await open(FILES);
        const executor = scene.executor();
        await store.clear(scene.workspace);
        const before = scene.asked("head");
        const pinned = await Promise.all(Array.from({ length: 20 }, () => executor.snapshots.pin(scene.workspace)));
        expect(new Set(pinned.map(({ snapshot }) => snapshot.id)).size).toBe(1);
        // Where HEAD stands, and once more under the writers' lock.
        expect(scene.asked("head") - before).toBe(2);
        expect(scene.asked("trees")).toBe(3);
        expect(await executor.seen()).toEqual(FILES);
      });

      it("B29: flushed again and again while runs go on, no run fails", async () => {
        const scene = await open(FILES);
        const executors = [scene.executor(), scene.executor()];
        const progress = { done: false };
        const flushing = (async () => {
          for (let at = 0; at < 20; at++) await store.clear(scene.workspace);
          progress.done = true;
        })();
        while (!progress.done) expect(await Promise.all([...executors, scene.executor()].map((executor) => executor.seen()))).toEqual([FILES, FILES, FILES]);
        await flushing;
      });

      it("B25: content that the store has lost is restored from the database, in one request for all", async () => {
        const scene = await open(FILES);
        const hashes = Object.values(FILES).map((content) => hashContent(content));
        for (const hash of hashes) await store.evictBlob(scene.workspace, "content", hash);
        const before = scene.asked("contents");
        expect(await scene.executor().seen()).toEqual(FILES);
        expect(scene.asked("contents") - before).toBe(1);
        for (const hash of hashes) expect(await isStored(scene, "content", hash)).toBe(true);
      });

      it("B25: content that nobody has fails as inconsistent, naming path and hash, never as not found", async () => {
        const scene = await open({ "a.ts": "export {};" });
        const executor = scene.executor();
        const hash = "0".repeat(64) as ContentHash;
        const fetched = executor.modules.fetch(scene.workspace, {}, [{ path: "lib/gone.ts" as never, hash, kind: "ts" }]);
        await expect(fetched).rejects.toMatchObject({ code: "ERR_CACHE_INCONSISTENT", details: { path: "lib/gone.ts", hash } });
      });

      it("B24: content that does not hash to its name fails that run, names path and both hashes, and the next run heals", async () => {
        const scene = await open({ "lib/a.ts": "export default 1;" });
        const hash = hashContent("export default 1;");
        await spoil(scene, { kind: "content", id: hash });
        const details = { path: "lib/a.ts", expectedHash: hash, actualHash: hashContent("spoilt") };
        await expect(scene.executor().seen()).rejects.toMatchObject({ code: "ERR_SNAPSHOT_INTEGRITY", details });
        const executor = scene.executor();
        expect(await executor.seen()).toEqual({ "lib/a.ts": "export default 1;" });
        expect(await isStored(scene, "content", hash)).toBe(true);
      });

      it("B24: it persists where the database disagrees too, and what is wrong there is not cached", async () => {
        const scene = await open({ "a.ts": "export default 1;" });
        const hash = hashContent("export default 1;");
        const [bytes] = [...(await scene.origin.contents(scene.workspace, [hash])).values()];
        bytes!.set([33]);
        await store.evictBlob(scene.workspace, "content", hash);
        for (let run = 0; run < 2; run++)
          await expect(scene.executor().seen()).rejects.toMatchObject({ code: "ERR_SNAPSHOT_INTEGRITY", details: { at: "database" } });
        expect(await isStored(scene, "content", hash)).toBe(false);
      });

      it("B24: compiled code that does not carry its own hash, or is another module's, is not run but had again", async () => {
        const scene = await open({ "a.ts": "export const a: number = 1;", "b.ts": "export const b: number = 2;" });
        const first = scene.executor();
        const { snapshot } = await first.snapshots.pin(scene.workspace);
        const [a, b] = await first.load(snapshot, ["a.ts", "b.ts"]);
        if (!("compiled" in a!) || !("compiled" in b!)) throw new Error("does not compile");
        const text = Buffer.from(encodeCompiled(a.compiled)).toString();
        for (const bytes of [text.replace("const a", "const z"), "", "{}", text.slice(0, -1), Buffer.from(encodeCompiled(b.compiled)).toString()]) {
          await spoil(scene, { kind: "compiled", id: a.compiled.key, bytes });
          const executor = scene.executor();
          expect(await executor.load(snapshot, ["a.ts"])).toMatchObject([{ compiled: { js: a.compiled.js, sourceHash: a.compiled.sourceHash } }]);
          await executor.modules.settled();
        }
        expect(await store.getBlobs(scene.workspace, [{ kind: "compiled", id: a.compiled.key }])).toEqual([Buffer.from(encodeCompiled(a.compiled))]);
      });

      it("B26: a spoilt snapshot record or directory heals from the database", async () => {
        const scene = await open(FILES);
        const { snapshot } = await scene.executor().snapshots.pin(scene.workspace);
        for (const bytes of ["", "{", "null", "[]", '{"format":2}', '{"a":{"file":1}}']) {
          await spoil(scene, { kind: "snapshot", id: snapshot.id, bytes });
          for (const directory of snapshot.trees()) await spoil(scene, { kind: "tree", id: directory.hash, bytes });
          expect(await scene.executor().seen()).toEqual(FILES);
        }
        const asked = scene.asked("trees");
        expect(await scene.executor().seen()).toEqual(FILES);
        expect(scene.asked("trees")).toBe(asked);
      });

      it("B26: a spoilt record that the database does not have either is corrupt, and is evicted", async () => {
        const scene = await open(FILES);
        const id = `s1-${"1".repeat(64)}` as SnapshotId;
        await spoil(scene, { kind: "snapshot", id });
        await expect(scene.executor().snapshots.open(scene.workspace, id)).rejects.toMatchObject({ code: "ERR_CACHE_CORRUPT", details: { snapshot: id } });
        await expect(scene.executor().snapshots.open(scene.workspace, id)).rejects.toMatchObject({ code: "ERR_CACHE_INCONSISTENT", details: { snapshot: id } });
      });

      it("a HEAD that contradicts the database is replaced: another id at its version, or a version above", async () => {
        const scene = await open({ "a.ts": "export default 1;" });
        const { head } = await scene.executor().snapshots.pin(scene.workspace);
        const nobody = `s1-${"2".repeat(64)}` as SnapshotId;
        for (const wrong of [
          { version: head.version, snapshotId: nobody },
          { version: head.version + 7, snapshotId: nobody },
          { version: head.version + 7, snapshotId: head.snapshotId },
        ]) {
          await store.dropHead(scene.workspace, (await store.pin(scene.workspace)).head!);
          await store.publish(scene.workspace, wrong, { baseVersion: -1, set: new Map(), removed: new Set(), full: async () => new Map() });
          expect(await scene.executor().seen()).toEqual({ "a.ts": "export default 1;" });
          expect((await store.pin(scene.workspace)).head).toBe(encodeHead(head));
          await scene.write({ "b.ts": null });
        }
      });

      it("a trusted HEAD that comes to name a snapshot nobody has is doubted and healed", async () => {
        const scene = await open({ "a.ts": "export default 1;" });
        const executor = scene.executor();
        const { head } = await executor.snapshots.pin(scene.workspace);
        await store.publish(
          scene.workspace,
          { version: head.version + 1, snapshotId: `s1-${"3".repeat(64)}` as SnapshotId },
          { baseVersion: -1, set: new Map(), removed: new Set(), full: async () => new Map() },
        );
        expect(await executor.seen()).toEqual({ "a.ts": "export default 1;" });
        expect((await store.pin(scene.workspace)).head).toBe(encodeHead(head));
      });
    });

    describe("fetching modules", () => {
      it("B34: changed content never gets old code, and options change the code", async () => {
        const scene = await open({ "a.tsx": "export const a = <b/>;" });
        const executor = scene.executor();
        const before = await executor.snapshots.pin(scene.workspace);
        await scene.write({ "tsconfig.json": '{"compilerOptions":{"jsx":"react","jsxFactory":"h"}}' });
        const after = await executor.snapshots.pin(scene.workspace);
        expect(after.snapshot.record.compilerOptions).toMatchObject({ jsxFactory: "h" });
        const [[one], [other]] = (await Promise.all([before, after].map(({ snapshot }) => executor.load(snapshot, ["a.tsx"])))) as never as [
          [{ compiled: { js: string } }],
          [{ compiled: { js: string } }],
        ];
        expect(other.compiled.js).not.toBe(one.compiled.js);
      });

      it("B34: the same content at two paths is compiled once; at two kinds it is two modules", async () => {
        const scene = await open();
        await scene.commitAndDie("a.ts", "export const x: number = 1;");
        await scene.commitAndDie("b.ts", "export const x: number = 1;");
        await scene.commitAndDie("c.tsx", "export const x: number = 1;");
        const executor = scene.executor();
        await executor.seen();
        expect(executor.compiled()).toBe(2);
      });

      it("compiles what nobody has compiled once for ten runs at once, and saves it for all", async () => {
        const scene = await open();
        await scene.commitAndDie("a.ts", "export const x: number = 1;");
        const executor = scene.executor();
        await Promise.all(Array.from({ length: 10 }, () => executor.seen()));
        expect(executor.compiled()).toBe(1);
        await executor.modules.settled();
        const another = scene.executor();
        await another.seen();
        expect(another.compiled()).toBe(0);
      });

      it("says of each module what its author must mend: too large, or no UTF-8", async () => {
        const scene = await open();
        await scene.write({ "ok.ts": "export {};", "big.ts": `export const big = "${"x".repeat(100)}";`, "bytes.ts": Uint8Array.from([0xff, 0xfe]) });
        const executor = scene.executor({ maxSourceBytes: 100 });
        const { snapshot } = await executor.snapshots.pin(scene.workspace);
        expect(await executor.load(snapshot, ["big.ts", "ok.ts", "bytes.ts"])).toMatchObject([
          { fault: { code: "ERR_SOURCE_TOO_LARGE", details: { limit: 100, amount: 122 } } },
          { source: "export {};" },
          { fault: { code: "ERR_MODULE_SYNTAX", name: "SyntaxError" } },
        ]);
      });
    });

    describe("the module cache", () => {
      it("B40: sets, gets, lists and invalidates, and what it does the next run sees", async () => {
        const scene = await open();
        const { cache } = scene;
        expect(await cache.getModule("lib/é.ts")).toBeNull();
        await cache.setModule("lib/é.ts", "export default 'é';");
        expect(await cache.getModule("lib/é.ts")).toEqual({ content: "export default 'é';", path: "lib/é.ts", hash: hashContent("export default 'é';") });
        await cache.setModule("a.json", "{}");
        await cache.setModule("notes.md", "# no module");
        expect(await cache.getAllModulePaths()).toEqual(["a.json", "lib/é.ts"]);
        expect(await store.readIndex(scene.workspace)).toEqual(
          new Map(
            ["lib/é.ts", "a.json", "notes.md"].map((path) => [path, hashContent({ "lib/é.ts": "export default 'é';", "a.json": "{}" }[path] ?? "# no module")]),
          ),
        );
        await cache.invalidateModule("lib/é.ts");
        await cache.invalidateModule("lib/é.ts");
        expect(await cache.getModule("lib/é.ts")).toBeNull();
        expect(await cache.getAllModulePaths()).toEqual(["a.json"]);
      });

      it("B40: clears and says how much there was; what is read afterwards comes back from the database", async () => {
        const scene = await open(FILES);
        expect(await scene.cache.clearModuleCache()).toBe(3);
        expect(await store.readIndex(scene.workspace)).toBeUndefined();
        expect((await scene.cache.getModule("lib/a.ts"))?.content).toBe(FILES["lib/a.ts"]);
        expect(await scene.cache.getAllModulePaths()).toEqual(["lib/a.ts", "lib/b/c.json", "main.ts"]);
      });

      it("B40: getModule verifies what it reads, and heals", async () => {
        const scene = await open(FILES);
        await spoil(scene, { kind: "content", id: hashContent(FILES["lib/a.ts"]) });
        await expect(scene.cache.getModule("lib/a.ts")).rejects.toMatchObject({ code: "ERR_SNAPSHOT_INTEGRITY" });
        expect((await scene.cache.getModule("lib/a.ts"))?.content).toBe(FILES["lib/a.ts"]);
      });

      it("B43: a path outside the rules reads as nothing, cannot be set, and makes no key", async () => {
        const scene = await open();
        for (const path of ["", "/etc/passwd", "../x.ts", "a/../b.ts", "a\\b.ts", "a\0.ts", "x".repeat(513)]) {
          expect(await scene.cache.getModule(path)).toBeNull();
          await expect(scene.cache.setModule(path, "x")).rejects.toMatchObject({ code: "ERR_PATH_INVALID" });
        }
        expect(await store.pin(scene.workspace)).toEqual({ head: undefined, pending: 0 });
        expect(await store.readIndex(scene.workspace)).toBeUndefined();
      });

      it("B42: warming loads what can be imported with its compiled code, so that a run asks the database for nothing more", async () => {
        const scene = await open({ ...FILES, "README.md": "# text", "gone.ts": "export {};" });
        await scene.write({ "gone.ts": null });
        await store.clear(scene.workspace);
        expect(await scene.cache.warmCacheFromDb()).toBe(3);
        const before = (["snapshots", "trees", "contents", "compiled"] as const).map(scene.asked);
        const executor = scene.executor();
        const { snapshot } = await executor.snapshots.pin(scene.workspace);
        expect(await executor.load(snapshot, Object.keys(FILES))).toMatchObject(Object.values(FILES).map((source) => ({ source })));
        expect((["snapshots", "trees", "contents", "compiled"] as const).map(scene.asked)).toEqual(before);
        expect(executor.compiled()).toBe(0);
        expect([...((await store.readIndex(scene.workspace)) ?? new Map<string, string>()).keys()].toSorted()).toEqual([
          "README.md",
          "lib/a.ts",
          "lib/b/c.json",
          "main.ts",
        ]);
        expect(await isStored(scene, "content", hashContent("export {};"))).toBe(false);
      });

      it("B42: warming twice changes nothing the second time", async () => {
        const scene = await open(FILES);
        await store.clear(scene.workspace);
        const first = await warmWorkspace(scene);
        expect(first).toMatchObject({ count: 3 });
        expect(first.repaired).toBeGreaterThan(0);
        expect(await warmWorkspace(scene)).toEqual({ ...first, repaired: 0 });
      });

      it("B42: warming repairs contents, code, directories, an index that is not HEAD's, and a HEAD that has fallen behind", async () => {
        const scene = await open(FILES);
        const { snapshot, head } = await scene.executor().snapshots.pin(scene.workspace);
        const hash = hashContent(FILES["lib/a.ts"]);
        await spoil(scene, { kind: "content", id: hash });
        await spoil(scene, { kind: "snapshot", id: snapshot.id });
        for (const directory of snapshot.trees()) await spoil(scene, { kind: "tree", id: directory.hash });
        await store.dropHead(scene.workspace, encodeHead(head));
        const full = async () => new Map([["lib/a.ts" as never, hashContent("stale")]]);
        await store.publish(scene.workspace, head, { baseVersion: -1, set: new Map(), removed: new Set(), full });
        expect(await warmWorkspace(scene)).toMatchObject({ count: 3, head });
        expect(await store.readIndex(scene.workspace)).toEqual(new Map(snapshot.files()));
        expect(await warmWorkspace(scene)).toMatchObject({ repaired: 0 });
        await scene.commitAndDie("z.ts", "export {};");
        expect(await warmWorkspace(scene)).toMatchObject({ count: 4, head: { version: head.version + 1 } });
      });

      it("B42: many files are warmed in batches, by three at once, beside a writer", async () => {
        const files = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`d${at % 7}/m${at}.ts`, `export default ${at};`]));
        const scene = await open(files);
        await store.clear(scene.workspace);
        const warmed = await Promise.all([warmWorkspace(scene), scene.write({ "new.ts": "export {};" }), warmWorkspace(scene), warmWorkspace(scene)]);
        expect(warmed.filter((result) => typeof result === "object" && result !== null && "count" in result)).toHaveLength(3);
        expect(await warmWorkspace(scene)).toMatchObject({ count: 301 });
        expect(await store.readIndex(scene.workspace)).toEqual(
          new Map(Object.entries({ ...files, "new.ts": "export {};" }).map(([path, content]) => [path, hashContent(content)])),
        );
      });
    });
  });
}
