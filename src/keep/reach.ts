// What a set of snapshots reaches: every directory below their roots, and every content in those. Grows, and never shrinks.
import { Fault } from "../errors.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import type { TreeHash } from "../snapshot/snapshot-record.ts";
import { EMPTY_TREE_HASH, type LoadTrees } from "../snapshot/tree.ts";

const TREES_AT_ONCE = 500;

export class Reach {
  /** The empty directory is written once, with the workspace. */
  readonly trees = new Set<TreeHash>([EMPTY_TREE_HASH]);
  readonly contents = new Set<ContentHash>();

  /** Level by level, what is known already left out. Throws ERR_CACHE_INCONSISTENT where one cannot be read: what is below it cannot be told. */
  async add(roots: Iterable<TreeHash>, load: LoadTrees): Promise<void> {
    let level = this.#unknown(roots);
    while (level.length > 0) {
      const below: TreeHash[] = [];
      for (let at = 0; at < level.length; at += TREES_AT_ONCE) await this.#read(level.slice(at, at + TREES_AT_ONCE), { load, below });
      level = this.#unknown(below);
    }
  }

  async #read(hashes: readonly TreeHash[], { load, below }: { readonly load: LoadTrees; readonly below: TreeHash[] }): Promise<void> {
    const found = await load(hashes);
    for (const hash of hashes) {
      const entries = found.get(hash);
      if (entries === undefined) throw unreadable(hash);
      for (const name in entries) {
        const entry = entries[name];
        if (entry === undefined) continue;
        if ("file" in entry) this.contents.add(entry.file);
        else below.push(entry.tree);
      }
    }
  }

  #unknown(hashes: Iterable<TreeHash>): TreeHash[] {
    const unknown: TreeHash[] = [];
    for (const hash of hashes) {
      if (this.trees.has(hash)) continue;
      this.trees.add(hash);
      unknown.push(hash);
    }
    return unknown;
  }
}

function unreadable(tree: TreeHash): Fault {
  return new Fault(
    "ERR_CACHE_INCONSISTENT",
    `The directory ${tree}, which a kept snapshot names, is not stored or is damaged: what is below it cannot be told from what nothing keeps. Restore the database from a backup.`,
    { details: { tree } },
  );
}
