// Origin in plain memory: the truth of the harness and of `--directory`. Gone with the process; the promises are those
// of origin.ts, held by the same suite as the database's. A commit is planned whole and then applied without a pause,
// so one that fails on the way leaves nothing behind.
import { randomUUID } from "node:crypto";
import { Fault } from "../errors.ts";
import type { CompiledKey, ContentHash } from "../modules/content-hash.ts";
import type { CompiledModule, CompilerOptionsSubset } from "../modules/module-record.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { DEFAULT_SETTINGS, type WorkspaceSettings } from "../settings.ts";
import { decodeUtf8 } from "../snapshot/json-text.ts";
import type { BeforeCommit, Change, Commit, Executable, LiveFile, Origin, Workspace } from "../snapshot/origin.ts";
import { snapshotRecordOf } from "../snapshot/snapshot-id.ts";
import { DEFAULT_WORKSPACE_ID } from "../snapshot/snapshot-record.ts";
import type { Head, SnapshotId, SnapshotRecord, TreeEntries, TreeHash, WorkspaceId } from "../snapshot/snapshot-record.ts";
import { applyToTree, EMPTY_TREE_HASH } from "../snapshot/tree.ts";
import { planChange } from "./change-plan.ts";
import type { ChangePlan } from "./change-plan.ts";
import { COMPILER_OPTIONS_PATH, declarationsOf } from "./entity-type.ts";
import { planExecutables } from "./executables.ts";
import type { ExecutablePlan } from "./executables.ts";
import { changeStoredSettings, NO_OWN_SETTINGS, readOwnSettings } from "./stored-settings.ts";
import { createTurns } from "./turns.ts";

export interface MemoryOriginOptions {
  /** The honoured part of a root tsconfig.json's text (B34). */
  readonly readCompilerOptions: (text: string) => CompilerOptionsSubset;
  /** Of workspaces that have no value of their own. */
  readonly defaults?: WorkspaceSettings;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

interface State {
  workspace: Workspace;
  /** As a database would keep it. */
  settings: string;
  readonly turns: ReturnType<typeof createTurns>;
  head: Head;
  /** The one that HEAD names. */
  snapshot: SnapshotRecord;
  readonly files: Map<ModulePath, LiveFile>;
  readonly executables: Map<string, Executable>;
  readonly contents: Map<ContentHash, Uint8Array>;
  readonly trees: Map<TreeHash, TreeEntries>;
  readonly snapshots: Map<SnapshotId, SnapshotRecord>;
}

export function createMemoryOrigin({ readCompilerOptions, defaults = DEFAULT_SETTINGS, now = Date.now }: MemoryOriginOptions): Origin {
  const states = new Map<WorkspaceId, State>();
  const compiledByKey = new Map<CompiledKey, CompiledModule>();

  function stateOf(id: WorkspaceId): State {
    const state = states.get(id);
    if (state === undefined)
      throw new Fault("ERR_INTERNAL", `There is no workspace with the id ${id}. Ask for it by name first.`, { details: { workspace: id } });
    return state;
  }

  function named(name: string): State | undefined {
    return [...states.values()].find((state) => state.workspace.name === name);
  }

  async function snapshotAfter(state: State, plan: ChangePlan, contents: ReadonlyMap<ContentHash, Uint8Array>) {
    const previous = state.snapshot;
    const changes = new Map<ModulePath, ContentHash | null>(plan.set);
    for (const path of plan.removed) changes.set(path, null);
    const { root, trees } = await applyToTree(previous.tree, changes, (hashes) => Promise.resolve(pick(state.trees, hashes)));
    const hash = plan.set.get(COMPILER_OPTIONS_PATH);
    const bytes = hash && (contents.get(hash) ?? state.contents.get(hash));
    const compilerOptions = changes.has(COMPILER_OPTIONS_PATH) ? readCompilerOptions((bytes && decodeUtf8(bytes)) ?? "{}") : previous.compilerOptions;
    return { trees, snapshot: snapshotRecordOf({ tree: root, packageLock: previous.packageLock, compilerOptions }) };
  }

  async function commitInTurn(state: State, change: Change, beforeCommit: BeforeCommit): Promise<Commit> {
    const previous = state.head;
    const plan = planChange(change, (path) => state.files.get(path)?.hash);
    const contents = new Map(change.put.map((file) => [file.hash, file.bytes]));
    const executables = planExecutables({
      registered: registeredAt(state, plan),
      files: [...plan.files.map((file) => describeFile(file, file.bytes !== undefined)), ...plan.unchanged.map((file) => describeFile(file, false))],
      removed: plan.removed,
      moved: plan.moved,
      newId: randomUUID,
    });
    const compiled = [...plan.files, ...plan.unchanged].flatMap((file) => file.compiled ?? []);
    if (plan.set.size === 0 && plan.removed.size === 0) {
      apply(state, { plan, executables });
      keepCompiled(compiled);
      return { head: previous, previous, changed: false, set: plan.set, removed: plan.removed, trees: new Map(), snapshot: state.snapshot };
    }
    const { trees, snapshot } = await snapshotAfter(state, plan, contents);
    const head = { version: previous.version + 1, snapshotId: snapshot.id };
    await beforeCommit(head.version);
    for (const [hash, bytes] of contents) if (!state.contents.has(hash)) state.contents.set(hash, Uint8Array.from(bytes));
    for (const [hash, entries] of trees) state.trees.set(hash, entries);
    state.snapshots.set(snapshot.id, snapshot);
    state.snapshot = snapshot;
    apply(state, { plan, executables });
    keepCompiled(compiled);
    state.head = head;
    return { head, previous, changed: true, set: plan.set, removed: plan.removed, trees, snapshot };
  }

  function apply(state: State, { plan, executables }: { plan: ChangePlan; executables: ExecutablePlan }): void {
    const updatedAt = new Date(now()).toISOString();
    const written = plan.files.map(({ path, entityType, hash, contentType, bytes, movedFrom }): LiveFile => {
      const sizeBytes = bytes?.byteLength ?? (movedFrom && state.files.get(movedFrom)?.sizeBytes) ?? 0;
      return { path, entityType: executables.types.get(path) ?? entityType, hash, contentType, sizeBytes, updatedAt };
    });
    for (const path of [...plan.removed, ...plan.moved.keys()]) state.files.delete(path);
    for (const file of written) state.files.set(file.path, file);
    for (const { path, entityType } of plan.unchanged) {
      const known = state.files.get(path);
      if (known !== undefined) state.files.set(path, { ...known, entityType: executables.types.get(path) ?? entityType });
    }
    for (const row of executables.dropped) state.executables.delete(row.id);
    for (const row of [...executables.added, ...executables.updated, ...executables.deactivated]) state.executables.set(row.id, row);
  }

  function keepCompiled(modules: readonly CompiledModule[]): void {
    for (const module of modules) compiledByKey.set(module.key, module);
  }

  return {
    async workspace(name, { create = false } = {}) {
      const known = named(name);
      if (known !== undefined || !create) return known?.workspace;
      const state = emptyState({ id: name === "default" ? DEFAULT_WORKSPACE_ID : randomUUID(), name, ...defaults });
      states.set(state.workspace.id, state);
      return state.workspace;
    },
    async ownSettings(name) {
      const state = named(name);
      return state && readOwnSettings({ workspace: name, text: state.settings });
    },
    async updateSettings(name, change) {
      const state = named(name);
      if (state === undefined) return undefined;
      const { text, settings } = changeStoredSettings({ workspace: name, text: state.settings }, { change, defaults });
      state.settings = text;
      state.workspace = { ...state.workspace, ...settings };
      return state.workspace;
    },
    async head(workspace, { underLock } = {}) {
      const state = stateOf(workspace);
      const read = await state.turns.tryTake(async () => {
        await underLock?.(state.head);
        return state.head;
      });
      return { head: read ?? state.head, writerInFlight: read === undefined };
    },
    async snapshots(workspace, ids) {
      return pick(stateOf(workspace).snapshots, ids);
    },
    async keepSnapshot(workspace, id) {
      return stateOf(workspace).snapshots.has(id);
    },
    async trees(workspace, hashes) {
      return pick(stateOf(workspace).trees, hashes);
    },
    async contents(workspace, hashes) {
      return pick(stateOf(workspace).contents, hashes);
    },
    async compiled(keys) {
      return pick(compiledByKey, keys);
    },
    async saveCompiled(modules) {
      keepCompiled(modules);
    },
    async commit(workspace, change, beforeCommit) {
      const state = stateOf(workspace);
      return state.turns.take(() => commitInTurn(state, change, beforeCommit));
    },
    async files(workspace, { under } = {}) {
      const files = [...stateOf(workspace).files.values()];
      const wanted = under === undefined || under === "" ? files : files.filter((file) => file.path === under || file.path.startsWith(`${under}/`));
      return wanted.toSorted((one, other) => Buffer.compare(Buffer.from(one.path), Buffer.from(other.path)));
    },
    async file(workspace, path) {
      const state = stateOf(workspace);
      const file = state.files.get(path);
      const bytes = file && state.contents.get(file.hash);
      return bytes && { ...file, bytes };
    },
    async executables(workspace, { path, name, id } = {}) {
      const state = stateOf(workspace);
      return [...state.executables.values()].filter(
        (row) =>
          state.files.has(row.path) &&
          (path === undefined || row.path === path) &&
          (name === undefined || row.name === name) &&
          (id === undefined || row.id === id),
      );
    },
    async saveParameters(workspace, { path, exportName, parameters, reason, timeoutMs, retry, cacheMs }) {
      const state = stateOf(workspace);
      for (const row of state.executables.values()) {
        if (row.path !== path || row.exportName !== exportName) continue;
        state.executables.set(row.id, { ...row, parameters, parametersReason: reason, timeoutMs, retry, cacheMs });
      }
    },
    async close() {
      states.clear();
      compiledByKey.clear();
    },
  };
}

function emptyState(workspace: Workspace): State {
  const snapshot = snapshotRecordOf({ tree: EMPTY_TREE_HASH, packageLock: null, compilerOptions: {} });
  return {
    workspace,
    settings: NO_OWN_SETTINGS,
    turns: createTurns(),
    head: { version: 0, snapshotId: snapshot.id },
    snapshot,
    files: new Map(),
    executables: new Map(),
    contents: new Map(),
    trees: new Map([[EMPTY_TREE_HASH, {}]]),
    snapshots: new Map([[snapshot.id, snapshot]]),
  };
}

function registeredAt(state: State, plan: ChangePlan): Executable[] {
  const paths = new Set<ModulePath>([
    ...plan.files.map((file) => file.path),
    ...plan.unchanged.map((file) => file.path),
    ...plan.removed,
    ...plan.moved.keys(),
  ]);
  return [...state.executables.values()].filter((row) => paths.has(row.path));
}

function describeFile(file: { readonly path: ModulePath; readonly compiled?: CompiledModule | undefined }, contentChanged: boolean) {
  return { path: file.path, declarations: declarationsOf(file.path, file.compiled), contentChanged };
}

function pick<Key, Value>(from: ReadonlyMap<Key, Value>, keys: readonly Key[]): Map<Key, Value> {
  const found = new Map<Key, Value>();
  for (const key of keys) {
    const value = from.get(key);
    if (value !== undefined) found.set(key, value);
  }
  return found;
}
