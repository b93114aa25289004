// Pins HEAD and opens snapshots. Knows when HEAD may be trusted, whom to ask when it may not, and how to heal what the
// cache has lost. Reads no content of files: module-fetch.ts does.
import { LRUCache } from "lru-cache";
import { Fault } from "../errors.ts";
import { decodeHead, sameHead } from "./head-text.ts";
import { linkTrees } from "./link-trees.ts";
import { noNote } from "./note.ts";
import type { Note } from "./note.ts";
import type { Origin } from "./origin.ts";
import { readThrough } from "./read-through.ts";
import { Snapshot } from "./snapshot.ts";
import type { DirectoryNode } from "./snapshot.ts";
import { decodeSnapshotRecord, encodeSnapshotRecord } from "./snapshot-id.ts";
import type { Head, SnapshotId, SnapshotRecord, TreeEntries, TreeHash, WorkspaceId } from "./snapshot-record.ts";
import type { IndexChange, Lease, PinReading, SnapshotStore } from "./store.ts";
import { decodeTree, encodeTree, treeHashOf } from "./tree.ts";
import { TwoTurns } from "./two-turns.ts";

export interface SnapshotsOptions {
  readonly origin: Origin;
  readonly store: SnapshotStore;
  /** Told of what went wrong and did not matter. */
  readonly log?: Note;
  /** How many snapshots are kept open; 200 when absent. */
  readonly maxSnapshots?: number;
  /** How many names are kept in shared directories beyond those of open snapshots; 500,000 when absent. */
  readonly maxNames?: number;
}

export interface Pinned {
  readonly head: Head;
  readonly snapshot: Snapshot;
}

export class Snapshots {
  readonly #origin: Origin;
  readonly #store: SnapshotStore;
  readonly #note: Note;
  readonly #open: LRUCache<string, Snapshot>;
  readonly #opening = new Map<string, Promise<Snapshot>>();
  readonly #nodes: LRUCache<TreeHash, DirectoryNode>;
  /** Connection epoch in which a workspace's HEAD was last held against the database. */
  readonly #verifiedIn = new LRUCache<WorkspaceId, number>({ max: 10_000 });
  readonly #asking = new TwoTurns<WorkspaceId, Pinned>();

  constructor({ origin, store, log = noNote, maxSnapshots = 200, maxNames = 500_000 }: SnapshotsOptions) {
    this.#origin = origin;
    this.#store = store;
    this.#note = log;
    this.#open = new LRUCache({ max: maxSnapshots });
    this.#nodes = new LRUCache({ maxSize: maxNames, sizeCalculation: (node) => 1 + node.files.size + node.directories.size });
  }

  /**
   * The workspace as it stands now: every write that had been acknowledged before this call is in it. One round trip to
   * the store when HEAD can be trusted and its snapshot is open. Rejects with ERR_REDIS_UNAVAILABLE (retryable) when the
   * store does not answer (B27), ERR_CACHE_INCONSISTENT or ERR_CACHE_CORRUPT when HEAD's snapshot is nowhere.
   */
  async pin(workspace: WorkspaceId, lease?: Lease): Promise<Pinned> {
    const epoch = this.#store.connectionEpoch;
    const reading = await this.#store.pin(workspace, lease);
    const head = this.#trusted(workspace, { reading, epoch });
    const pinned = head && (await this.#openTrusted(workspace, head));
    return pinned ?? this.#ask(workspace, { reading, epoch });
  }

  /** The snapshot of this id, from memory, the store or the origin. */
  async open(workspace: WorkspaceId, id: SnapshotId): Promise<Snapshot> {
    const key = `${workspace}/${id}`;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    let opening = this.#opening.get(key);
    if (opening === undefined) {
      opening = this.#load(workspace, id).finally(() => this.#opening.delete(key));
      this.#opening.set(key, opening);
    }
    const snapshot = await opening;
    this.#open.set(key, snapshot);
    return snapshot;
  }

  /**
   * HEAD as the store has it, when nothing speaks against it: it parses, no writer has announced a higher version, and
   * it was held against the database since the connection was made. The last because a Redis that restarts from an old
   * dump gives an old HEAD that looks like any other.
   */
  #trusted(workspace: WorkspaceId, { reading, epoch }: Read): Head | undefined {
    if (epoch !== this.#store.connectionEpoch || this.#verifiedIn.get(workspace) !== epoch) return undefined;
    const head = decodeHead(reading.head);
    return head !== undefined && reading.pending <= head.version ? head : undefined;
  }

  /** Undefined when nobody has the snapshot that HEAD names: then HEAD is doubted, too. */
  async #openTrusted(workspace: WorkspaceId, head: Head): Promise<Pinned | undefined> {
    try {
      return { head, snapshot: await this.open(workspace, head.snapshotId) };
    } catch (error) {
      if (!isUnopenable(error)) throw error;
      this.#note(`HEAD of workspace ${workspace} names a snapshot that cannot be opened; asking the database. ${error.message}`);
      return undefined;
    }
  }

  /**
   * N pins that cannot trust HEAD cause one rebuild. Who comes while one is under way may not take its answer, which may
   * have been read before that caller's own write: those who wait read HEAD again together, and find it healed.
   */
  #ask(workspace: WorkspaceId, first: Read): Promise<Pinned> {
    return this.#asking.join(workspace, {
      alone: () => this.#rebuild(workspace, first),
      afterAnother: async () => {
        const epoch = this.#store.connectionEpoch;
        const reading = await this.#store.pin(workspace);
        const head = this.#trusted(workspace, { reading, epoch });
        const pinned = head && (await this.#openTrusted(workspace, head));
        return pinned ?? this.#rebuild(workspace, { reading, epoch });
      },
    });
  }

  /**
   * Brings HEAD in step with the database (B29a). While the writers' lock is held, no writer is between its mark and its
   * commit, so HEAD can be published and the mark cleared. Nothing is read from the origin inside the lock: it may have
   * one connection only. So what is published is opened before, and when the database turns out to stand elsewhere, a
   * second round is made with that. The caller's snapshot is open when this returns.
   */
  async #rebuild(workspace: WorkspaceId, { reading, epoch }: Read): Promise<Pinned> {
    let candidate = await this.#candidate(workspace, reading);
    for (let round = 0; ; round++) {
      let settled = false;
      const underLock = async (head: Head): Promise<void> => {
        if (candidate === undefined || !sameHead(candidate.head, head)) return;
        await this.#store.publish(workspace, head, wholeIndexOf(candidate.snapshot));
        await this.#store.clearPending(workspace, reading.pending);
        settled = true;
      };
      const { head, writerInFlight } = await this.#origin.head(workspace, { underLock });
      if (settled && candidate !== undefined) return this.#verified(workspace, { pinned: candidate, epoch });
      await this.#dropWrongHead(workspace, { reading, head });
      if (candidate === undefined || !sameHead(candidate.head, head)) candidate = { head, snapshot: await this.open(workspace, head.snapshotId) };
      if (!writerInFlight && round < 2) continue;
      // A writer is in flight. It may commit the next version and die before it publishes; and its mark may be gone with
      // a flushed Redis. So the mark is raised for it *before* HEAD is published: as long as HEAD stays below the mark,
      // every pin asks the database, whoever crashes. If the writer rolls back, the mark is one too high until a reader
      // gets the lock and clears it. If it has published meanwhile, the mark is not above HEAD and says nothing.
      await this.#store.markPending(workspace, head.version + 1);
      await this.#store.publish(workspace, head, wholeIndexOf(candidate.snapshot));
      return this.#verified(workspace, { pinned: candidate, epoch });
    }
  }

  #verified(workspace: WorkspaceId, { pinned, epoch }: { readonly pinned: Pinned; readonly epoch: number }): Pinned {
    this.#verifiedIn.set(workspace, epoch);
    return pinned;
  }

  /** What the store says, if it can be opened: in nearly every case the database agrees with it. */
  async #candidate(workspace: WorkspaceId, reading: PinReading): Promise<Pinned | undefined> {
    const head = decodeHead(reading.head);
    if (head === undefined) return undefined;
    try {
      return { head, snapshot: await this.open(workspace, head.snapshotId) };
    } catch (error) {
      if (isUnopenable(error)) return undefined;
      throw error;
    }
  }

  /**
   * HEAD is published after its commit, and the database was asked after HEAD was read. So a HEAD above the database, or
   * beside it, is nobody's: the database was restored from a backup, or somebody wrote into Redis. Publishing only goes
   * upwards and could not replace it.
   */
  async #dropWrongHead(workspace: WorkspaceId, { reading, head }: { readonly reading: PinReading; readonly head: Head }): Promise<void> {
    const stored = decodeHead(reading.head);
    if (reading.head === undefined || stored === undefined || sameHead(stored, head) || stored.version < head.version) return;
    this.#note(
      `HEAD of workspace ${workspace} says version ${stored.version}, ${stored.snapshotId}; the database says ${head.version}, ${head.snapshotId}. HEAD is replaced.`,
    );
    await this.#store.dropHead(workspace, reading.head);
  }

  async #load(workspace: WorkspaceId, id: SnapshotId): Promise<Snapshot> {
    const record = await this.#record(workspace, id);
    const root = await linkTrees(record.tree, { known: this.#nodes, load: (hashes) => this.#trees(workspace, hashes) });
    return new Snapshot(record, root);
  }

  async #record(workspace: WorkspaceId, id: SnapshotId): Promise<SnapshotRecord> {
    const { found, corrupt } = await readThrough<SnapshotId, SnapshotRecord>([id], {
      workspace,
      store: this.#store,
      kind: "snapshot",
      decode: (bytes) => {
        const record = decodeSnapshotRecord(bytes);
        return record?.id === id ? record : undefined;
      },
      encode: (record) => Buffer.from(encodeSnapshotRecord(record)),
      fromOrigin: (ids) => this.#origin.snapshots(workspace, ids),
      note: this.#note,
    });
    return found.get(id) ?? throwUnopenable({ what: "snapshot", id, corrupt: corrupt.has(id) });
  }

  async #trees(workspace: WorkspaceId, hashes: readonly TreeHash[]): Promise<ReadonlyMap<TreeHash, TreeEntries>> {
    const { found, corrupt } = await readThrough<TreeHash, TreeEntries>(hashes, {
      workspace,
      store: this.#store,
      kind: "tree",
      decode: (bytes, hash) => (treeHashOf(bytes) === hash ? decodeTree(bytes) : undefined),
      encode: (entries) => Buffer.from(encodeTree(entries)),
      fromOrigin: (wanted) => this.#origin.trees(workspace, wanted),
      note: this.#note,
    });
    const missing = hashes.find((hash) => !found.has(hash));
    return missing === undefined ? found : throwUnopenable({ what: "directory", id: missing, corrupt: corrupt.has(missing) });
  }
}

interface Read {
  readonly reading: PinReading;
  readonly epoch: number;
}

/** An index change that applies to no stored version: the whole index it is. */
function wholeIndexOf(snapshot: Snapshot): IndexChange {
  return { baseVersion: -1, set: new Map(), removed: new Set(), full: async () => new Map(snapshot.files()) };
}

function isUnopenable(error: unknown): error is Fault {
  return error instanceof Fault && (error.code === "ERR_CACHE_INCONSISTENT" || error.code === "ERR_CACHE_CORRUPT");
}

function throwUnopenable({ what, id, corrupt }: { readonly what: string; readonly id: string; readonly corrupt: boolean }): never {
  const state = corrupt ? "is damaged in the cache, and the database has none to replace it" : "is neither in the cache nor in the database";
  throw new Fault(
    corrupt ? "ERR_CACHE_CORRUPT" : "ERR_CACHE_INCONSISTENT",
    `The ${what} ${id} ${state}. Restore the database from a backup, or save a file anew.`,
    {
      details: { [what]: id },
    },
  );
}
