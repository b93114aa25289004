// The live index held against the snapshot that HEAD names, and written anew where they differ (B42).
import type { ContentHash } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { decodeHead } from "./head-text.ts";
import type { Note } from "./note.ts";
import type { WorkspaceId } from "./snapshot-record.ts";
import type { Pinned, Snapshots } from "./snapshots.ts";
import type { SnapshotStore } from "./store.ts";

const ATTEMPTS = 5;

/**
 * An index that is no projection of HEAD cannot be published over, because HEAD does not move. So HEAD goes first (a pin
 * in between asks the database) and comes back with the whole index, in one step.
 */
export async function repairIndex(
  workspace: WorkspaceId,
  { snapshots, store, note }: { readonly snapshots: Snapshots; readonly store: SnapshotStore; readonly note: Note },
): Promise<Pinned & { readonly repaired: 0 | 1 }> {
  let repaired: 0 | 1 = 0;
  for (let attempt = 1; ; attempt++) {
    const { head, snapshot } = await snapshots.pin(workspace);
    const index = await store.readIndex(workspace);
    const { head: text } = await store.pin(workspace);
    const isStill = text !== undefined && decodeHead(text)?.version === head.version;
    const files = new Map(snapshot.files());
    if ((isStill && isSameIndex(index, files)) || attempt === ATTEMPTS) return { head, snapshot, repaired };
    if (!isStill) continue;
    note(`The index of workspace ${workspace} is not that of version ${head.version}; it is written anew.`);
    await store.dropHead(workspace, text);
    await store.publish(workspace, head, { baseVersion: -1, set: new Map(), removed: new Set(), full: async () => files });
    repaired = 1;
  }
}

function isSameIndex(index: ReadonlyMap<string, string> | undefined, files: ReadonlyMap<ModulePath, ContentHash>): boolean {
  if (index === undefined || index.size !== files.size) return false;
  for (const [path, hash] of files) if (index.get(path) !== hash) return false;
  return true;
}
