// A database with workspaces whose rows can be made older, and a look at what of them is there: for tests of what is kept.
import { sql } from "kysely";
import { openEmbeddedInMemory } from "../../db/embedded.ts";
import { migrateToLatest } from "../../db/migrate.ts";
import type { OpenDatabase } from "../../db/open-database.ts";
import { openPostgres } from "../../db/postgres.ts";
import { hashContent, type ContentHash } from "../../src/modules/content-hash.ts";
import { compiledKeyOf } from "../../src/modules/compile-key.ts";
import { parseModulePath, scriptKindOf } from "../../src/modules/module-path.ts";
import { readCompilerOptions } from "../../src/modules/tsconfig-options.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { collectGarbage } from "../../src/keep/collect.ts";
import type { CollectionOptions, CollectionReport } from "../../src/keep/collection.ts";
import type { Origin, PreparedFile } from "../../src/snapshot/origin.ts";
import type { SnapshotId, WorkspaceId } from "../../src/snapshot/snapshot-record.ts";
import { createDatabaseOrigin } from "../../src/workspace/database-origin.ts";
import { indexOfSnapshot } from "../../src/workspace/snapshot-index.ts";
import { preparedFile } from "./origin-contract.ts";
import { freshDatabase } from "./servers/fresh.ts";

/** Path → text; null deletes. */
export type Texts = Readonly<Record<string, string | null>>;

export interface KeptWorld extends AsyncDisposable {
  readonly database: OpenDatabase;
  readonly origin: Origin;
  /** PostgreSQL's address; undefined for the embedded database. */
  readonly url: string | undefined;
  workspace(name: string): Promise<WorkspaceId>;
  write(workspace: WorkspaceId, texts: Texts): Promise<SnapshotId>;
  /** An execution that ran on the snapshot; one that has not ended where a status says so. Gives its id. */
  execution(
    workspace: WorkspaceId,
    facts: { readonly snapshotId?: SnapshotId; readonly asked?: SnapshotId; readonly status?: string; readonly lines?: number },
  ): Promise<string>;
  /** All that there is becomes so much older. */
  age(days: number): Promise<void>;
  collect(options?: CollectionOptions): Promise<CollectionReport>;
  /** How many of each kind were deleted, zeros left out. */
  collected(options?: CollectionOptions): Promise<Record<string, number>>;
  count(table: string): Promise<number>;
  /** Path → text of everything that the snapshot holds, read from the database alone; undefined where any of it is missing. */
  read(workspace: WorkspaceId, id: SnapshotId): Promise<Record<string, string> | undefined>;
}

export async function openKeptWorld(kind: "PostgreSQL" | "embedded database"): Promise<KeptWorld> {
  const fresh = kind === "PostgreSQL" ? await freshDatabase() : undefined;
  const database = fresh === undefined ? await openEmbeddedInMemory() : await openPostgres(fresh.url);
  await migrateToLatest(database.db);
  const { db, server, exclusive } = database;
  const origin = createDatabaseOrigin({ db, describeServer: server, exclusive, readCompilerOptions });
  const collect = (options: CollectionOptions = {}): Promise<CollectionReport> => collectGarbage({ database, defaults: DEFAULT_SETTINGS }, options);

  return {
    database,
    origin,
    url: fresh?.url,
    collect,
    workspace: async (name) => (await origin.workspace(name, { create: true }))!.id,
    async write(workspace, texts) {
      const put = Object.entries(texts).flatMap(([path, text]) => (text === null ? [] : withOwnKey(preparedFile(path, text))));
      const remove = Object.entries(texts).flatMap(([path, text]) => (text === null ? parseModulePath(path) : []));
      const { head } = await origin.commit(workspace, { put, remove, move: [] }, async () => {});
      return head.snapshotId;
    },
    async execution(workspace, { snapshotId, asked, status = "Success", lines = 0 }) {
      const id = crypto.randomUUID();
      const ended = !["Scheduled", "Pending", "Running", "Cancelling"].includes(status);
      await sql`
        insert into executions (id, workspace_id, workflow, snapshot_id, asked_snapshot_id, status, input, result, started_at, finished_at)
        values (${id}, ${workspace}, 'wf.ts::default', ${snapshotId ?? null}, ${asked ?? null}, ${status}, '{}', '"done"', now(), ${ended ? sql`now()` : null})`.execute(
        db,
      );
      await sql`
        insert into execution_logs (workspace_id, execution_id, sequence, level, message, at)
        select ${workspace}::uuid, ${id}::uuid, number, 'info', 'line', now() from generate_series(1, ${lines}::int) as number`.execute(db);
      return id;
    },
    async age(days) {
      const interval = sql`make_interval(days => ${days})`;
      await sql`update snapshots set created_at = created_at - ${interval}, used_at = used_at - ${interval}`.execute(db);
      await sql`update head_history set at = at - ${interval}`.execute(db);
      for (const table of ["trees", "module_contents", "compiled"]) await sql`update ${sql.table(table)} set created_at = created_at - ${interval}`.execute(db);
      await sql`
        update executions set queued_at = queued_at - ${interval}, started_at = started_at - ${interval}, finished_at = finished_at - ${interval}`.execute(db);
      await sql`update hosts set beat_at = beat_at - ${interval}`.execute(db);
      await sql`update upkeep set begun_at = begun_at - ${interval}`.execute(db);
    },
    async collected(options) {
      const { deleted } = await collect(options);
      return Object.fromEntries(Object.entries(deleted).flatMap(([name, { count }]) => (count === 0 ? [] : [[name, count]])));
    },
    async count(table) {
      const { rows } = await sql<{ count: number }>`select count(*) from ${sql.table(table)}`.execute(db);
      return rows[0]?.count ?? 0;
    },
    async read(workspace, id) {
      const record = (await origin.snapshots(workspace, [id])).get(id);
      if (record === undefined) return undefined;
      try {
        const index = await indexOfSnapshot(record, { workspace, origin });
        const contents = await origin.contents(workspace, [...new Set(index.values())]);
        return Object.fromEntries([...index].map(([path, hash]) => [path, textOf(contents, hash)]));
      } catch {
        return undefined;
      }
    },
    async [Symbol.asyncDispose]() {
      await database.close();
      await fresh?.drop();
    },
  };
}

/** As this release asks for it. */
function withOwnKey(file: PreparedFile): PreparedFile {
  const kind = scriptKindOf(file.path);
  if (file.compiled === undefined || kind === undefined) return file;
  return { ...file, compiled: { ...file.compiled, key: compiledKeyOf({ hash: file.hash, kind, options: {} }) } };
}

function textOf(contents: ReadonlyMap<ContentHash, Uint8Array>, hash: ContentHash): string {
  const bytes = contents.get(hash);
  if (bytes === undefined || hashContent(bytes) !== hash) throw new Error(`the content ${hash} is missing`);
  return new TextDecoder().decode(bytes);
}
