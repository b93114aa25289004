// What a reference names, without running it: the export, its registration, and a hash of all that it imports.
import { hashContent, type ContentHash } from "../modules/content-hash.ts";
import { keepAskedSnapshot } from "../snapshot/keep-asked.ts";
import type { Executable, Origin, Workspace } from "../snapshot/origin.ts";
import type { SnapshotId } from "../snapshot/snapshot-record.ts";
import type { Snapshots } from "../snapshot/snapshots.ts";
import type { Loading } from "./loading.ts";

export interface Resolved {
  /** `path::export`. */
  readonly workflow: string;
  readonly snapshotId: SnapshotId;
  /** Its registration as it is known now; undefined where it has none. */
  readonly executable: () => Promise<Executable | undefined>;
  /** Another as soon as it, or anything that it imports by a literal specifier, is another; undefined where they cannot be loaded. */
  readonly closureHash: () => Promise<ContentHash | undefined>;
}

export interface ResolvingParts extends Pick<Loading, "find" | "loadFrom"> {
  readonly workspace: Workspace;
  readonly origin: Pick<Origin, "executables" | "keepSnapshot">;
  readonly snapshots: Pick<Snapshots, "pin" | "open">;
}

/** On HEAD's snapshot, or on one that is asked for, which then stays for a day. Rejects where the reference names nothing, or the snapshot is not kept. */
export async function resolveReference(
  reference: string,
  snapshotId: string | undefined,
  { workspace, origin, snapshots, find, loadFrom }: ResolvingParts,
): Promise<Resolved> {
  const { snapshot, version } = await pinned();
  const { path, exportName } = await find({ reference }, { snapshot, version });
  const isIt = (each: Executable): boolean => each.active && each.exportName === exportName;
  return {
    workflow: `${path}::${exportName}`,
    snapshotId: snapshot.id,
    // Not from those known at this version: what describe runs find is written later.
    executable: async () => (await origin.executables(workspace.id, { path })).find(isIt),
    async closureHash() {
      const { modules, failure } = await loadFrom(snapshot, path, workspace.limits);
      if (failure !== undefined) return undefined;
      const uses = modules.map((module): readonly [string, string] => [module.path, module.hash]).toSorted(([one], [other]) => (one < other ? -1 : 1));
      return hashContent(JSON.stringify([uses, snapshot.record.compilerOptions]));
    },
  };

  async function pinned() {
    if (snapshotId === undefined) {
      const { snapshot: head, head: at } = await snapshots.pin(workspace.id);
      return { snapshot: head, version: at.version };
    }
    const id = snapshotId as SnapshotId;
    await keepAskedSnapshot(origin, workspace.id, id);
    return { snapshot: await snapshots.open(workspace.id, id), version: undefined };
  }
}
