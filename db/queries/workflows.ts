// Statements on the table workflows, one a function.
import { sql, type Selectable } from "kysely";
import { anyOf, anyOfIds } from "../any-of.ts";
import type { Connection, WorkflowsTable } from "../schema.ts";

export type WorkflowRow = Selectable<WorkflowsTable>;
export type WorkflowWrite = Pick<
  WorkflowRow,
  | "id"
  | "path"
  | "export_name"
  | "name"
  | "kind"
  | "parameter_schema"
  | "parameters_reason"
  | "parameters_closure_hash"
  | "timeout_ms"
  | "retry"
  | "cache_ms"
  | "is_active"
>;

export interface WorkflowFilter {
  readonly path?: string | undefined;
  readonly name?: string | undefined;
  readonly id?: string | undefined;
}

/** Rows of live files, active or not, in the order of path and export. */
export async function listWorkflows(db: Connection, workspace: string, filter: WorkflowFilter): Promise<WorkflowRow[]> {
  let query = db
    .selectFrom("workflows")
    .innerJoin("workspace_files", (join) =>
      join.onRef("workspace_files.workspace_id", "=", "workflows.workspace_id").onRef("workspace_files.path", "=", "workflows.path"),
    )
    .selectAll("workflows")
    .where("workflows.workspace_id", "=", workspace)
    .where("workspace_files.is_deleted", "=", false)
    .where("workspace_files.content", "is not", null);
  if (filter.path !== undefined) query = query.where("workflows.path", "=", filter.path);
  if (filter.name !== undefined) query = query.where("workflows.name", "=", filter.name);
  if (filter.id !== undefined) query = query.where("workflows.id", "=", filter.id);
  return query.orderBy("workflows.path").orderBy("workflows.export_name").execute();
}

/** Every row at one of the paths, whether its file is live or not. */
export async function findWorkflowsAt(db: Connection, workspace: string, paths: readonly string[]): Promise<WorkflowRow[]> {
  return db.selectFrom("workflows").selectAll().where("workspace_id", "=", workspace).where("path", "=", anyOf(paths)).execute();
}

export async function deleteWorkflows(db: Connection, workspace: string, ids: readonly string[]): Promise<void> {
  await db.deleteFrom("workflows").where("workspace_id", "=", workspace).where("id", "=", anyOfIds(ids)).execute();
}

/** One statement for all: files may trade places, and the unique constraint looks only at its end. */
export async function updateWorkflows(db: Connection, workspace: string, rows: readonly WorkflowWrite[]): Promise<void> {
  await sql`
    update workflows set
      path = known.path, name = known.name, kind = known.kind, is_active = known.is_active, updated_at = now(),
      parameter_schema = known.parameter_schema::json, parameters_reason = known.parameters_reason, parameters_closure_hash = known.parameters_closure_hash,
      timeout_ms = known.timeout_ms, retry = known.retry::json, cache_ms = known.cache_ms
    from unnest(
      ${rows.map((row) => row.id)}::uuid[],
      ${rows.map((row) => row.path)}::text[],
      ${rows.map((row) => row.name)}::text[],
      ${rows.map((row) => row.kind)}::text[],
      ${rows.map((row) => row.is_active)}::boolean[],
      ${rows.map((row) => row.parameter_schema)}::text[],
      ${rows.map((row) => row.parameters_reason)}::text[],
      ${rows.map((row) => row.parameters_closure_hash)}::text[],
      ${rows.map((row) => row.timeout_ms)}::bigint[],
      ${rows.map((row) => row.retry)}::text[],
      ${rows.map((row) => row.cache_ms)}::bigint[]
    ) as known(id, path, name, kind, is_active, parameter_schema, parameters_reason, parameters_closure_hash, timeout_ms, retry, cache_ms)
    where workflows.workspace_id = ${workspace}::uuid and workflows.id = known.id`.execute(db);
}

export async function insertWorkflows(db: Connection, workspace: string, rows: readonly WorkflowWrite[]): Promise<void> {
  await db
    .insertInto("workflows")
    .values(rows.map((row) => ({ workspace_id: workspace, ...row })))
    .execute();
}

export interface FoundParameters {
  readonly path: string;
  readonly exportName: string;
  readonly schema: string | null;
  readonly reason: string | null;
  readonly closureHash: string;
  readonly timeoutMs: number | null;
  readonly retry: string | null;
  readonly cacheMs: number | null;
}

export async function updateParameters(db: Connection, workspace: string, found: FoundParameters): Promise<void> {
  await db
    .updateTable("workflows")
    .set({
      parameter_schema: found.schema,
      parameters_reason: found.reason,
      parameters_closure_hash: found.closureHash,
      timeout_ms: found.timeoutMs,
      retry: found.retry,
      cache_ms: found.cacheMs,
    })
    .where("workspace_id", "=", workspace)
    .where("path", "=", found.path)
    .where("export_name", "=", found.exportName)
    .execute();
}
