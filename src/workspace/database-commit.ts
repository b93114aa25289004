// One write of files as one transaction. Its cost follows what changes: only rows at touched paths, trees on changed paths
// and contents the workspace does not have are read or sent, many in a statement.
import { randomUUID } from "node:crypto";
import { batches } from "../../db/batches.ts";
import { selectCompiledKeys, upsertCompiled } from "../../db/queries/compiled.ts";
import { insertHeadHistory } from "../../db/queries/head-history.ts";
import { insertContents, selectContentHashes, selectContents } from "../../db/queries/module-contents.ts";
import { deleteRequirements, upsertRequirements } from "../../db/queries/requirements.ts";
import { insertSnapshot, selectSnapshots } from "../../db/queries/snapshots.ts";
import { insertTrees, selectTrees } from "../../db/queries/trees.ts";
import { deleteWorkflows, findWorkflowsAt, insertWorkflows, updateWorkflows, type WorkflowRow } from "../../db/queries/workflows.ts";
import { findLiveFiles, softDeleteFiles, updateEntityTypes, upsertFiles, type FileRow } from "../../db/queries/workspace-files.ts";
import { lockHead, moveHead } from "../../db/queries/workspaces.ts";
import type { Connection } from "../../db/schema.ts";
import { Fault } from "../errors.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import type { CompiledModule, CompilerOptionsSubset } from "../modules/module-record.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { decodeUtf8 } from "../snapshot/json-text.ts";
import type { BeforeCommit, Change, Commit } from "../snapshot/origin.ts";
import { snapshotRecordOf } from "../snapshot/snapshot-id.ts";
import type { Head, SnapshotId, SnapshotRecord, TreeEntries, TreeHash, WorkspaceId } from "../snapshot/snapshot-record.ts";
import { applyToTree, decodeTree, encodeTree } from "../snapshot/tree.ts";
import { planChange, touchedPaths, type ChangePlan } from "./change-plan.ts";
import { compiledRowOf, compiledRowSize, executableOf, snapshotOf, workflowRowOf } from "./database-rows.ts";
import { COMPILER_OPTIONS_PATH, declarationsOf, MANIFEST_PATH } from "./entity-type.ts";
import { planExecutables, type ExecutablePlan } from "./executables.ts";

export interface CommitOptions {
  readonly workspace: WorkspaceId;
  readonly change: Change;
  readonly beforeCommit: BeforeCommit;
  readonly readCompilerOptions: (text: string) => CompilerOptionsSubset;
  /** Told of HEAD as it stands once the writers' lock is held. */
  readonly locked: (previous: Head) => void;
}

/** Everything but BEGIN and COMMIT: `db` is the transaction. */
export async function commitChange(db: Connection, options: CommitOptions): Promise<Commit> {
  const { workspace, change } = options;
  const previous = await takeLock(db, workspace);
  options.locked(previous);

  const paths = [...touchedPaths(change)];
  const live = new Map((await findLiveFiles(db, workspace, paths)).map((row) => [row.path as ModulePath, row]));
  const plan = planChange(change, (path) => live.get(path)?.content_hash as ContentHash | undefined);
  const rows = await findWorkflowsAt(db, workspace, paths);
  const executables = planExecutables(executableChange(plan, rows));

  await storeCompiled(
    db,
    [...plan.files, ...plan.unchanged].flatMap((file) => file.compiled ?? []),
  );
  await storeContents(db, workspace, new Map(plan.files.flatMap(({ hash, bytes }) => (bytes === undefined ? [] : [[hash, bytes]]))));
  await writeFiles(db, workspace, { plan, executables, live });
  await writeExecutables(db, workspace, { plan: executables, rows });

  const before = await snapshotAt(db, workspace, previous.snapshotId);
  if (plan.set.size === 0 && plan.removed.size === 0) {
    return { head: previous, previous, changed: false, set: plan.set, removed: plan.removed, trees: new Map(), snapshot: before };
  }
  const { snapshot, trees } = await nextSnapshot(db, options, { before, plan });
  await writeRequirements(db, workspace, plan);
  const head = { version: previous.version + 1, snapshotId: snapshot.id };
  await moveHead(db, workspace, { head_version: head.version, head_snapshot: head.snapshotId });
  await insertHeadHistory(db, { workspace_id: workspace, version: head.version, snapshot_id: head.snapshotId });
  await options.beforeCommit(head.version);
  return { head, previous, changed: true, set: plan.set, removed: plan.removed, trees, snapshot };
}

/** Compiled code is nobody's: it can be stored by any transaction, or by none. Only what is not there is sent. */
export async function storeCompiled(db: Connection, modules: readonly CompiledModule[]): Promise<void> {
  if (modules.length === 0) return;
  const present = new Set(
    await selectCompiledKeys(
      db,
      modules.map((module) => module.key),
    ),
  );
  await overwriteCompiled(
    db,
    modules.filter((module) => !present.has(module.key)),
  );
}

/** As storeCompiled, but a row that is damaged is made good: a run compiles again only what it could not read. */
export async function overwriteCompiled(db: Connection, modules: readonly CompiledModule[]): Promise<void> {
  const byKey = new Map(modules.map((module) => [module.key as string, compiledRowOf(module)]));
  const rows = [...byKey.values()].toSorted((one, other) => (one.key < other.key ? -1 : 1));
  for (const batch of batches(rows, compiledRowSize)) await upsertCompiled(db, batch);
}

async function takeLock(db: Connection, workspace: WorkspaceId): Promise<Head> {
  const row = await lockHead(db, workspace);
  if (row === undefined) throw unknownWorkspace(workspace);
  return { version: row.head_version, snapshotId: row.head_snapshot as SnapshotId };
}

export function unknownWorkspace(workspace: WorkspaceId): Fault {
  return new Fault("ERR_INTERNAL", `There is no workspace with the id ${workspace}. Ask for it by name first.`, { details: { workspace } });
}

function executableChange(plan: ChangePlan, rows: readonly WorkflowRow[]) {
  const files = [
    ...plan.files.map((file) => ({ path: file.path, declarations: declarationsOf(file.path, file.compiled), contentChanged: file.bytes !== undefined })),
    ...plan.unchanged.map((file) => ({ path: file.path, declarations: declarationsOf(file.path, file.compiled), contentChanged: false })),
  ];
  return { registered: rows.map(executableOf), files, removed: plan.removed, moved: plan.moved, newId: randomUUID };
}

async function storeContents(db: Connection, workspace: WorkspaceId, contents: ReadonlyMap<ContentHash, Uint8Array>): Promise<void> {
  if (contents.size === 0) return;
  const present = new Set(await selectContentHashes(db, workspace, [...contents.keys()]));
  const rows = [...contents].filter(([hash]) => !present.has(hash)).map(([hash, content]) => ({ hash, content }));
  for (const batch of batches(rows, (row) => row.content.byteLength)) await insertContents(db, workspace, batch);
}

interface FileChange {
  readonly plan: ChangePlan;
  readonly executables: ExecutablePlan;
  readonly live: ReadonlyMap<ModulePath, Pick<FileRow, "entity_type">>;
}

async function writeFiles(db: Connection, workspace: WorkspaceId, { plan, executables, live }: FileChange): Promise<void> {
  const writes = plan.files.map(({ path, entityType, hash, contentType }) => ({
    path,
    entityType: executables.types.get(path) ?? entityType,
    hash,
    contentType,
  }));
  if (writes.length > 0) {
    const written = await upsertFiles(db, workspace, writes);
    if (written !== writes.length) throw contentMissing(plan);
  }
  if (plan.removed.size > 0) await softDeleteFiles(db, workspace, [...plan.removed]);
  const types = new Map<string, string>();
  for (const { path, entityType } of plan.unchanged) {
    const type = executables.types.get(path) ?? entityType;
    if (live.get(path)?.entity_type !== type) types.set(path, type);
  }
  if (types.size > 0) await updateEntityTypes(db, workspace, types);
}

async function writeExecutables(
  db: Connection,
  workspace: WorkspaceId,
  { plan, rows }: { readonly plan: ExecutablePlan; readonly rows: readonly WorkflowRow[] },
): Promise<void> {
  const closures = new Map(rows.map((row) => [row.id, row.parameters_closure_hash]));
  const toRow = (executable: ExecutablePlan["added"][number]) => workflowRowOf(executable, closures.get(executable.id) ?? null);
  const updated = [...plan.updated, ...plan.deactivated].map(toRow);
  if (plan.dropped.length > 0)
    await deleteWorkflows(
      db,
      workspace,
      plan.dropped.map((row) => row.id),
    );
  if (updated.length > 0) await updateWorkflows(db, workspace, updated);
  for (const batch of batches(plan.added.map(toRow), () => 0)) await insertWorkflows(db, workspace, batch);
}

async function nextSnapshot(db: Connection, options: CommitOptions, { before, plan }: { readonly before: SnapshotRecord; readonly plan: ChangePlan }) {
  const { workspace } = options;
  const changes = new Map<ModulePath, ContentHash | null>(plan.set);
  for (const path of plan.removed) changes.set(path, null);
  const { root, trees } = await applyToTree(before.tree, changes, (hashes) => readTrees(db, workspace, hashes));
  const compilerOptions = await compilerOptionsAfter(db, options, { before, config: changes.get(COMPILER_OPTIONS_PATH) });
  const snapshot = snapshotRecordOf({ tree: root, packageLock: before.packageLock, compilerOptions });
  if (trees.size > 0) await insertTrees(db, workspace, new Map([...trees].map(([hash, entries]) => [hash, encodeTree(entries)])));
  await insertSnapshot(db, {
    workspace_id: workspace,
    id: snapshot.id,
    tree: snapshot.tree,
    package_lock: snapshot.packageLock,
    compiler_options: JSON.stringify(snapshot.compilerOptions),
  });
  return { snapshot, trees };
}

/** `config`: hash of the root tsconfig.json where this write changes it, null where it removes it. */
async function compilerOptionsAfter(
  db: Connection,
  { workspace, readCompilerOptions }: CommitOptions,
  { before, config }: { readonly before: SnapshotRecord; readonly config: ContentHash | null | undefined },
): Promise<CompilerOptionsSubset> {
  if (config === undefined) return before.compilerOptions;
  if (config === null) return {};
  const [row] = await selectContents(db, workspace, [config]);
  return readCompilerOptions((row && decodeUtf8(row.content)) ?? "{}");
}

async function writeRequirements(db: Connection, workspace: WorkspaceId, { set, removed }: ChangePlan): Promise<void> {
  const hash = set.get(MANIFEST_PATH);
  if (hash !== undefined) await upsertRequirements(db, workspace, hash);
  if (removed.has(MANIFEST_PATH)) await deleteRequirements(db, workspace);
}

async function snapshotAt(db: Connection, workspace: WorkspaceId, id: SnapshotId): Promise<SnapshotRecord> {
  const [row] = await selectSnapshots(db, workspace, [id]);
  if (row !== undefined) return snapshotOf(row);
  throw new Fault(
    "ERR_CACHE_INCONSISTENT",
    `HEAD of workspace ${workspace} names the snapshot ${id}, which the database does not have. Restore the database from a backup.`,
    {
      details: { workspace, snapshotId: id },
    },
  );
}

/** Directories by hash; one whose row is not a directory counts as absent. */
export async function readTrees(db: Connection, workspace: WorkspaceId, hashes: readonly TreeHash[]): Promise<Map<TreeHash, TreeEntries>> {
  const found = new Map<TreeHash, TreeEntries>();
  for (const row of await selectTrees(db, workspace, hashes)) {
    const entries = decodeTree(row.entries);
    if (entries !== undefined) found.set(row.hash as TreeHash, entries);
  }
  return found;
}

function contentMissing({ moved }: ChangePlan): Fault {
  return new Fault(
    "ERR_CACHE_INCONSISTENT",
    "A file that is to move has no stored content under its hash. Nothing was written: save the file anew, then move it.",
    {
      details: { moved: [...moved.keys()] },
    },
  );
}
