// Origin over the database: PostgreSQL, or PGlite as the embedded default. The statements are in db/queries.
import { randomUUID } from "node:crypto";
import type { OpenDatabase } from "../../db/open-database.ts";
import { selectCompiled } from "../../db/queries/compiled.ts";
import { selectContents } from "../../db/queries/module-contents.ts";
import { insertSnapshot, selectSnapshots } from "../../db/queries/snapshots.ts";
import { touchSnapshot } from "../../db/queries/sweep.ts";
import { insertTrees } from "../../db/queries/trees.ts";
import { listWorkflows, updateParameters } from "../../db/queries/workflows.ts";
import { findLiveFile, listLiveFiles } from "../../db/queries/workspace-files.ts";
import { findWorkspace, insertWorkspace, lockWorkspace, readHead, tryLockHead, updateSettings, type HeadRow } from "../../db/queries/workspaces.ts";
import type { Connection } from "../../db/schema.ts";
import { encodeText } from "../../db/text.ts";
import type { Limits } from "../limits.ts";
import type { CompiledKey, ContentHash } from "../modules/content-hash.ts";
import type { CompiledModule, CompilerOptionsSubset } from "../modules/module-record.ts";
import { DEFAULT_SETTINGS, type WorkspaceSettings } from "../settings.ts";
import type { Origin } from "../snapshot/origin.ts";
import { snapshotRecordOf } from "../snapshot/snapshot-id.ts";
import { DEFAULT_WORKSPACE_ID } from "../snapshot/snapshot-record.ts";
import type { Head, SnapshotId, WorkspaceId } from "../snapshot/snapshot-record.ts";
import { EMPTY_TREE_HASH } from "../snapshot/tree.ts";
import { commitChange, overwriteCompiled, readTrees, unknownWorkspace } from "./database-commit.ts";
import { withDatabaseFaults } from "./database-faults.ts";
import { compiledOf, executableOf, limitColumns, liveFileOf, parametersText, retryText, snapshotOf, storedSettingsOf, workspaceOf } from "./database-rows.ts";
import { changeStoredSettings, readOwnSettings } from "./stored-settings.ts";
import { isUuid } from "./uuid.ts";

/** A snapshot marked as used for less than this need not be marked again: what sweeps waits for a day. */
const RENEW_USE_MS = 60 * 60 * 1000;

export interface DatabaseOriginOptions {
  readonly db: OpenDatabase["db"];
  /** The honoured part of a root tsconfig.json's text (B34). */
  readonly readCompilerOptions: (text: string) => CompilerOptionsSubset;
  /** How errors name the database: `host:port/database` or its directory; no password. */
  readonly describeServer: string;
  /** OpenDatabase.exclusive: this process alone writes, over one connection. */
  readonly exclusive?: boolean;
  /** Of workspaces that have no value of their own. */
  readonly defaults?: WorkspaceSettings;
  /** What `close()` does; by default it ends the pool of `db`. */
  readonly close?: () => Promise<void>;
}

export function createDatabaseOrigin(options: DatabaseOriginOptions): Origin {
  const { db, readCompilerOptions, describeServer, exclusive = false, defaults = DEFAULT_SETTINGS } = options;
  /** HEAD as it was before the write that is under way, where that write has our only connection and asking would wait for it. */
  const underWay = new Map<WorkspaceId, Head>();

  function guarded<T>(action: () => Promise<T>): Promise<T> {
    return withDatabaseFaults(describeServer, action);
  }

  async function readUnderLock(workspace: WorkspaceId, underLock: (head: Head) => Promise<void>): Promise<HeadRow | undefined> {
    return db.transaction().execute(async (transaction) => {
      const row = await tryLockHead(transaction, workspace);
      if (row !== undefined) await underLock(headOf(row));
      return row;
    });
  }

  return {
    workspace: (name, { create = false } = {}) =>
      guarded(async () => {
        const known = await findWorkspace(db, encodeText(name));
        if (known !== undefined || !create) return known && workspaceOf(known, defaults);
        await db.transaction().execute((transaction) => makeWorkspace(transaction, { name, limits: defaults.limits }));
        const made = await findWorkspace(db, encodeText(name));
        return made && workspaceOf(made, defaults);
      }),
    ownSettings: (name) =>
      guarded(async () => {
        const row = await findWorkspace(db, encodeText(name));
        return row && readOwnSettings(storedSettingsOf(row));
      }),
    updateSettings: (name, change) =>
      guarded(() =>
        db.transaction().execute(async (transaction) => {
          const row = await lockWorkspace(transaction, encodeText(name));
          if (row === undefined) return undefined;
          const { text, settings } = changeStoredSettings(storedSettingsOf(row), { change, defaults });
          await updateSettings(transaction, row.id, { settings: text, ...limitColumns(settings.limits) });
          return { id: row.id, name, ...settings };
        }),
      ),

    async head(workspace, { underLock } = {}) {
      const previous = underWay.get(workspace);
      if (previous !== undefined) return { head: previous, writerInFlight: true };
      const locked = await foreign<HeadRow | undefined>(guarded, (run) =>
        underLock === undefined ? tryLockHead(db, workspace) : readUnderLock(workspace, (head) => run(() => underLock(head))),
      );
      if (locked !== undefined) return { head: headOf(locked), writerInFlight: false };
      const row = await guarded(() => readHead(db, workspace));
      if (row === undefined) throw unknownWorkspace(workspace);
      return { head: headOf(row), writerInFlight: true };
    },

    snapshots: (workspace, ids) =>
      guarded(async () => new Map(ids.length === 0 ? [] : (await selectSnapshots(db, workspace, ids)).map((row) => [row.id as SnapshotId, snapshotOf(row)]))),
    keepSnapshot: (workspace, id) => guarded(() => touchSnapshot(db, workspace, { id, renewMs: RENEW_USE_MS })),
    trees: (workspace, hashes) => guarded(async () => (hashes.length === 0 ? new Map() : readTrees(db, workspace, hashes))),
    contents: (workspace, hashes) =>
      guarded(
        async () => new Map(hashes.length === 0 ? [] : (await selectContents(db, workspace, hashes)).map((row) => [row.hash as ContentHash, row.content])),
      ),
    compiled: (keys) => guarded(async () => (keys.length === 0 ? new Map() : readCompiled(db, keys))),
    saveCompiled: (modules) => guarded(() => overwriteCompiled(db, modules)),

    async commit(workspace, change, beforeCommit) {
      let noted = false;
      try {
        return await foreign(guarded, (run) =>
          db.transaction().execute((transaction) =>
            commitChange(transaction, {
              workspace,
              change,
              beforeCommit: (version) => run(() => beforeCommit(version)),
              readCompilerOptions,
              locked: (previous) => {
                if (!exclusive) return;
                underWay.set(workspace, previous);
                noted = true;
              },
            }),
          ),
        );
      } finally {
        if (noted) underWay.delete(workspace);
      }
    },

    files: (workspace, { under } = {}) => guarded(async () => (await listLiveFiles(db, workspace, under === "" ? undefined : under)).map(liveFileOf)),
    file: (workspace, path) =>
      guarded(async () => {
        const row = await findLiveFile(db, workspace, path);
        return row === undefined || row.content === null ? undefined : { ...liveFileOf(row), bytes: row.content };
      }),
    executables: (workspace, { path, name, id } = {}) =>
      guarded(async () => {
        if (id !== undefined && !isUuid(id)) return [];
        const rows = await listWorkflows(db, workspace, { path, name: name === undefined ? undefined : encodeText(name), id });
        return rows.map(executableOf);
      }),
    saveParameters: (workspace, { path, exportName, closureHash, parameters, reason, timeoutMs, retry, cacheMs }) =>
      guarded(() =>
        updateParameters(db, workspace, {
          path,
          exportName: encodeText(exportName),
          closureHash,
          schema: parametersText(parameters),
          reason: reason === null ? null : encodeText(reason),
          timeoutMs,
          retry: retryText(retry),
          cacheMs,
        }),
      ),

    close: options.close ?? (() => db.destroy()),
  };
}

/**
 * Runs a transaction that calls back into code that is not ours: `run` wraps that code, and what it throws is thrown
 * again as it is, while what the database throws becomes a Fault.
 */
async function foreign<T>(
  guarded: (action: () => Promise<T>) => Promise<T>,
  transaction: (run: (callback: () => Promise<void>) => Promise<void>) => Promise<T>,
): Promise<T> {
  let failure: { readonly error: unknown } | undefined;
  async function run(callback: () => Promise<void>): Promise<void> {
    try {
      await callback();
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  try {
    return await guarded(() => transaction(run));
  } catch (error) {
    throw failure === undefined ? error : failure.error;
  }
}

async function makeWorkspace(db: Connection, { name, limits }: { readonly name: string; readonly limits: Limits }): Promise<void> {
  const snapshot = snapshotRecordOf({ tree: EMPTY_TREE_HASH, packageLock: null, compilerOptions: {} });
  const id = name === "default" ? DEFAULT_WORKSPACE_ID : randomUUID();
  const isNew = await insertWorkspace(db, {
    id,
    name: encodeText(name),
    head_snapshot: snapshot.id,
    ...limitColumns(limits),
  });
  if (!isNew) return;
  await insertTrees(db, id, new Map([[EMPTY_TREE_HASH, "{}"]]));
  await insertSnapshot(db, { workspace_id: id, id: snapshot.id, tree: snapshot.tree, compiler_options: "{}" });
}

async function readCompiled(db: Connection, keys: readonly CompiledKey[]): Promise<Map<CompiledKey, CompiledModule>> {
  const found = new Map<CompiledKey, CompiledModule>();
  for (const row of await selectCompiled(db, keys)) {
    const module = compiledOf(row);
    if (module !== undefined) found.set(module.key, module);
  }
  return found;
}

function headOf(row: HeadRow): Head {
  return { version: row.head_version, snapshotId: row.head_snapshot as SnapshotId };
}
