// Holds a workspace in step with a directory on disk, for `--directory` and `--watch`: read, compare, commit, publish.
// Nothing is compiled here; a run compiles what it imports.
import { hashContent } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { Origin, PreparedFile } from "../snapshot/origin.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { contentTypeOf } from "./content-type.ts";
import { readDirectory } from "./directory.ts";
import { entityTypeOf } from "./entity-type.ts";
import { publishCommit } from "./publish-commit.ts";
import { indexOfSnapshot } from "./snapshot-index.ts";

export interface DirectoryWorkspace {
  readonly dir: string;
  readonly workspace: WorkspaceId;
  readonly origin: Origin;
  readonly store: SnapshotStore;
  /** The workspace's limit of a module's source: 1 MB where absent. */
  readonly maxSourceBytes?: number | undefined;
}

/** Takes over the directory as it is now; false when nothing has changed since the last time. Rejects as readDirectory does, and then nothing changes. */
export async function loadDirectory({ dir, workspace, origin, store, maxSourceBytes }: DirectoryWorkspace): Promise<boolean> {
  const contents = await readDirectory(dir, { maxSourceBytes });
  const put = [...contents].map(([path, bytes]): PreparedFile => {
    return { path, bytes, hash: hashContent(bytes), entityType: entityTypeOf(path, undefined), contentType: contentTypeOf(path) };
  });
  const remove = (await livePaths({ workspace, origin })).filter((path) => !contents.has(path));
  const commit = await origin.commit(workspace, { put, remove, move: [] }, (version) => store.markPending(workspace, version));
  if (commit.changed) await publishCommit(commit, { workspace, origin, store, files: put });
  return commit.changed;
}

async function livePaths({ workspace, origin }: Pick<DirectoryWorkspace, "workspace" | "origin">): Promise<readonly ModulePath[]> {
  const { head } = await origin.head(workspace);
  const record = head.version === 0 ? undefined : (await origin.snapshots(workspace, [head.snapshotId])).get(head.snapshotId);
  return record === undefined ? [] : [...(await indexOfSnapshot(record, { workspace, origin })).keys()];
}
