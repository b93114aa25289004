// Loads the directories below a root, level by level, and links them. What is known already, with all below it, is not asked for.
import { Fault } from "../errors.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import type { DirectoryNode } from "./snapshot.ts";
import type { TreeEntries, TreeHash } from "./snapshot-record.ts";
import { EMPTY_TREE_HASH } from "./tree.ts";
import type { LoadTrees } from "./tree.ts";

export interface KnownNodes {
  get(hash: TreeHash): DirectoryNode | undefined;
  set(hash: TreeHash, node: DirectoryNode): unknown;
}

const EMPTY_NODE: DirectoryNode = { hash: EMPTY_TREE_HASH, files: new Map(), directories: new Map() };

/** One `load` for each level that holds a directory not known yet. Throws ERR_CACHE_INCONSISTENT when one is left out. */
export async function linkTrees(root: TreeHash, { known, load }: { readonly known: KnownNodes; readonly load: LoadTrees }): Promise<DirectoryNode> {
  // What the cache of nodes drops while this runs must not be missed: `linked` holds on to it.
  const linked = new Map<TreeHash, DirectoryNode>([[EMPTY_TREE_HASH, EMPTY_NODE]]);
  const loaded = new Map<TreeHash, TreeEntries>();
  let level = unknownOf([root], { linked, loaded, known });
  while (level.length > 0) {
    const found = await load(level);
    const below: TreeHash[] = [];
    for (const hash of level) {
      const entries = found.get(hash);
      if (entries === undefined) throw missingDirectory(hash);
      loaded.set(hash, entries);
      for (const entry of Object.values(entries)) if ("tree" in entry) below.push(entry.tree);
    }
    level = unknownOf(below, { linked, loaded, known });
  }
  return link(root, { linked, loaded, known });
}

interface Linking {
  readonly linked: Map<TreeHash, DirectoryNode>;
  readonly loaded: Map<TreeHash, TreeEntries>;
  readonly known: KnownNodes;
}

function unknownOf(hashes: readonly TreeHash[], { linked, loaded, known }: Linking): TreeHash[] {
  const unknown = new Set<TreeHash>();
  for (const hash of hashes) {
    if (linked.has(hash) || loaded.has(hash)) continue;
    const node = known.get(hash);
    if (node === undefined) unknown.add(hash);
    else linked.set(hash, node);
  }
  return [...unknown];
}

/** A hash cannot be within itself, and paths are at most 512 bytes long: the recursion ends, and is shallow. */
function link(hash: TreeHash, linking: Linking): DirectoryNode {
  const done = linking.linked.get(hash);
  if (done !== undefined) return done;
  const files = new Map<string, ContentHash>();
  const directories = new Map<string, DirectoryNode>();
  const entries = linking.loaded.get(hash);
  if (entries === undefined) throw missingDirectory(hash);
  for (const [name, entry] of Object.entries(entries)) {
    if ("file" in entry) files.set(name, entry.file);
    else directories.set(name, link(entry.tree, linking));
  }
  const node = { hash, files, directories };
  linking.linked.set(hash, node);
  linking.known.set(hash, node);
  return node;
}

function missingDirectory(hash: TreeHash): Fault {
  return new Fault(
    "ERR_CACHE_INCONSISTENT",
    `The directory ${hash} is named by a snapshot and is neither in the cache nor in the database. Restore the database from a backup.`,
    {
      details: { tree: hash },
    },
  );
}
