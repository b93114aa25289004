// The promises of src/snapshot/origin.ts as a suite: every origin that keeps a workspace's truth passes it.
import { beforeAll, afterAll, describe, expect, it } from "vitest";
import { hashContent } from "../../src/modules/content-hash.ts";
import type { CompiledKey, ContentHash } from "../../src/modules/content-hash.ts";
import { parseModulePath } from "../../src/modules/module-path.ts";
import type { ModulePath } from "../../src/modules/module-path.ts";
import type { CompiledModule, EntityRecord } from "../../src/modules/module-record.ts";
import type { Change, Commit, Origin, PreparedFile, PreparedMove } from "../../src/snapshot/origin.ts";
import { snapshotRecordOf } from "../../src/snapshot/snapshot-id.ts";
import { DEFAULT_WORKSPACE_ID } from "../../src/snapshot/snapshot-record.ts";
import type { SnapshotId, TreeHash, WorkspaceId } from "../../src/snapshot/snapshot-record.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { EMPTY_TREE_HASH, hashTree } from "../../src/snapshot/tree.ts";
import { contentTypeOf } from "../../src/workspace/content-type.ts";
import { entityTypeOf } from "../../src/workspace/entity-type.ts";

export interface OriginUnderTest {
  readonly origin: Origin;
  dispose(): Promise<void>;
}

type Entities = readonly Pick<EntityRecord, "kind" | "exportName" | "name">[];

interface FileOptions {
  readonly entities?: Entities;
  /** The text does not parse: what is in `entities` was found in the recovered tree. */
  readonly broken?: boolean;
  /** Compiling it was not possible. */
  readonly uncompiled?: boolean;
}

const decoder = new TextDecoder();
const WORKFLOW: Entities = [{ kind: "workflow", exportName: "default", name: "close-tickets" }];

export function preparedFile(path: string, content: string | Uint8Array, options: FileOptions = {}): PreparedFile {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const compiled = options.uncompiled ? undefined : compiledFile(path, bytes, options);
  return {
    path: parseModulePath(path),
    bytes,
    hash: hashContent(bytes),
    entityType: entityTypeOf(path, compiled?.facts),
    contentType: contentTypeOf(path),
    ...(compiled === undefined ? undefined : { compiled }),
  };
}

function compiledFile(path: string, bytes: Uint8Array, { entities = [], broken = false }: FileOptions): CompiledModule | undefined {
  if (entityTypeOf(path, undefined) !== "module") return undefined;
  const at = { line: 1, column: 1 };
  return {
    key: hashContent(`key of ${path} ${hashContent(bytes)} ${JSON.stringify(entities)} ${broken}`) as string as CompiledKey,
    sourceHash: hashContent(bytes),
    js: broken ? "" : `export default ${JSON.stringify(decoder.decode(bytes).slice(0, 40))};`,
    map: broken ? "" : '{"version":3,"names":[],"mappings":"AAAA"}',
    facts: {
      imports: [],
      exports: entities.map((entity) => entity.exportName),
      entities: entities.map((entity) => ({ ...entity, ...at })),
      diagnostics: broken ? [{ ...at, code: 1005, severity: "error", message: "';' expected." }] : [],
      nesting: { depth: 1, ...at },
    },
  };
}

function preparedMove(from: string, to: string, options: FileOptions & { readonly content?: string } = {}): PreparedMove {
  const { compiled, entityType, contentType } = preparedFile(to, options.content ?? "", options);
  return { from: parseModulePath(from), to: parseModulePath(to), entityType, contentType, ...(compiled === undefined ? undefined : { compiled }) };
}

async function quietly(): Promise<void> {}

export function describeOriginContract(name: string, create: () => Promise<OriginUnderTest>): void {
  describe(`origin contract: ${name}`, () => {
    let opened: OriginUnderTest;
    let origin: Origin;
    let made = 0;

    beforeAll(async () => {
      opened = await create();
      origin = opened.origin;
    });
    afterAll(async () => {
      await opened?.dispose();
    });

    async function freshWorkspace(): Promise<WorkspaceId> {
      made += 1;
      return (await origin.workspace(`contract-${made}`, { create: true }))!.id;
    }

    function commit(workspace: WorkspaceId, change: Partial<Change>, beforeCommit = quietly as (version: number) => Promise<void>): Promise<Commit> {
      return origin.commit(workspace, { put: [], remove: [], move: [], ...change }, beforeCommit);
    }

    function put(workspace: WorkspaceId, ...files: PreparedFile[]): Promise<Commit> {
      return commit(workspace, { put: files });
    }

    function remove(workspace: WorkspaceId, ...paths: string[]): Promise<Commit> {
      return commit(workspace, { remove: paths.map(parseModulePath) });
    }

    /** Everything a snapshot holds, read the way a run reads it: record, then trees, then contents. */
    async function readSnapshot(workspace: WorkspaceId, id: SnapshotId): Promise<Record<string, string>> {
      const record = (await origin.snapshots(workspace, [id])).get(id)!;
      expect(snapshotRecordOf(record)).toEqual(record);
      const found: [string, string][] = [];
      let level: { readonly at: string; readonly tree: TreeHash }[] = [{ at: "", tree: record.tree }];
      while (level.length > 0) {
        const wanted = level.map(({ tree }) => tree).filter((hash) => hash !== EMPTY_TREE_HASH);
        const trees = wanted.length === 0 ? new Map<TreeHash, never>() : await origin.trees(workspace, wanted);
        const next: typeof level = [];
        for (const { at, tree } of level) {
          const entries = trees.get(tree) ?? {};
          expect(hashTree(entries)).toBe(tree);
          for (const [entryName, entry] of Object.entries(entries)) {
            if ("tree" in entry) next.push({ at: `${at}${entryName}/`, tree: entry.tree });
            else found.push([at + entryName, entry.file]);
          }
        }
        level = next;
      }
      const contents = await origin.contents(
        workspace,
        found.map(([, hash]) => hash as ContentHash),
      );
      return Object.fromEntries(
        found.map(([path, hash]) => {
          const bytes = contents.get(hash as ContentHash)!;
          expect(hashContent(bytes)).toBe(hash);
          return [path, decoder.decode(bytes)];
        }),
      );
    }

    async function readHead(workspace: WorkspaceId): Promise<Record<string, string>> {
      return readSnapshot(workspace, (await origin.head(workspace)).head.snapshotId);
    }

    async function version(workspace: WorkspaceId): Promise<number> {
      return (await origin.head(workspace)).head.version;
    }

    async function executables(workspace: WorkspaceId, filter?: { path?: ModulePath; name?: string; id?: string }) {
      return (await origin.executables(workspace, filter)).map(({ id, path, exportName, name: title, kind, active }) => ({
        id,
        path,
        exportName,
        name: title,
        kind,
        active,
      }));
    }

    describe("workspaces", () => {
      it("a workspace that was never made is undefined; made once, it is the same for everyone", async () => {
        expect(await origin.workspace("nobody")).toBeUndefined();
        const both = await Promise.all([origin.workspace("twins", { create: true }), origin.workspace("twins", { create: true })]);
        expect(both[0]).toEqual(both[1]);
        expect(await origin.workspace("twins")).toEqual(both[0]);
        expect(both[0]!.name).toBe("twins");
        expect(both[0]!.id).toMatch(/^[0-9a-f-]{36}$/);
        for (const limit of Object.values(both[0]!.limits)) expect(limit).toBeGreaterThanOrEqual(0);
      });

      it("the workspace named default has the well-known id", async () => {
        expect((await origin.workspace("default", { create: true }))!.id).toBe(DEFAULT_WORKSPACE_ID);
      });

      it("B32: an empty workspace is an empty snapshot at version 0, not an error", async () => {
        const workspace = await freshWorkspace();
        const { head, writerInFlight } = await origin.head(workspace);
        expect(head.version).toBe(0);
        expect(writerInFlight).toBe(false);
        const record = (await origin.snapshots(workspace, [head.snapshotId])).get(head.snapshotId)!;
        expect(record).toEqual(snapshotRecordOf({ tree: EMPTY_TREE_HASH, packageLock: null, compilerOptions: {} }));
        expect(await readHead(workspace)).toEqual({});
        expect(await origin.files(workspace)).toEqual([]);
        expect(await origin.executables(workspace)).toEqual([]);
      });

      it("a workspace sees nothing of another one", async () => {
        const [one, other] = [await freshWorkspace(), await freshWorkspace()];
        const { head, trees } = await put(one, preparedFile("secret.ts", "export const secret = 'of one';", { entities: WORKFLOW }));
        expect(await readHead(other)).toEqual({});
        expect(await origin.files(other)).toEqual([]);
        expect(await origin.executables(other)).toEqual([]);
        expect(await origin.file(other, "secret.ts" as ModulePath)).toBeUndefined();
        expect((await origin.contents(other, [hashContent("export const secret = 'of one';")])).size).toBe(0);
        expect((await origin.trees(other, [...trees.keys()])).size).toBe(0);
        expect((await origin.snapshots(other, [head.snapshotId])).size).toBe(0);
        expect(await version(other)).toBe(0);
      });
    });

    it("a snapshot can be kept by who has its id, in its own workspace, and one that is nowhere cannot", async () => {
      const [one, other] = [await freshWorkspace(), await freshWorkspace()];
      const { head } = await put(one, preparedFile("a.ts", "1"));
      expect(await Promise.all([1, 2, 3].map(() => origin.keepSnapshot(one, head.snapshotId)))).toEqual([true, true, true]);
      expect(await origin.keepSnapshot(other, head.snapshotId)).toBe(false);
      expect(await origin.keepSnapshot(one, `s1-${"0".repeat(64)}` as SnapshotId)).toBe(false);
    });

    describe("settings", () => {
      it("a new workspace has nothing of its own, and the defaults for all", async () => {
        const { id: _id, name: _name, ...settings } = (await origin.workspace("plain", { create: true }))!;
        expect(settings).toEqual(DEFAULT_SETTINGS);
        expect(await origin.ownSettings("plain")).toEqual({});
      });

      it("what is set is there for whoever asks next, and all else stays the default", async () => {
        const { id } = (await origin.workspace("set", { create: true }))!;
        const changed = await origin.updateSettings("set", { wallMs: 0, logLines: 7, webAssembly: true, concurrency: 4, maxRunning: 2, retentionDays: 0 });
        expect(changed).toEqual({
          id,
          name: "set",
          limits: { ...DEFAULT_SETTINGS.limits, wallMs: 0, logLines: 7 },
          grants: { webAssembly: true, codeGeneration: false },
          tier: "jit",
          concurrency: 4,
          maxRunning: 2,
          retentionDays: 0,
        });
        expect(await origin.workspace("set")).toEqual(changed);
        expect(await origin.ownSettings("set")).toEqual({ wallMs: 0, logLines: 7, webAssembly: true, concurrency: 4, maxRunning: 2, retentionDays: 0 });
      });

      it("one change leaves alone what another has set, and null takes a value back", async () => {
        await origin.workspace("twice", { create: true });
        await origin.updateSettings("twice", { wallMs: 1000, memoryBytes: 16_777_216 });
        await origin.updateSettings("twice", { wallMs: null, tier: "jitless", nesting: undefined });
        expect(await origin.ownSettings("twice")).toEqual({ memoryBytes: 16_777_216, tier: "jitless" });
        const { limits, tier } = (await origin.workspace("twice"))!;
        expect({ limits, tier }).toEqual({ limits: { ...DEFAULT_SETTINGS.limits, memoryBytes: 16_777_216 }, tier: "jitless" });
      });

      it("changes at once are all kept", async () => {
        await origin.workspace("at-once", { create: true });
        await Promise.all([
          origin.updateSettings("at-once", { wallMs: 1 }),
          origin.updateSettings("at-once", { cpuMs: 2 }),
          origin.updateSettings("at-once", { modules: 3 }),
        ]);
        expect(await origin.ownSettings("at-once")).toEqual({ wallMs: 1, cpuMs: 2, modules: 3 });
      });

      it("a value that the setting cannot have, or settings that exclude each other, change nothing", async () => {
        await origin.workspace("strict", { create: true });
        await origin.updateSettings("strict", { logLines: 5 });
        await expect(origin.updateSettings("strict", { logLines: 6, memoryBytes: 1 })).rejects.toMatchObject({
          code: "ERR_INPUT_INVALID",
          details: { path: "memory", received: "1", expected: "8388608 bytes or more, or 0 for none" },
        });
        await expect(origin.updateSettings("strict", { logLines: 6, tier: "jitless", webAssembly: true })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" });
        expect(await origin.ownSettings("strict")).toEqual({ logLines: 5 });
      });

      it("a workspace that there is not has none, and cannot be changed", async () => {
        expect([await origin.ownSettings("nobody"), await origin.updateSettings("nobody", { logLines: 5 })]).toEqual([undefined, undefined]);
        expect(await origin.workspace("nobody")).toBeUndefined();
      });

      it("a change of settings makes no new version, and a write no change of settings", async () => {
        const { id } = (await origin.workspace("apart", { create: true }))!;
        await put(id, preparedFile("a.ts", "1"));
        await origin.updateSettings("apart", { logLines: 5 });
        expect(await version(id)).toBe(1);
        await put(id, preparedFile("a.ts", "2"));
        expect(await origin.ownSettings("apart")).toEqual({ logLines: 5 });
      });
    });

    describe("writes", () => {
      it("B23: several files written at once are all there, in one version", async () => {
        const workspace = await freshWorkspace();
        const commitment = await put(workspace, preparedFile("wf.ts", "1"), preparedFile("shared/deep/x.ts", "2"), preparedFile("readme.md", "3"));
        expect(commitment).toMatchObject({ changed: true, previous: { version: 0 }, head: { version: 1 } });
        expect(commitment.head.snapshotId).toBe(commitment.snapshot.id);
        expect([...commitment.set.keys()].toSorted()).toEqual(["readme.md", "shared/deep/x.ts", "wf.ts"]);
        expect(commitment.removed.size).toBe(0);
        expect(await readHead(workspace)).toEqual({ "wf.ts": "1", "shared/deep/x.ts": "2", "readme.md": "3" });
        expect((await origin.head(workspace)).head).toEqual(commitment.head);
      });

      it("B23: a write whose beforeCommit rejects leaves nothing behind, and the next one counts on", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("wf.ts", "old", { entities: WORKFLOW }), preparedFile("gone.ts", "gone"), preparedFile("from.ts", "from"));
        const before = { head: await origin.head(workspace), files: await origin.files(workspace), executables: await origin.executables(workspace) };
        const refusal = new Error("refused");
        const change = {
          put: [
            preparedFile("wf.ts", "never written", { entities: [{ kind: "tool", exportName: "other", name: undefined }] }),
            preparedFile("new/x.ts", "new"),
          ],
          remove: ["gone.ts" as ModulePath],
          move: [preparedMove("from.ts", "to.ts")],
        };
        let announced = 0;
        await expect(
          commit(workspace, change, async (next) => {
            announced = next;
            throw refusal;
          }),
        ).rejects.toBe(refusal);
        expect(announced).toBe(2);
        expect({ head: await origin.head(workspace), files: await origin.files(workspace), executables: await origin.executables(workspace) }).toEqual(before);
        expect((await origin.contents(workspace, [hashContent("never written")])).size).toBe(0);
        expect((await origin.compiled([change.put[0]!.compiled!.key])).size).toBe(0);
        expect((await put(workspace, preparedFile("wf.ts", "new"))).head.version).toBe(2);
      });

      it("B52: beforeCommit hears the next version while readers still see the old one", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("wf.ts", "old"));
        await commit(workspace, { put: [preparedFile("wf.ts", "new")] }, async (next) => {
          expect(next).toBe(2);
        });
        expect(await readHead(workspace)).toEqual({ "wf.ts": "new" });
      });

      it("B51: the same content makes no new version, and beforeCommit is not called", async () => {
        const workspace = await freshWorkspace();
        const first = await put(workspace, preparedFile("wf.ts", "1"), preparedFile("b.ts", "2"));
        const again = await commit(
          workspace,
          { put: [preparedFile("wf.ts", "1"), preparedFile("b.ts", "2")], remove: ["absent.ts" as ModulePath] },
          async () => {
            throw new Error("not to be called");
          },
        );
        expect(again).toMatchObject({ changed: false, head: first.head, previous: first.head, snapshot: first.snapshot });
        expect([again.set.size, again.removed.size, again.trees.size]).toEqual([0, 0, 0]);
      });

      it("B51: only what differs is in the commit, and going back to old content is a new version of the old snapshot", async () => {
        const workspace = await freshWorkspace();
        const first = await put(workspace, preparedFile("a.ts", "1"), preparedFile("dir/b.ts", "2"), preparedFile("other/c.ts", "3"));
        const second = await put(workspace, preparedFile("a.ts", "1"), preparedFile("dir/b.ts", "two"));
        expect([...second.set]).toEqual([["dir/b.ts", hashContent("two")]]);
        expect(second.trees.size).toBe(2);
        const third = await put(workspace, preparedFile("dir/b.ts", "2"));
        expect(third.head).toEqual({ version: 3, snapshotId: first.head.snapshotId });
        expect(await readSnapshot(workspace, second.head.snapshotId)).toEqual({ "a.ts": "1", "dir/b.ts": "two", "other/c.ts": "3" });
      });

      it("old snapshots stay readable after the files have changed and gone", async () => {
        const workspace = await freshWorkspace();
        const first = await put(workspace, preparedFile("a.ts", "1"), preparedFile("b/c.ts", "2"));
        await put(workspace, preparedFile("a.ts", "changed"));
        await remove(workspace, "a.ts", "b/c.ts");
        expect(await readSnapshot(workspace, first.head.snapshotId)).toEqual({ "a.ts": "1", "b/c.ts": "2" });
        expect(await readHead(workspace)).toEqual({});
      });

      it("commits at the same time are made one after the other, with consecutive versions and nothing lost", async () => {
        const workspace = await freshWorkspace();
        const writes = Array.from({ length: 8 }, (_, index) => put(workspace, preparedFile(`f${index}.ts`, `${index}`)));
        const commits = await Promise.all(writes);
        expect(commits.map((one) => one.head.version).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
        for (const one of commits) expect(one.head.version).toBe(one.previous.version + 1);
        expect(Object.keys(await readHead(workspace)).toSorted()).toEqual(Array.from({ length: 8 }, (_, index) => `f${index}.ts`));
      });

      it("a failed commit does not hold up those that wait behind it", async () => {
        const workspace = await freshWorkspace();
        const failing = commit(workspace, { put: [preparedFile("a.ts", "a")] }, async () => {
          throw new Error("refused");
        });
        const next = put(workspace, preparedFile("b.ts", "b"));
        await expect(failing).rejects.toThrow("refused");
        expect((await next).head.version).toBe(1);
        expect(await readHead(workspace)).toEqual({ "b.ts": "b" });
      });

      it("a path that would be a file and a directory at once is refused, and nothing is written", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("a", "file"));
        await expect(put(workspace, preparedFile("a/b.ts", "below"))).rejects.toMatchObject({ code: "ERR_PATH_EXISTS" });
        expect(await readHead(workspace)).toEqual({ a: "file" });
        await commit(workspace, { put: [preparedFile("a/b.ts", "below")], remove: ["a" as ModulePath] });
        expect(await readHead(workspace)).toEqual({ "a/b.ts": "below" });
      });

      it("B34: the honoured compiler options follow the root tsconfig.json in and out of the snapshot", async () => {
        const workspace = await freshWorkspace();
        const config = JSON.stringify({ compilerOptions: { experimentalDecorators: true, strict: true } });
        const first = await put(workspace, preparedFile("tsconfig.json", config), preparedFile("sub/tsconfig.json", "{}"));
        expect(first.snapshot.compilerOptions).toEqual({ experimentalDecorators: true });
        expect((await put(workspace, preparedFile("a.ts", "1"))).snapshot.compilerOptions).toEqual({ experimentalDecorators: true });
        expect((await remove(workspace, "sub/tsconfig.json")).snapshot.compilerOptions).toEqual({ experimentalDecorators: true });
        expect((await remove(workspace, "tsconfig.json")).snapshot.compilerOptions).toEqual({});
        await put(workspace, preparedFile("elsewhere.json", config));
        expect((await commit(workspace, { move: [preparedMove("elsewhere.json", "tsconfig.json")] })).snapshot.compilerOptions).toEqual({
          experimentalDecorators: true,
        });
      });

      it("B34: a root tsconfig.json that does not parse does not block the write", async () => {
        const workspace = await freshWorkspace();
        expect((await put(workspace, preparedFile("tsconfig.json", "{ nonsense"))).snapshot.compilerOptions).toEqual({});
        expect((await put(workspace, preparedFile("tsconfig.json", Uint8Array.of(0xff, 0xfe)))).snapshot.compilerOptions).toEqual({});
      });

      it("a push of 500 files is one version, and a change of one of them stores only the directories on its path", async () => {
        const workspace = await freshWorkspace();
        const files = Array.from({ length: 500 }, (_, index) => preparedFile(`dir${index % 20}/sub/f${index}.ts`, `export const n = ${index};`));
        const big = await put(workspace, ...files);
        expect(big.head.version).toBe(1);
        expect(big.set.size).toBe(500);
        expect(await origin.files(workspace)).toHaveLength(500);
        const small = await put(workspace, preparedFile("dir7/sub/f7.ts", "changed"));
        expect(small.trees.size).toBe(3);
        const snapshot = await readHead(workspace);
        expect(Object.keys(snapshot)).toHaveLength(500);
        expect(snapshot["dir7/sub/f7.ts"]).toBe("changed");
      });
    });

    describe("contents and paths", () => {
      it("bytes that are not UTF-8, and empty files, come back as they were", async () => {
        const workspace = await freshWorkspace();
        const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
        await put(workspace, preparedFile("logo.bin", bytes), preparedFile("empty.txt", ""), preparedFile("bom.txt", "\ufefftext\u0000"));
        const logo = await origin.file(workspace, "logo.bin" as ModulePath);
        expect([...logo!.bytes]).toEqual([...bytes]);
        expect(logo).toMatchObject({ sizeBytes: 256, hash: hashContent(bytes), entityType: "text", contentType: "application/octet-stream" });
        expect((await origin.file(workspace, "empty.txt" as ModulePath))!.bytes).toHaveLength(0);
        expect([...(await origin.file(workspace, "bom.txt" as ModulePath))!.bytes]).toEqual([...new TextEncoder().encode("\ufefftext\u0000")]);
        expect((await origin.contents(workspace, [hashContent(bytes), hashContent("absent")])).size).toBe(1);
      });

      it("what the caller does to its bytes after the write changes nothing", async () => {
        const workspace = await freshWorkspace();
        const file = preparedFile("a.txt", "kept");
        await put(workspace, file);
        file.bytes.fill(0);
        expect(await readHead(workspace)).toEqual({ "a.txt": "kept" });
      });

      it("B5: odd names are names: compared byte for byte, never decoded, folded or normalised", async () => {
        const workspace = await freshWorkspace();
        const long = `${"d".repeat(255)}/${"f".repeat(253)}.ts`;
        expect(Buffer.byteLength(long)).toBe(512);
        const names = [
          "__proto__",
          "constructor/__proto__.ts",
          "with space.ts",
          "%2e%2e/x.ts",
          "Case.ts",
          "case.ts",
          "é.ts",
          "e\u0301.ts",
          "😀/\ue000.ts",
          "1",
          "0/1",
          "toString",
          long,
        ];
        await put(workspace, ...names.map((path) => preparedFile(path, `content of ${path}`)));
        const snapshot = await readHead(workspace);
        for (const path of names) {
          expect(Object.getOwnPropertyDescriptor(snapshot, path)?.value, path).toBe(`content of ${path}`);
          expect(decoder.decode((await origin.file(workspace, path as ModulePath))!.bytes)).toBe(`content of ${path}`);
        }
        expect(Object.keys(snapshot)).toHaveLength(names.length);
        expect((await remove(workspace, "e\u0301.ts", "__proto__")).removed).toEqual(new Set(["e\u0301.ts", "__proto__"]));
        expect(await origin.file(workspace, "é.ts" as ModulePath)).toBeDefined();
      });

      it("files are listed by path in byte order, with what is known of each", async () => {
        const workspace = await freshWorkspace();
        await put(
          workspace,
          preparedFile("b.ts", "2"),
          preparedFile("a/x.ts", "export default workflow();", { entities: WORKFLOW }),
          preparedFile("a/y.json", "{}"),
          preparedFile("a-b.md", "# hi"),
          preparedFile("package.json", "{}"),
          preparedFile("B.ts", ""),
        );
        const files = await origin.files(workspace);
        expect(files.map((file) => [file.path, file.entityType])).toEqual([
          ["B.ts", "module"],
          ["a-b.md", "text"],
          ["a/x.ts", "workflow"],
          ["a/y.json", "module"],
          ["b.ts", "module"],
          ["package.json", "requirements"],
        ]);
        expect(files[0]).toMatchObject({ sizeBytes: 0, hash: hashContent(""), contentType: "text/typescript" });
        expect(files[0]!.updatedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
        expect((await origin.files(workspace, { under: "a" })).map((file) => file.path)).toEqual(["a/x.ts", "a/y.json"]);
        expect((await origin.files(workspace, { under: "b.ts" })).map((file) => file.path)).toEqual(["b.ts"]);
        expect(await origin.files(workspace, { under: "%" })).toEqual([]);
      });
    });

    describe("deletion", () => {
      it("B53: a deleted file is gone from reads, lists and the next snapshot; re-creating the path works", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("a.ts", "1"), preparedFile("b/c.ts", "2"));
        const gone = await remove(workspace, "a.ts");
        expect(gone).toMatchObject({ changed: true, removed: new Set(["a.ts"]) });
        expect(await origin.file(workspace, "a.ts" as ModulePath)).toBeUndefined();
        expect((await origin.files(workspace)).map((file) => file.path)).toEqual(["b/c.ts"]);
        expect(await readHead(workspace)).toEqual({ "b/c.ts": "2" });
        expect((await remove(workspace, "a.ts")).changed).toBe(false);
        const back = await put(workspace, preparedFile("a.ts", "1"));
        expect(back).toMatchObject({ changed: true, head: { version: 3 } });
        expect(await readHead(workspace)).toEqual({ "a.ts": "1", "b/c.ts": "2" });
      });

      it("B51: a workflow keeps its id through edit, delete and re-creation", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("wf.ts", "1", { entities: WORKFLOW }));
        const [first] = await executables(workspace);
        await put(workspace, preparedFile("wf.ts", "2", { entities: [{ ...WORKFLOW[0]!, name: "renamed" }] }));
        expect(await executables(workspace)).toEqual([{ ...first, name: "renamed" }]);
        await remove(workspace, "wf.ts");
        expect(await executables(workspace)).toEqual([]);
        expect(await executables(workspace, { id: first!.id })).toEqual([]);
        await put(workspace, preparedFile("wf.ts", "3", { entities: WORKFLOW }));
        expect(await executables(workspace)).toEqual([first]);
      });
    });

    describe("moves", () => {
      it("B54: a moved file leaves its old path, keeps content, hash and workflow id", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("old/wf.ts", "code", { entities: WORKFLOW }));
        const [before] = await executables(workspace);
        const moved = await commit(workspace, { move: [preparedMove("old/wf.ts", "new/wf.ts", { entities: WORKFLOW, content: "code" })] });
        expect(moved).toMatchObject({ changed: true, set: new Map([["new/wf.ts", hashContent("code")]]), removed: new Set(["old/wf.ts"]) });
        expect(await readHead(workspace)).toEqual({ "new/wf.ts": "code" });
        expect(await origin.file(workspace, "new/wf.ts" as ModulePath)).toMatchObject({ hash: hashContent("code"), sizeBytes: 4, entityType: "workflow" });
        expect(await executables(workspace)).toEqual([{ ...before, path: "new/wf.ts" }]);
      });

      it("B54: a default export without a name of its own is called after its new file", async () => {
        const workspace = await freshWorkspace();
        const unnamed: Entities = [{ kind: "workflow", exportName: "default", name: undefined }];
        await put(workspace, preparedFile("nightly.ts", "code", { entities: unnamed }));
        const [before] = await executables(workspace, { name: "nightly" });
        await commit(workspace, { move: [preparedMove("nightly.ts", "jobs/weekly.ts", { entities: unnamed })] });
        expect(await executables(workspace)).toEqual([{ ...before, path: "jobs/weekly.ts", name: "weekly" }]);
      });

      it("B54: a missing source and an existing target are typed errors, and nothing is written", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("a.ts", "1"), preparedFile("b.ts", "2"));
        await expect(commit(workspace, { move: [preparedMove("absent.ts", "c.ts")] })).rejects.toMatchObject({
          code: "ERR_PATH_NOT_FOUND",
          details: { path: "absent.ts" },
        });
        await expect(commit(workspace, { put: [preparedFile("d.ts", "4")], move: [preparedMove("a.ts", "b.ts")] })).rejects.toMatchObject({
          code: "ERR_PATH_EXISTS",
          details: { path: "b.ts" },
        });
        expect(await readHead(workspace)).toEqual({ "a.ts": "1", "b.ts": "2" });
        expect(await version(workspace)).toBe(1);
      });

      it("B54: a soft-deleted target is allowed, and the workflow that arrives there keeps its own id", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("a.ts", "1", { entities: WORKFLOW }), preparedFile("b.ts", "2", { entities: WORKFLOW }));
        const arriving = (await executables(workspace, { path: "a.ts" as ModulePath }))[0]!;
        await remove(workspace, "b.ts");
        await commit(workspace, { move: [preparedMove("a.ts", "b.ts", { entities: WORKFLOW, content: "1" })] });
        expect(await readHead(workspace)).toEqual({ "b.ts": "1" });
        expect(await executables(workspace)).toEqual([{ ...arriving, path: "b.ts" }]);
        expect((await commit(workspace, { move: [preparedMove("b.ts", "a.ts", { entities: WORKFLOW, content: "1" })] })).changed).toBe(true);
        expect(await executables(workspace)).toEqual([arriving]);
      });

      it("B54: two files can change places, and a new file can stand where one moved away", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("a.ts", "A", { entities: WORKFLOW }), preparedFile("b.ts", "B", { entities: WORKFLOW }));
        const [a, b] = [(await executables(workspace, { path: "a.ts" as ModulePath }))[0]!, (await executables(workspace, { path: "b.ts" as ModulePath }))[0]!];
        await commit(workspace, { move: [preparedMove("a.ts", "b.ts", { entities: WORKFLOW }), preparedMove("b.ts", "a.ts", { entities: WORKFLOW })] });
        expect(await readHead(workspace)).toEqual({ "a.ts": "B", "b.ts": "A" });
        expect(await executables(workspace, { id: a.id })).toEqual([{ ...a, path: "b.ts" }]);
        expect(await executables(workspace, { id: b.id })).toEqual([{ ...b, path: "a.ts" }]);
        await commit(workspace, { move: [preparedMove("a.ts", "c.ts", { entities: WORKFLOW })], put: [preparedFile("a.ts", "fresh", { entities: WORKFLOW })] });
        expect(await readHead(workspace)).toEqual({ "a.ts": "fresh", "b.ts": "A", "c.ts": "B" });
        expect(await executables(workspace, { id: b.id })).toEqual([{ ...b, path: "c.ts" }]);
        expect(await executables(workspace)).toHaveLength(3);
      });

      it("B54: a change of extension is handled in both directions", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("wf.ts", "code", { entities: WORKFLOW }));
        const [before] = await executables(workspace);
        await commit(workspace, { move: [preparedMove("wf.ts", "wf.txt")] });
        expect(await origin.file(workspace, "wf.txt" as ModulePath)).toMatchObject({ entityType: "text", contentType: "text/plain" });
        expect((await executables(workspace)).filter((row) => row.active)).toEqual([]);
        await commit(workspace, { move: [preparedMove("wf.txt", "wf.ts", { entities: WORKFLOW, content: "code" })] });
        expect(await origin.file(workspace, "wf.ts" as ModulePath)).toMatchObject({ entityType: "workflow", contentType: "text/typescript" });
        expect(await executables(workspace)).toEqual([before]);
      });
    });

    describe("expectations", () => {
      it("B56: a write that expects another version is a conflict, one whose file was deleted is not found; nothing is written", async () => {
        const workspace = await freshWorkspace();
        const path = "a.ts" as ModulePath;
        await put(workspace, preparedFile(path, "1"));
        const attempt = (expected: ContentHash | null, at = path) =>
          commit(workspace, { put: [preparedFile("other.ts", "x"), preparedFile(at, "mine")], expected: new Map([[at, expected]]) });
        await expect(attempt(hashContent("0"))).rejects.toMatchObject({
          code: "ERR_CONTENT_CHANGED",
          details: { path, expected: hashContent("0"), actual: hashContent("1"), reason: "content_changed" },
        });
        await expect(attempt(null)).rejects.toMatchObject({ code: "ERR_CONTENT_CHANGED" });
        await expect(attempt(hashContent("1"), "never.ts" as ModulePath)).rejects.toMatchObject({
          code: "ERR_PATH_NOT_FOUND",
          details: { path: "never.ts", reason: "path_not_found" },
        });
        expect(await readHead(workspace)).toEqual({ "a.ts": "1" });
        expect((await attempt(hashContent("1"))).head.version).toBe(2);
        expect((await attempt(null, "fresh.ts" as ModulePath)).head.version).toBe(3);
        await remove(workspace, path);
        await expect(attempt(hashContent("mine"))).rejects.toMatchObject({ code: "ERR_PATH_NOT_FOUND" });
      });

      it("B56: of two writers that saw the same version, one wins", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("a.ts", "1"));
        const expected = new Map([["a.ts" as ModulePath, hashContent("1")]]);
        const both = await Promise.allSettled(["left", "right"].map((content) => commit(workspace, { put: [preparedFile("a.ts", content)], expected })));
        expect(both.map((one) => one.status).toSorted()).toEqual(["fulfilled", "rejected"]);
        expect(both.find((one) => one.status === "rejected")).toMatchObject({ reason: { code: "ERR_CONTENT_CHANGED" } });
        expect(await version(workspace)).toBe(2);
      });
    });

    describe("executables", () => {
      it("B16: they are found by path, by name and by id", async () => {
        const workspace = await freshWorkspace();
        const several: Entities = [
          { kind: "workflow", exportName: "default", name: undefined },
          { kind: "tool", exportName: "lookUp", name: undefined },
          { kind: "data_provider", exportName: "clients", name: "client-list" },
        ];
        await put(workspace, preparedFile("jobs/nightly.ts", "1", { entities: several }), preparedFile("other.ts", "2", { entities: WORKFLOW }));
        const rows = await executables(workspace, { path: "jobs/nightly.ts" as ModulePath });
        expect(rows.map((row) => [row.exportName, row.name, row.kind, row.active]).toSorted()).toEqual([
          ["clients", "client-list", "data_provider", true],
          ["default", "nightly", "workflow", true],
          ["lookUp", "lookUp", "tool", true],
        ]);
        expect(await executables(workspace, { name: "close-tickets" })).toMatchObject([{ path: "other.ts", exportName: "default" }]);
        const tool = rows.find((row) => row.kind === "tool")!;
        expect(await executables(workspace, { id: tool.id })).toEqual([tool]);
        expect(await executables(workspace, { id: "00000000-0000-7000-8000-00000000dead" })).toEqual([]);
        expect(await executables(workspace, { id: "no-uuid" })).toEqual([]);
        expect(await executables(workspace)).toHaveLength(4);
      });

      it("B55: a file goes between module, workflow, tool and data provider, and back to the same id", async () => {
        const workspace = await freshWorkspace();
        const path = "x.ts" as ModulePath;
        const kinds = ["workflow", undefined, "tool", "data_provider", "workflow"] as const;
        const ids = new Set<string>();
        for (const [index, kind] of kinds.entries()) {
          await put(workspace, preparedFile(path, `${index}`, { entities: kind === undefined ? [] : [{ kind, exportName: "default", name: undefined }] }));
          expect((await origin.file(workspace, path))!.entityType).toBe(kind ?? "module");
          const rows = await executables(workspace, { path });
          expect(rows.map((row) => [row.kind, row.active])).toEqual(kind === undefined ? [["workflow", false]] : [[kind, true]]);
          for (const row of rows) ids.add(row.id);
        }
        expect(ids.size).toBe(1);
      });

      it("B50: a save with syntax errors, or one that could not be compiled, deactivates nothing", async () => {
        const workspace = await freshWorkspace();
        const path = "x.ts" as ModulePath;
        await put(workspace, preparedFile(path, "1", { entities: WORKFLOW }));
        const before = await executables(workspace);
        for (const options of [{ broken: true }, { uncompiled: true }]) {
          await put(workspace, preparedFile(path, `broken ${JSON.stringify(options)}`, options));
          expect(await executables(workspace)).toEqual(before);
          expect((await origin.file(workspace, path))!.entityType).toBe("workflow");
        }
        await put(workspace, preparedFile(path, "broken, with a second", { broken: true, entities: [{ kind: "tool", exportName: "extra", name: undefined }] }));
        expect((await executables(workspace)).map((row) => [row.exportName, row.active]).toSorted()).toEqual([
          ["default", true],
          ["extra", true],
        ]);
        await put(workspace, preparedFile(path, "whole again", { entities: [] }));
        expect((await executables(workspace)).every((row) => !row.active)).toBe(true);
      });

      it("B51: saving the same content again registers what an earlier save could not read", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("x.ts", "same", { uncompiled: true }));
        expect(await executables(workspace)).toEqual([]);
        expect((await put(workspace, preparedFile("x.ts", "same", { entities: WORKFLOW }))).changed).toBe(false);
        expect(await executables(workspace)).toMatchObject([{ name: "close-tickets", active: true }]);
        expect((await origin.file(workspace, "x.ts" as ModulePath))!.entityType).toBe("workflow");
      });

      it("B50: parameters are null with a reason until a describe run has found them, and again after an edit", async () => {
        const workspace = await freshWorkspace();
        const path = "wf.ts" as ModulePath;
        const read = async () =>
          (await origin.executables(workspace, { path })).map((row) => [row.parameters, row.parametersReason, row.timeoutMs, row.retry, row.cacheMs]);
        await put(workspace, preparedFile(path, "1", { entities: WORKFLOW }));
        const unknown = await read();
        expect(unknown).toEqual([[null, expect.stringMatching(/./), null, null, null]]);
        const parameters = { type: "object", properties: { z: { type: "number" }, a: { type: "string", const: "\u0000" } } };
        const retry = { attempts: 5, backoffMs: 250, idempotent: true };
        const described = {
          path,
          exportName: "default",
          closureHash: hashContent("closure"),
          parameters,
          reason: null,
          timeoutMs: 5000,
          retry,
          cacheMs: 60_000,
        };
        await origin.saveParameters(workspace, described);
        expect(await read()).toEqual([[parameters, null, 5000, retry, 60_000]]);
        await origin.saveParameters(workspace, { ...described, exportName: "absent" });
        await put(workspace, preparedFile("unrelated.ts", "x"));
        expect(await read()).toEqual([[parameters, null, 5000, retry, 60_000]]);
        await put(workspace, preparedFile(path, "2", { entities: WORKFLOW }));
        expect(await read()).toEqual(unknown);
        await origin.saveParameters(workspace, { ...described, parameters: null, reason: "it threw", timeoutMs: null, retry: null, cacheMs: null });
        expect(await read()).toEqual([[null, "it threw", null, null, null]]);
      });
    });

    describe("immutable rows", () => {
      it("compiled code saved or committed is read back by its key, in whatever workspace", async () => {
        const workspace = await freshWorkspace();
        const committed = preparedFile("a.ts", "compiled with the commit", { entities: WORKFLOW });
        const saved = preparedFile("b.ts", "compiled by a run").compiled!;
        await put(workspace, committed);
        await origin.saveCompiled([saved, saved]);
        await origin.saveCompiled([]);
        const found = await origin.compiled([committed.compiled!.key, saved.key, hashContent("absent") as string as CompiledKey]);
        expect(found).toEqual(new Map([committed.compiled!, saved].map((module) => [module.key, module])));
        expect((await origin.compiled([])).size).toBe(0);
      });

      it("what is asked for and not there is left out, without an error", async () => {
        const workspace = await freshWorkspace();
        const absent = hashContent("absent");
        expect((await origin.contents(workspace, [absent])).size).toBe(0);
        expect((await origin.contents(workspace, [])).size).toBe(0);
        expect((await origin.trees(workspace, [absent as string as TreeHash])).size).toBe(0);
        expect((await origin.snapshots(workspace, [`s1-${absent}` as SnapshotId])).size).toBe(0);
      });
    });

    describe("head and the writers' lock", () => {
      it("B29a: head says that a writer is in flight, and underLock runs only when none is", async () => {
        const workspace = await freshWorkspace();
        await put(workspace, preparedFile("a.ts", "1"));
        const reached = Promise.withResolvers<void>();
        const released = Promise.withResolvers<void>();
        const writing = commit(workspace, { put: [preparedFile("a.ts", "2")] }, async () => {
          reached.resolve();
          await released.promise;
        });
        await reached.promise;
        const calls: number[] = [];
        const underLock = async (head: { readonly version: number }) => void calls.push(head.version);
        expect(await origin.head(workspace, { underLock })).toMatchObject({ head: { version: 1 }, writerInFlight: true });
        expect(await origin.head(workspace)).toMatchObject({ head: { version: 1 }, writerInFlight: true });
        expect(calls).toEqual([]);
        released.resolve();
        await writing;
        expect(await origin.head(workspace, { underLock })).toMatchObject({ head: { version: 2 }, writerInFlight: false });
        expect(calls).toEqual([2]);
      });

      it("B29a: a write that begins while underLock runs waits for it", async () => {
        const workspace = await freshWorkspace();
        const order: string[] = [];
        let writing: Promise<unknown> | undefined;
        await origin.head(workspace, {
          underLock: async () => {
            writing = commit(workspace, { put: [preparedFile("a.ts", "1")] }, async () => void order.push("write"));
            await new Promise((resolve) => setImmediate(resolve));
            order.push("lock released");
          },
        });
        await writing;
        expect(order).toEqual(["lock released", "write"]);
      });

      it("B29a: an underLock that fails rejects head and frees the lock", async () => {
        const workspace = await freshWorkspace();
        await expect(
          origin.head(workspace, {
            underLock: async () => {
              throw new Error("no store");
            },
          }),
        ).rejects.toThrow("no store");
        expect((await put(workspace, preparedFile("a.ts", "1"))).head.version).toBe(1);
      });
    });
  });
}
