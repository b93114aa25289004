// How registered executables follow their files (B50, B51, B55): which rows a write adds, updates, deactivates or drops.
// An executable is known by path and export name; its id outlives edits, moves, deletion and re-creation. Stores nothing.
import type { ModulePath } from "../modules/module-path.ts";
import type { EntityType, Executable } from "../snapshot/origin.ts";
import { typeOfKinds } from "./entity-type.ts";
import type { Declarations } from "./entity-type.ts";

/** Why `parameters` is null before a describe run has looked. */
export const NOT_DESCRIBED = "not described yet";

export interface ExecutableFile {
  readonly path: ModulePath;
  readonly declarations: Declarations;
  /** False where the file only moved or was read again: then what a describe run found stays. */
  readonly contentChanged: boolean;
}

export interface ExecutableChange {
  /** Every row at a path that the write touches or moves from, active or not. */
  readonly registered: readonly Executable[];
  /** The touched files that are live after the write, at their new paths. */
  readonly files: readonly ExecutableFile[];
  /** Paths that hold no file after the write. */
  readonly removed: ReadonlySet<ModulePath>;
  /** Old path → new path. */
  readonly moved: ReadonlyMap<ModulePath, ModulePath>;
  readonly newId: () => string;
}

export interface ExecutablePlan {
  readonly added: readonly Executable[];
  /** Rows to be written over the ones with the same id: edited, moved or come back. */
  readonly updated: readonly Executable[];
  /** Rows whose export is gone. They are kept, inactive, so that the id is there when it comes back. */
  readonly deactivated: readonly Executable[];
  /** Inactive rows of a deleted file whose path another file has moved to. */
  readonly dropped: readonly Executable[];
  /** Entity types of files that could not be read whole and so keep what is registered for them. */
  readonly types: ReadonlyMap<ModulePath, EntityType>;
}

/** `workflow({ name })` when literal, else the export's name, else the file's base name. */
export function executableName(path: string, exportName: string, literal: string | undefined): string {
  if (literal !== undefined) return literal;
  return exportName === "default" ? baseName(path) : exportName;
}

export function planExecutables(change: ExecutableChange): ExecutablePlan {
  const { rowsAt, dropped } = relocate(change);
  const added: Executable[] = [];
  const types = new Map<ModulePath, EntityType>();
  for (const path of change.removed) {
    const rows = rowsAt.get(path);
    for (const row of rows?.values() ?? []) rows?.set(row.exportName, { ...row, active: false });
  }
  for (const file of change.files) {
    const rows = rowsAt.get(file.path) ?? new Map<string, Executable>();
    const declared = new Set<string>();
    for (const entity of file.declarations.entities) {
      const { exportName, kind } = entity;
      const facts = { kind, name: executableName(file.path, exportName, entity.name), active: true };
      const known = rows.get(exportName);
      if (known !== undefined) rows.set(exportName, { ...known, ...facts, ...(file.contentChanged || known.kind !== kind ? UNDESCRIBED : undefined) });
      else if (!declared.has(exportName)) added.push({ id: change.newId(), path: file.path, exportName, ...facts, ...UNDESCRIBED });
      declared.add(exportName);
    }
    if (file.declarations.incomplete) {
      const type = typeOfKinds([...rows.values(), ...file.declarations.entities].flatMap((row) => ("active" in row && !row.active ? [] : row.kind)));
      if (type !== undefined) types.set(file.path, type);
      continue;
    }
    for (const row of rows.values()) if (!declared.has(row.exportName)) rows.set(row.exportName, { ...row, active: false });
  }
  return { added, dropped, types, ...sortOut(change.registered, rowsAt) };
}

const UNDESCRIBED = { parameters: null, parametersReason: NOT_DESCRIBED, timeoutMs: null, retry: null, cacheMs: null } as const;

/** Rows by path and export name as they stand after the moves; what stood at a target was deleted before, and gives way. */
function relocate({ registered, moved }: ExecutableChange) {
  const arriving = new Set(moved.values());
  const rowsAt = new Map<ModulePath, Map<string, Executable>>();
  const dropped: Executable[] = [];
  for (const row of registered) {
    const target = moved.get(row.path);
    if (target === undefined && arriving.has(row.path)) {
      dropped.push(row);
      continue;
    }
    const path = target ?? row.path;
    const rows = rowsAt.get(path) ?? new Map<string, Executable>();
    rowsAt.set(path, rows.set(row.exportName, target === undefined ? row : { ...row, path, name: renamed(row, target) }));
  }
  return { rowsAt, dropped };
}

/** A default export named after its file is named after its new file; a name the author gave stays. */
function renamed(row: Executable, target: string): string {
  return row.exportName === "default" && row.name === baseName(row.path) ? baseName(target) : row.name;
}

function sortOut(registered: readonly Executable[], rowsAt: ReadonlyMap<ModulePath, ReadonlyMap<string, Executable>>) {
  const before = new Map(registered.map((row) => [row.id, row]));
  const updated: Executable[] = [];
  const deactivated: Executable[] = [];
  for (const rows of rowsAt.values()) {
    for (const after of rows.values()) {
      const row = before.get(after.id);
      if (row === undefined || isSame(row, after)) continue;
      if (row.active && !after.active) deactivated.push(after);
      else updated.push(after);
    }
  }
  return { updated, deactivated };
}

function isSame(one: Executable, other: Executable): boolean {
  return (
    one.path === other.path &&
    one.name === other.name &&
    one.kind === other.kind &&
    one.active === other.active &&
    one.parameters === other.parameters &&
    one.parametersReason === other.parametersReason
  );
}

function baseName(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? name : name.slice(0, dot);
}
