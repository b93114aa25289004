// One file as a snapshot holds it, whatever the workspace has become since.
import { Fault } from "../errors.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import type { Origin } from "./origin.ts";
import type { SnapshotId, WorkspaceId } from "./snapshot-record.ts";
import type { Snapshots } from "./snapshots.ts";

export interface SnapshotFile {
  readonly hash: ContentHash;
  readonly bytes: Uint8Array;
}

/** Undefined where the snapshot has no such file, or it is no longer kept. Rejects where nobody can tell. */
export async function readSnapshotFile(
  { workspace, snapshotId, path }: { readonly workspace: WorkspaceId; readonly snapshotId: string; readonly path: string },
  { snapshots, origin }: { readonly snapshots: Snapshots; readonly origin: Pick<Origin, "contents"> },
): Promise<SnapshotFile | undefined> {
  const hash = (await open(workspace, { snapshotId, snapshots }))?.hashOf(path);
  if (hash === undefined) return undefined;
  const bytes = (await origin.contents(workspace, [hash])).get(hash);
  return bytes && { hash, bytes };
}

async function open(workspace: WorkspaceId, { snapshotId, snapshots }: { readonly snapshotId: string; readonly snapshots: Snapshots }) {
  try {
    return await snapshots.open(workspace, snapshotId as SnapshotId);
  } catch (error) {
    if (error instanceof Fault && error.code === "ERR_CACHE_INCONSISTENT") return undefined;
    throw error;
  }
}
