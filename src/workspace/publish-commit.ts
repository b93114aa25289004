// Carries a commit from the database to the cache: the new rows first, then HEAD. The write has succeeded before this
// begins; a cache that fails here makes a warning, and the pending mark makes the next pin ask the database (B29a, B52).
import { FAULTS, Fault } from "../errors.ts";
import { encodeCompiled } from "../snapshot/compiled-record.ts";
import type { Commit, Origin, PreparedFile } from "../snapshot/origin.ts";
import { encodeSnapshotRecord } from "../snapshot/snapshot-id.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { Blob, SnapshotStore } from "../snapshot/store.ts";
import { encodeTree } from "../snapshot/tree.ts";
import { indexOfSnapshot } from "./snapshot-index.ts";
import type { WriteWarning } from "./write-warning.ts";

export interface Publication {
  readonly workspace: WorkspaceId;
  readonly origin: Origin;
  readonly store: SnapshotStore;
  /** What the commit was made of; rows of files that did not change are cached as well. */
  readonly files: readonly PreparedFile[];
}

export async function publishCommit(commit: Commit, { workspace, origin, store, files }: Publication): Promise<readonly WriteWarning[]> {
  const { head, previous, set, removed } = commit;
  try {
    await store.putBlobs(workspace, blobsOf(commit, files));
    await store.publish(workspace, head, {
      baseVersion: previous.version,
      set,
      removed,
      full: async () => (previous.version === 0 ? set : indexOfSnapshot(commit.snapshot, { workspace, origin })),
    });
    return [];
  } catch (error) {
    if (!(error instanceof Fault) || !FAULTS[error.code].retryable) throw error;
    return [
      { message: `Version ${head.version} is saved, but the cache could not be told: ${error.message} The next run asks the database and sees this version.` },
    ];
  }
}

function blobsOf({ set, trees, snapshot }: Commit, files: readonly PreparedFile[]): Blob[] {
  const blobs = new Map<string, Blob>();
  function add(kind: Blob["kind"], id: string, bytes: Uint8Array): void {
    blobs.set(`${kind} ${id}`, { kind, id, bytes });
  }
  for (const { path, hash, bytes, compiled } of files) {
    if (set.has(path)) add("content", hash, bytes);
    if (compiled !== undefined) add("compiled", compiled.key, encodeCompiled(compiled));
  }
  for (const [hash, entries] of trees) add("tree", hash, Buffer.from(encodeTree(entries)));
  add("snapshot", snapshot.id, Buffer.from(encodeSnapshotRecord(snapshot)));
  return [...blobs.values()];
}
