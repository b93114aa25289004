// Fills the cache from the database: HEAD, index, snapshot, directories, sources and compiled code of every file that
// can run or be imported (B42). What is there and right stays; what is missing or wrong is put right. Compiles nothing.
import { compiledKeyOf } from "../modules/compile-key.ts";
import { hashContent } from "../modules/content-hash.ts";
import type { CompiledKey, ContentHash } from "../modules/content-hash.ts";
import { scriptKindOf } from "../modules/module-path.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { CompiledModule, ScriptKind } from "../modules/module-record.ts";
import { decodeCompiled, encodeCompiled } from "./compiled-record.ts";
import { noNote } from "./note.ts";
import type { Note } from "./note.ts";
import type { Origin } from "./origin.ts";
import { repairIndex } from "./repair-index.ts";
import { entriesOf } from "./snapshot.ts";
import type { Snapshot } from "./snapshot.ts";
import { decodeSnapshotRecord, encodeSnapshotRecord } from "./snapshot-id.ts";
import type { Head, WorkspaceId } from "./snapshot-record.ts";
import { Snapshots } from "./snapshots.ts";
import type { Blob, BlobKind, SnapshotStore } from "./store.ts";
import { encodeTree, treeHashOf } from "./tree.ts";

export interface WarmOptions {
  readonly workspace: WorkspaceId;
  readonly origin: Origin;
  readonly store: SnapshotStore;
  readonly note?: Note;
}

export interface Warmed {
  readonly head: Head;
  /** How many files can be run or imported and are in the cache now. */
  readonly count: number;
  /** How many values of the cache were missing or wrong and have been put right; the index counts as one. */
  readonly repaired: number;
}

const FILES_A_BATCH = 256;

/** Safe beside writers and beside itself: all it puts is immutable, and HEAD moves by the store's rules only. */
export async function warmWorkspace({ workspace, origin, store, note = noNote }: WarmOptions): Promise<Warmed> {
  // Snapshots of its own have not verified anything yet: their first pin asks the database and brings HEAD in step with it.
  const snapshots = new Snapshots({ origin, store, log: note });
  const { head, snapshot, repaired: index } = await repairIndex(workspace, { snapshots, store, note });
  let repaired = index;
  for (const batch of batchesOf(frameOf(snapshot))) {
    repaired += await warmFrame({ workspace, store }, batch);
  }
  let count = 0;
  for (const files of batchesOf(importableFiles(snapshot))) {
    const done = await warmFiles({ workspace, origin, store, note }, { snapshot, files });
    count += done.count;
    repaired += done.repaired;
  }
  return { head, count, repaired };
}

/** The parts of a snapshot that can be made from the one in memory. */
interface FramePart {
  readonly kind: BlobKind;
  readonly id: string;
  isSound(bytes: Uint8Array): boolean;
  encode(): Uint8Array;
}

function* frameOf(snapshot: Snapshot): Generator<FramePart> {
  for (const directory of snapshot.trees()) {
    yield {
      kind: "tree",
      id: directory.hash,
      isSound: (bytes) => treeHashOf(bytes) === directory.hash,
      encode: () => Buffer.from(encodeTree(entriesOf(directory))),
    };
  }
  const { id, record } = snapshot;
  yield { kind: "snapshot", id, isSound: (bytes) => decodeSnapshotRecord(bytes)?.id === id, encode: () => Buffer.from(encodeSnapshotRecord(record)) };
}

/** How many had to be put. */
async function warmFrame(
  { workspace, store }: { readonly workspace: WorkspaceId; readonly store: SnapshotStore },
  parts: readonly FramePart[],
): Promise<number> {
  const stored = await store.getBlobs(workspace, parts);
  const lost = parts.filter((part, at) => {
    const bytes = stored[at];
    return bytes === undefined || !part.isSound(bytes);
  });
  await store.putBlobs(
    workspace,
    lost.map((part) => ({ kind: part.kind, id: part.id, bytes: part.encode() })),
  );
  return lost.length;
}

interface ImportableFile {
  readonly path: ModulePath;
  readonly hash: ContentHash;
  readonly kind: ScriptKind;
}

function* importableFiles(snapshot: Snapshot): Generator<ImportableFile> {
  for (const [path, hash] of snapshot.files()) {
    const kind = scriptKindOf(path);
    if (kind !== undefined) yield { path, hash, kind };
  }
}

async function warmFiles(
  { workspace, origin, store, note = noNote }: WarmOptions,
  { snapshot, files }: { readonly snapshot: Snapshot; readonly files: readonly ImportableFile[] },
): Promise<{ readonly count: number; readonly repaired: number }> {
  const keys = new Map<ImportableFile, CompiledKey>(
    files.map((file) => [file, compiledKeyOf({ hash: file.hash, kind: file.kind, options: snapshot.record.compilerOptions })]),
  );
  const hashes = [...new Set(files.map(({ hash }) => hash))];
  const wantedKeys = [...new Set(keys.values())];
  const stored = await store.getBlobs(workspace, [
    ...hashes.map((id) => ({ kind: "content" as const, id })),
    ...wantedKeys.map((id) => ({ kind: "compiled" as const, id })),
  ]);
  const lostHashes = hashes.filter((hash, at) => !isSoundContent(stored[at], hash));
  const lostKeys = wantedKeys.filter((key, at) => !isSoundCode(stored[hashes.length + at], key));
  const contents = lostHashes.length === 0 ? new Map<ContentHash, Uint8Array>() : await origin.contents(workspace, lostHashes);
  const codes = lostKeys.length === 0 ? new Map<CompiledKey, CompiledModule>() : await origin.compiled(lostKeys);
  const blobs: Blob[] = [];
  const unavailable = new Set<ContentHash>();
  for (const hash of lostHashes) {
    const bytes = contents.get(hash);
    if (bytes !== undefined && hashContent(bytes) === hash) blobs.push({ kind: "content", id: hash, bytes });
    else unavailable.add(hash);
  }
  for (const [key, module] of codes) blobs.push({ kind: "compiled", id: key, bytes: encodeCompiled(module) });
  await store.putBlobs(workspace, blobs);
  const skipped = files.filter(({ hash }) => unavailable.has(hash));
  for (const { path, hash } of skipped) note(`The file ${JSON.stringify(path)} was not warmed: the database has no content ${hash}.`);
  return { count: files.length - skipped.length, repaired: blobs.length };
}

function* batchesOf<Item>(items: Iterable<Item>): Generator<Item[]> {
  let batch: Item[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < FILES_A_BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function isSoundContent(bytes: Uint8Array | undefined, hash: ContentHash): boolean {
  return bytes !== undefined && hashContent(bytes) === hash;
}

function isSoundCode(bytes: Uint8Array | undefined, key: CompiledKey): boolean {
  return bytes !== undefined && decodeCompiled(bytes)?.key === key;
}
