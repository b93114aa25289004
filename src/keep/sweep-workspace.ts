// Removes what nothing of one workspace keeps: snapshots first, then the directories and contents that no snapshot which is
// left reaches. Safe beside writers, runs and others that sweep, because of three rules:
// - Whatever is decided is decided again under the writers' lock, in the transaction that deletes. A write may use any row
//   that is there, without touching it: so under the lock what has become HEAD since is added to what is reached.
// - Directories and contents are kept by every snapshot that has a row, needed or not. So a snapshot is whole as long as it is.
// - Who asks for a snapshot by its id marks it as used before (Origin.keepSnapshot), and its row then stays for the grace,
//   by the end of which an execution that names it keeps it.
import { selectUsedSnapshots, type SnapshotUse } from "../../db/queries/retention.ts";
import {
  deleteHashed,
  deleteIdleSnapshots,
  deletePastVersions,
  selectHashPage,
  selectHeadsAfter,
  selectRootPage,
  selectSnapshotPage,
  type HashedTable,
} from "../../db/queries/sweep.ts";
import { lockHead, readHead } from "../../db/queries/workspaces.ts";
import type { Connection } from "../../db/schema.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import type { TreeHash, WorkspaceId } from "../snapshot/snapshot-record.ts";
import { readTrees } from "../workspace/database-commit.ts";
import type { Collection, Kind, Removed } from "./collection.ts";
import { Reach } from "./reach.ts";

const PAGE = 1000;
/** Deleted while the writers' lock is held. */
const BATCH = 500;
const EXECUTIONS_A_PAGE = 20_000;

const TABLES = { trees: "trees", contents: "module_contents" } as const satisfies { readonly [K in Kind]?: HashedTable };

interface Sweep {
  readonly collection: Collection;
  readonly workspace: WorkspaceId;
}

/** What a dry run knows to go, for those that follow. */
export interface Swept {
  readonly contents: readonly ContentHash[];
}

/** `retentionDays`: executions that ended before are about to go, or have gone. Throws ERR_CACHE_INCONSISTENT, and what the database throws. */
export async function sweepWorkspace(collection: Collection, workspace: WorkspaceId, options: { readonly retentionDays: number }): Promise<Swept> {
  const { db, dryRun, limits } = collection;
  const sweep = { collection, workspace };
  collection.count("versions", { count: await deletePastVersions(db, workspace, { ...limits, dryRun }), bytes: 0 });

  const gone = await sweepSnapshots(sweep, await usedSnapshots(sweep, options));
  // Before what is left is read: what is written later has a higher version.
  const { head_version: version = 0 } = (await readHead(db, workspace)) ?? {};
  const reached = { reach: new Reach(), version };
  await reached.reach.add(await rootsOf(sweep, gone), (hashes) => readTrees(db, workspace, hashes));

  await sweepHashed(sweep, { kind: "trees", reached });
  return { contents: (await sweepHashed(sweep, { kind: "contents", reached })) as ContentHash[] };
}

/** What executions need. Who is accepted meanwhile has marked what it asks for, or takes what is HEAD. */
async function usedSnapshots({ collection, workspace }: Sweep, { retentionDays }: { readonly retentionDays: number }): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  let after: SnapshotUse["next"];
  do {
    const page = await selectUsedSnapshots(collection.db, workspace, { after, most: EXECUTIONS_A_PAGE, retentionDays });
    for (const id of page.snapshots) used.add(id);
    after = page.next;
  } while (after !== undefined);
  return used;
}

/** Gives the ids of those that would go, in a dry run. */
async function sweepSnapshots(sweep: Sweep, used: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const { collection, workspace } = sweep;
  const gone = new Set<string>();
  for await (const page of pages((after) => selectSnapshotPage(collection.db, workspace, { after, most: PAGE, ...collection.limits }))) {
    const going = page.filter(({ id, idle }) => idle && !used.has(id));
    await tell(sweep, { kind: "snapshots", candidates: going.length });
    const ids = going.map(({ id }) => id);
    if (!collection.dryRun) await deleteSnapshots(sweep, ids);
    else {
      collection.count("snapshots", sumOf(going));
      for (const id of ids) gone.add(id);
    }
    if (collection.stopped()) break;
  }
  return gone;
}

/** Of all snapshots that are left, whatever needs them. */
async function rootsOf({ collection, workspace }: Sweep, gone: ReadonlySet<string>): Promise<ReadonlySet<TreeHash>> {
  const roots = new Set<TreeHash>();
  for await (const page of pages((after) => selectRootPage(collection.db, workspace, { after, most: PAGE }))) {
    for (const { id, tree } of page) if (!gone.has(id)) roots.add(tree as TreeHash);
  }
  return roots;
}

async function* pages<Row extends { readonly id: string }>(read: (after: string) => Promise<readonly Row[]>): AsyncGenerator<readonly Row[]> {
  for (let after: string | undefined = ""; after !== undefined;) {
    const page: readonly Row[] = await read(after);
    after = page.length < PAGE ? undefined : page.at(-1)?.id;
    yield page;
  }
}

async function deleteSnapshots({ collection, workspace }: Sweep, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += BATCH) {
    const removed = await collection.db.transaction().execute(async (transaction) => {
      await lockHead(transaction, workspace);
      return await deleteIdleSnapshots(transaction, workspace, { ids: ids.slice(at, at + BATCH), ...collection.limits });
    });
    collection.count("snapshots", removed);
  }
}

interface Reached {
  readonly reach: Reach;
  /** Of HEAD, up to which it is known what is reached. */
  version: number;
}

/** Gives the hashes of what went, or in a dry run would go. */
async function sweepHashed(sweep: Sweep, { kind, reached }: { readonly kind: keyof typeof TABLES; readonly reached: Reached }): Promise<readonly string[]> {
  const { collection, workspace } = sweep;
  const { db, dryRun, limits, stopped } = collection;
  const table = TABLES[kind];
  const kept: ReadonlySet<string> = reached.reach[kind];
  const gone: string[] = [];
  for (let after: string | undefined = ""; after !== undefined && !stopped();) {
    const page = await selectHashPage(db, workspace, { table, after, most: PAGE, ...limits });
    const going = page.filter(({ hash, old }) => old && !kept.has(hash));
    await tell(sweep, { kind, candidates: going.length });
    for (let at = 0; at < going.length; at += BATCH) {
      const batch = going.slice(at, at + BATCH);
      collection.count(kind, dryRun ? sumOf(batch) : await deleteUnreached(sweep, { kind, reached, hashes: batch.map(({ hash }) => hash) }));
    }
    if (dryRun) for (const { hash } of going) gone.push(hash);
    after = page.length < PAGE ? undefined : page.at(-1)?.hash;
  }
  return gone;
}

async function deleteUnreached(
  { collection, workspace }: Sweep,
  { kind, reached, hashes }: { readonly kind: keyof typeof TABLES; readonly reached: Reached; readonly hashes: readonly string[] },
): Promise<Removed> {
  return collection.db.transaction().execute(async (transaction) => {
    await reachHead(transaction, { workspace, reached });
    const kept: ReadonlySet<string> = reached.reach[kind];
    return await deleteHashed(transaction, workspace, { table: TABLES[kind], hashes: hashes.filter((hash) => !kept.has(hash)) });
  });
}

/** Takes the writers' lock, and adds what has become HEAD since. */
async function reachHead(transaction: Connection, { workspace, reached }: { readonly workspace: WorkspaceId; readonly reached: Reached }): Promise<void> {
  const head = await lockHead(transaction, workspace);
  if (head === undefined || head.head_version === reached.version) return;
  const heads = await selectHeadsAfter(transaction, workspace, reached.version);
  await reached.reach.add(
    heads.map(({ tree }) => tree as TreeHash),
    (hashes) => readTrees(transaction, workspace, hashes),
  );
  reached.version = head.head_version;
}

async function tell({ collection, workspace }: Sweep, { kind, candidates }: { readonly kind: Kind; readonly candidates: number }): Promise<void> {
  await collection.onStep({ kind, workspace, candidates });
}

function sumOf(rows: readonly { readonly bytes: number }[]): Removed {
  return { count: rows.length, bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0) };
}
