// The whole of one snapshot as path → content hash, read from the origin. For the few places that need every path.
import type { ContentHash } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { linkTrees } from "../snapshot/link-trees.ts";
import type { Origin } from "../snapshot/origin.ts";
import { Snapshot } from "../snapshot/snapshot.ts";
import type { SnapshotRecord, WorkspaceId } from "../snapshot/snapshot-record.ts";

export async function indexOfSnapshot(
  record: SnapshotRecord,
  { workspace, origin }: { readonly workspace: WorkspaceId; readonly origin: Pick<Origin, "trees"> },
): Promise<ReadonlyMap<ModulePath, ContentHash>> {
  const root = await linkTrees(record.tree, { known: new Map(), load: (hashes) => origin.trees(workspace, hashes) });
  return new Map(new Snapshot(record, root).files());
}
