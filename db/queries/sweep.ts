// Statements that find and remove what nothing keeps: versions of HEAD that are past, snapshots, directories, contents, compiled code.
import { sql } from "kysely";
import { anyOf } from "../any-of.ts";
import type { Connection } from "../schema.ts";
import type { Removed } from "./retention.ts";

/** What is older than this may go where nothing keeps it. */
export interface Grace {
  readonly graceMs: number;
}

/** For how long each snapshot that was HEAD is kept after it no longer is. */
export interface Window {
  readonly historyMs: number;
}

function ago(milliseconds: number) {
  return sql<Date>`now() - ${milliseconds} * interval '1 millisecond'`;
}

/** The versions that were HEAD at any time within the window: those begun in it, and the one it began with. Found once for a statement. */
function isKeptVersion(workspace: string, { historyMs }: Window) {
  return sql<boolean>`history.version >= coalesce(
    (select max(before.version) from head_history before where before.workspace_id = ${workspace}::uuid and before.at <= ${ago(historyMs)}), 0)`;
}

export async function deletePastVersions(db: Connection, workspace: string, { historyMs, dryRun }: Window & { readonly dryRun: boolean }): Promise<number> {
  const past = sql`history.workspace_id = ${workspace}::uuid and not ${isKeptVersion(workspace, { historyMs })}`;
  const { rows } = await (
    dryRun
      ? sql<{ count: number }>`select count(*) from head_history history where ${past}`
      : sql<{ count: number }>`with gone as (delete from head_history history where ${past} returning 1) select count(*) from gone`
  ).execute(db);
  return rows[0]?.count ?? 0;
}

/** Snapshots that were HEAD after this version, with their directories. */
export async function selectHeadsAfter(db: Connection, workspace: string, version: number): Promise<readonly { readonly tree: string }[]> {
  return db
    .selectFrom("head_history")
    .innerJoin("snapshots", (join) =>
      join.onRef("snapshots.workspace_id", "=", "head_history.workspace_id").onRef("snapshots.id", "=", "head_history.snapshot_id"),
    )
    .select("snapshots.tree")
    .distinct()
    .where("head_history.workspace_id", "=", workspace)
    .where("head_history.version", ">", version)
    .execute();
}

export interface SnapshotPage {
  readonly after: string;
  readonly most: number;
}

export interface SnapshotRoot {
  readonly id: string;
  readonly tree: string;
}

/** In the order of ids. */
export async function selectRootPage(db: Connection, workspace: string, { after, most }: SnapshotPage): Promise<readonly SnapshotRoot[]> {
  return db.selectFrom("snapshots").select(["id", "tree"]).where("workspace_id", "=", workspace).where("id", ">", after).orderBy("id").limit(most).execute();
}

export interface SweptSnapshot {
  readonly id: string;
  /** Neither HEAD, nor HEAD within the window, nor asked for of late; what executions need is not looked at. */
  readonly idle: boolean;
  readonly bytes: number;
}

/** In the order of ids. */
export async function selectSnapshotPage(
  db: Connection,
  workspace: string,
  { after, most, ...limits }: SnapshotPage & Grace & Window,
): Promise<readonly SweptSnapshot[]> {
  const { rows } = await sql<SweptSnapshot>`
    select id, ${isIdle(workspace, limits)} as idle, ${SNAPSHOT_BYTES} as bytes from snapshots
    where workspace_id = ${workspace}::uuid and id > ${after} order by id limit ${most}`.execute(db);
  return rows;
}

const SNAPSHOT_BYTES = sql<number>`pg_column_size(id) + pg_column_size(tree) + pg_column_size(compiler_options)`;

function isIdle(workspace: string, { graceMs, historyMs }: Grace & Window) {
  return sql<boolean>`(snapshots.used_at <= ${ago(graceMs)}
    and snapshots.id <> (select head_snapshot from workspaces where workspaces.id = ${workspace}::uuid)
    and not exists (
      select from head_history history
      where history.workspace_id = ${workspace}::uuid and history.snapshot_id = snapshots.id and ${isKeptVersion(workspace, { historyMs })}
    ))`;
}

/** Only under the writers' lock: a write may make any snapshot HEAD again. Those that are idle no more stay; so do those somebody asks for just now. */
export async function deleteIdleSnapshots(
  db: Connection,
  workspace: string,
  { ids, ...limits }: { readonly ids: readonly string[] } & Grace & Window,
): Promise<Removed> {
  return removed(
    db,
    sql`delete from snapshots where workspace_id = ${workspace}::uuid and id = ${anyOf(ids)} and ${isIdle(workspace, limits)} returning ${SNAPSHOT_BYTES} as bytes`,
  );
}

/**
 * The snapshot will be there for a while from now on: see deleteIdleSnapshots. False where there is none. Who deletes it just now
 * is waited for, and the answer is that of afterwards.
 */
export async function touchSnapshot(db: Connection, workspace: string, { id, renewMs }: { readonly id: string; readonly renewMs: number }): Promise<boolean> {
  const { rows } = await sql`
    with held as materialized (
      select workspace_id, id, used_at from snapshots where workspace_id = ${workspace}::uuid and id = ${id} for no key update
    ), renewed as (
      update snapshots set used_at = now() from held
      where snapshots.workspace_id = held.workspace_id and snapshots.id = held.id and held.used_at <= ${ago(renewMs)}
    )
    select 1 from held`.execute(db);
  return rows.length > 0;
}

export type HashedTable = "trees" | "module_contents";

const HASHED_BYTES = {
  trees: sql<number>`pg_column_size(hash) + pg_column_size(entries)`,
  module_contents: sql<number>`pg_column_size(hash) + pg_column_size(content)`,
} as const;

export interface HashedRow {
  readonly hash: string;
  /** Enough to go. */
  readonly old: boolean;
  readonly bytes: number;
}

/** In the order of hashes. */
export async function selectHashPage(
  db: Connection,
  workspace: string,
  { table, after, most, graceMs }: { readonly table: HashedTable; readonly after: string; readonly most: number } & Grace,
): Promise<readonly HashedRow[]> {
  const { rows } = await sql<HashedRow>`
    select hash, created_at <= ${ago(graceMs)} as old, ${HASHED_BYTES[table]} as bytes from ${sql.table(table)}
    where workspace_id = ${workspace}::uuid and hash > ${after} order by hash limit ${most}`.execute(db);
  return rows;
}

/** Only under the writers' lock: a write uses rows that are there without touching them. */
export async function deleteHashed(
  db: Connection,
  workspace: string,
  { table, hashes }: { readonly table: HashedTable; readonly hashes: readonly string[] },
): Promise<Removed> {
  return removed(
    db,
    sql`delete from ${sql.table(table)} where workspace_id = ${workspace}::uuid and hash = ${anyOf(hashes)} returning ${HASHED_BYTES[table]} as bytes`,
  );
}

export interface SweptCode {
  readonly key: string;
  readonly source: string;
  /** In how many workspaces its source is kept. */
  readonly sources: number;
  readonly old: boolean;
  /** As old as what a release may need that is in use no more. */
  readonly outdated: boolean;
  readonly bytes: number;
}

const CODE_BYTES = sql<number>`pg_column_size(compiled.js) + pg_column_size(compiled.map) + pg_column_size(compiled.facts)`;

/** In the order of keys. */
export async function selectCodePage(
  db: Connection,
  { after, most, graceMs, historyMs }: { readonly after: string; readonly most: number } & Grace & Window,
): Promise<readonly SweptCode[]> {
  const { rows } = await sql<SweptCode>`
    select key, source_hash as source, ${CODE_BYTES} as bytes, created_at <= ${ago(graceMs)} as old, created_at <= ${ago(historyMs)} as outdated,
      (select count(*) from module_contents where module_contents.hash = compiled.source_hash) as sources
    from compiled where key > ${after} order by key limit ${most}`.execute(db);
  return rows;
}

/** Rows that a writer has hold of are passed over: nobody waits for another in a ring. What comes back is compiled again. */
export async function deleteCode(db: Connection, keys: readonly string[]): Promise<Removed> {
  return removed(
    db,
    sql`delete from compiled where key in (select key from compiled where key = ${anyOf(keys)} for update skip locked) returning ${CODE_BYTES} as bytes`,
  );
}

/** JSON texts, each once. */
export async function selectCompilerOptions(db: Connection): Promise<readonly string[]> {
  const { rows } = await sql<{ options: string }>`select distinct compiler_options::text as options from snapshots`.execute(db);
  return rows.map(({ options }) => options);
}

/** Makes room of what was deleted usable again. Outside of any transaction. */
export async function vacuum(db: Connection): Promise<void> {
  await sql`vacuum`.execute(db);
}

async function removed(db: Connection, deletion: ReturnType<typeof sql>): Promise<Removed> {
  const { rows } = await sql<Removed>`with gone as (${deletion}) select count(*) as count, coalesce(sum(bytes), 0)::bigint as bytes from gone`.execute(db);
  return rows[0] ?? { count: 0, bytes: 0 };
}
