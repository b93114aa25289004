// The executables of a workspace as of one version of it, so that a run by name need not ask the database. A list is made
// once for a version, however many ask at the same time, and few versions are kept.
import { LRUCache } from "lru-cache";
import type { Executable, Origin } from "../snapshot/origin.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";

export interface ExecutableLists {
  of(workspace: WorkspaceId, version: number): Promise<readonly Executable[]>;
}

export function createExecutableLists({ origin, capacity = 32 }: { readonly origin: Pick<Origin, "executables">; readonly capacity?: number }): ExecutableLists {
  const lists = new LRUCache<string, Promise<readonly Executable[]>>({ max: capacity });
  return {
    of(workspace, version) {
      const key = `${workspace} ${version}`;
      const known = lists.get(key);
      if (known !== undefined) return known;
      const list = origin.executables(workspace);
      lists.set(key, list);
      list.catch(() => lists.delete(key));
      return list;
    },
  };
}
