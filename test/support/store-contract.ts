// The promises of src/snapshot/store.ts as a suite: every store that stands before an origin passes it.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashContent } from "../../src/modules/content-hash.ts";
import type { ContentHash } from "../../src/modules/content-hash.ts";
import type { ModulePath } from "../../src/modules/module-path.ts";
import { decodeHead } from "../../src/snapshot/head-text.ts";
import type { Head, SnapshotId } from "../../src/snapshot/snapshot-record.ts";
import type { IndexChange, SnapshotStore } from "../../src/snapshot/store.ts";

export interface StoreUnderTest {
  readonly store: SnapshotStore;
  dispose(): Promise<void>;
}

type Files = Readonly<Record<string, string>>;

export function headAt(version: number): Head {
  return { version, snapshotId: `s1-${hashContent(`snapshot ${version}`)}` as SnapshotId };
}

function indexOf(files: Files): Map<ModulePath, ContentHash> {
  return new Map(Object.entries(files).map(([path, content]) => [path as ModulePath, hashContent(content)]));
}

/** A change that must not ask for the whole index. */
function delta(baseVersion: number, { set = {}, removed = [] }: { readonly set?: Files; readonly removed?: readonly string[] }): IndexChange {
  return {
    baseVersion,
    set: indexOf(set),
    removed: new Set(removed as ModulePath[]),
    full: () => Promise.reject(new Error("the whole index was asked for")),
  };
}

function whole(files: Files): IndexChange {
  return { baseVersion: -1, set: new Map(), removed: new Set(), full: async () => indexOf(files) };
}

export function describeStoreContract(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`${name}: a snapshot store`, () => {
    let underTest: StoreUnderTest;
    let store: SnapshotStore;
    beforeAll(async () => {
      underTest = await create();
      store = underTest.store;
    });
    afterAll(async () => underTest.dispose());

    async function headOf(workspace: string): Promise<Head | undefined> {
      return decodeHead((await store.pin(workspace)).head);
    }

    it("has no HEAD, no mark and no index at first", async () => {
      const workspace = randomUUID();
      expect(await store.pin(workspace)).toEqual({ head: undefined, pending: 0 });
      expect(await store.readIndex(workspace)).toBeUndefined();
    });

    it("publishes the whole index where there is no HEAD, and what changed where the base is the stored one", async () => {
      const workspace = randomUUID();
      expect(await store.publish(workspace, headAt(1), whole({ "a.ts": "1", "b.ts": "1" }))).toBe(true);
      expect(await store.publish(workspace, headAt(2), delta(1, { set: { "a.ts": "2", "c/d.ts": "2" }, removed: ["b.ts"] }))).toBe(true);
      expect(await headOf(workspace)).toEqual(headAt(2));
      expect(await store.readIndex(workspace)).toEqual(indexOf({ "a.ts": "2", "c/d.ts": "2" }));
    });

    it("asks for the whole index where the stored HEAD is not the base of the change", async () => {
      const workspace = randomUUID();
      await store.publish(workspace, headAt(1), whole({ "a.ts": "1" }));
      const change: IndexChange = { ...delta(2, { set: { "b.ts": "3" } }), full: async () => indexOf({ "a.ts": "2", "b.ts": "3" }) };
      expect(await store.publish(workspace, headAt(3), change)).toBe(true);
      expect(await store.readIndex(workspace)).toEqual(indexOf({ "a.ts": "2", "b.ts": "3" }));
    });

    it("B29a: HEAD moves only upwards, and the index with it", async () => {
      const workspace = randomUUID();
      await store.publish(workspace, headAt(3), whole({ "a.ts": "3" }));
      expect(await store.publish(workspace, headAt(2), whole({ "a.ts": "2" }))).toBe(false);
      expect(await store.publish(workspace, headAt(3), whole({ "a.ts": "other" }))).toBe(false);
      expect(await headOf(workspace)).toEqual(headAt(3));
      expect(await store.readIndex(workspace)).toEqual(indexOf({ "a.ts": "3" }));
    });

    it("B29a: twenty versions published at once and out of order end at the highest with its index", async () => {
      const workspace = randomUUID();
      const versions = Array.from({ length: 20 }, (_, at) => ((at * 7) % 20) + 1);
      await Promise.all(versions.map((version) => store.publish(workspace, headAt(version), whole({ [`v${version}.ts`]: "x" }))));
      expect(await headOf(workspace)).toEqual(headAt(20));
      expect(await store.readIndex(workspace)).toEqual(indexOf({ "v20.ts": "x" }));
    });

    it("B29a: the pending mark is raised and never lowered", async () => {
      const workspace = randomUUID();
      await store.markPending(workspace, 5);
      await store.markPending(workspace, 3);
      expect((await store.pin(workspace)).pending).toBe(5);
    });

    it("B29a: publishing clears a mark that is not above it, also where HEAD stood there already", async () => {
      const workspace = randomUUID();
      await store.markPending(workspace, 2);
      await store.publish(workspace, headAt(1), whole({}));
      expect((await store.pin(workspace)).pending).toBe(2);
      await store.publish(workspace, headAt(2), whole({}));
      expect((await store.pin(workspace)).pending).toBe(0);
      await store.markPending(workspace, 2);
      await store.publish(workspace, headAt(2), whole({}));
      expect((await store.pin(workspace)).pending).toBe(0);
    });

    it("B29a: clearing the mark leaves one that has been raised since it was seen", async () => {
      const workspace = randomUUID();
      await store.markPending(workspace, 2);
      const { pending } = await store.pin(workspace);
      await store.markPending(workspace, 3);
      await store.clearPending(workspace, pending);
      expect((await store.pin(workspace)).pending).toBe(3);
      await store.clearPending(workspace, 3);
      expect((await store.pin(workspace)).pending).toBe(0);
    });

    it("drops HEAD only where it is still the one that was seen", async () => {
      const workspace = randomUUID();
      await store.publish(workspace, headAt(1), whole({}));
      const { head } = await store.pin(workspace);
      await store.publish(workspace, headAt(2), whole({}));
      await store.dropHead(workspace, head!);
      expect(await headOf(workspace)).toEqual(headAt(2));
      await store.dropHead(workspace, (await store.pin(workspace)).head!);
      expect(await headOf(workspace)).toBeUndefined();
      expect(await store.publish(workspace, headAt(1), whole({ "a.ts": "1" }))).toBe(true);
    });

    it("B32: an empty index is an index", async () => {
      const workspace = randomUUID();
      await store.publish(workspace, headAt(0), whole({}));
      expect(await store.readIndex(workspace)).toEqual(new Map());
      await store.publish(workspace, headAt(1), { ...delta(0, { set: { "a.ts": "1" } }), full: async () => indexOf({ "a.ts": "1" }) });
      await store.publish(workspace, headAt(2), delta(1, { removed: ["a.ts"] }));
      expect(await store.readIndex(workspace)).toEqual(new Map());
    });

    it("keeps an index of 6,000 paths and applies a change of as many", async () => {
      const workspace = randomUUID();
      const before = Object.fromEntries(Array.from({ length: 6000 }, (_, at) => [`m${at}.ts`, `${at}`]));
      const after = Object.fromEntries(Array.from({ length: 6000 }, (_, at) => [`n${at}.ts`, `${at}`]));
      await store.publish(workspace, headAt(1), whole(before));
      expect((await store.readIndex(workspace))?.size).toBe(6000);
      await store.publish(workspace, headAt(2), delta(1, { set: after, removed: Object.keys(before) }));
      expect(await store.readIndex(workspace)).toEqual(indexOf(after));
    });

    it("takes any path the rules allow, such as __proto__, names with braces and stars, and emoji", async () => {
      const workspace = randomUUID();
      const files = new Map(["__proto__", "constructor", "{a}/*?[x].ts", "%41.ts", "😀/é.ts", " .ts"].map((path) => [path as ModulePath, hashContent(path)]));
      await store.publish(workspace, headAt(1), { ...whole({}), full: async () => files });
      expect(await store.readIndex(workspace)).toEqual(files);
    });

    it("gives blobs byte for byte in the order asked, with undefined for what is absent", async () => {
      const workspace = randomUUID();
      const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
      await store.putBlobs(workspace, [
        { kind: "content", id: "one", bytes },
        { kind: "tree", id: "one", bytes: new Uint8Array(0) },
      ]);
      const wanted = [
        { kind: "compiled", id: "one" },
        { kind: "tree", id: "one" },
        { kind: "content", id: "one" },
      ] as const;
      const found = await store.getBlobs(workspace, wanted);
      expect(found.map((value) => value && Array.from(value))).toEqual([undefined, [], [...bytes]]);
    });

    it("keeps and gives 1,200 blobs at once", async () => {
      const workspace = randomUUID();
      const blobs = Array.from({ length: 1200 }, (_, at) => ({ kind: "content" as const, id: `${at}`, bytes: Buffer.from(`content ${at}`) }));
      await store.putBlobs(workspace, blobs);
      const found = await store.getBlobs(workspace, blobs);
      expect(found.map((bytes) => bytes && Buffer.from(bytes).toString())).toEqual(blobs.map(({ bytes }) => bytes.toString()));
    });

    it("replaces and evicts a blob, and evicting what is absent does nothing", async () => {
      const workspace = randomUUID();
      const blob = { kind: "snapshot", id: "x" } as const;
      await store.putBlobs(workspace, [{ ...blob, bytes: Buffer.from("old") }]);
      await store.putBlobs(workspace, [{ ...blob, bytes: Buffer.from("new") }]);
      expect((await store.getBlobs(workspace, [blob])).map(String)).toEqual([String(Buffer.from("new"))]);
      await store.evictBlob(workspace, "snapshot", "x");
      await store.evictBlob(workspace, "snapshot", "x");
      expect(await store.getBlobs(workspace, [blob])).toEqual([undefined]);
    });

    it("asks for nothing where nothing is wanted", async () => {
      const before = store.roundTrips;
      expect(await store.getBlobs(randomUUID(), [])).toEqual([]);
      await store.putBlobs(randomUUID(), []);
      expect(store.roundTrips).toBe(before);
    });

    it("clears one workspace and leaves the others; the answer is how many paths its index had", async () => {
      const [one, other] = [randomUUID(), randomUUID()];
      for (const workspace of [one, other]) {
        await store.putBlobs(workspace, [{ kind: "content", id: "x", bytes: Buffer.from("x") }]);
        await store.publish(workspace, headAt(1), whole({ "a.ts": "1", "b.ts": "2" }));
        await store.markPending(workspace, 2);
      }
      expect(await store.clear(one)).toBe(2);
      expect(await store.clear(one)).toBe(0);
      expect(await store.pin(one)).toEqual({ head: undefined, pending: 0 });
      expect(await store.readIndex(one)).toBeUndefined();
      expect(await store.getBlobs(one, [{ kind: "content", id: "x" }])).toEqual([undefined]);
      expect(await headOf(other)).toEqual(headAt(1));
      expect((await store.getBlobs(other, [{ kind: "content", id: "x" }]))[0]).toBeDefined();
    });

    it("B31: takes a lease with the pin, renews it, takes it again when it is gone, and releases it", async () => {
      const workspace = randomUUID();
      const lease = { executionId: randomUUID(), ttlMs: 60_000 };
      await store.pin(workspace, lease);
      await store.renewLease(workspace, lease);
      await store.releaseLease(workspace, lease.executionId);
      await store.releaseLease(workspace, lease.executionId);
      await store.renewLease(workspace, lease);
      await store.releaseLease(workspace, lease.executionId);
    });
  });
}
