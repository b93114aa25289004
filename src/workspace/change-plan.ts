// What a change really does to a workspace, given what its touched paths hold now: expectations, moves and removals are
// checked here, and writes of equal content fall out (B51, B53, B54, B56). Pure: reads and stores nothing.
import { Fault } from "../errors.ts";
import type { CompiledModule } from "../modules/module-record.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { Change, EntityType, PreparedFile } from "../snapshot/origin.ts";

/** A file as it is to be written. */
export interface PlannedFile {
  readonly path: ModulePath;
  readonly hash: ContentHash;
  readonly entityType: EntityType;
  readonly contentType: string;
  readonly compiled: CompiledModule | undefined;
  /** Where it was before, when it moved. */
  readonly movedFrom: ModulePath | undefined;
  /** Its new bytes; undefined when it only moved. */
  readonly bytes: Uint8Array | undefined;
}

export interface ChangePlan {
  /** Files with new content or at a new path. */
  readonly files: readonly PlannedFile[];
  /** Written again as they are: no new version; but what is known of them may be fresher. */
  readonly unchanged: readonly PreparedFile[];
  /** Old path → new path. */
  readonly moved: ReadonlyMap<ModulePath, ModulePath>;
  /** What differs afterwards: the projection of the change on path → content. Both empty when nothing changes. */
  readonly set: ReadonlyMap<ModulePath, ContentHash>;
  readonly removed: ReadonlySet<ModulePath>;
}

/** Current content of a path; undefined where there is no file. */
export type CurrentHash = (path: ModulePath) => ContentHash | undefined;

/** Every path whose current state `planChange` asks for. */
export function touchedPaths(change: Change): ReadonlySet<ModulePath> {
  return new Set([
    ...change.put.map((file) => file.path),
    ...change.remove,
    ...change.move.flatMap((move) => [move.from, move.to]),
    ...(change.expected?.keys() ?? []),
  ]);
}

/**
 * Removals are made first, then all moves at once (so two files can change places), then writes. Removing what is not
 * there does nothing. Throws ERR_CONTENT_CHANGED, ERR_PATH_NOT_FOUND and ERR_PATH_EXISTS.
 */
export function planChange(change: Change, current: CurrentHash): ChangePlan {
  checkExpected(change, current);
  const moved = planMoves(change, current);
  const files = new Map<ModulePath, PlannedFile>();
  const unchanged = new Map<ModulePath, PreparedFile>();
  for (const { from, to, entityType, contentType, compiled } of change.move) {
    const hash = current(from);
    if (from === to || hash === undefined) continue;
    files.set(to, { path: to, hash, entityType, contentType, compiled, movedFrom: from, bytes: undefined });
  }
  for (const file of change.put) {
    const arrived = files.get(file.path);
    if (arrived === undefined && !moved.has(file.path) && current(file.path) === file.hash) unchanged.set(file.path, file);
    else files.set(file.path, planned(file, arrived?.movedFrom));
  }
  return { files: [...files.values()], unchanged: [...unchanged.values()], moved, ...projection({ remove: change.remove, moved, files, unchanged }, current) };
}

function planned(file: PreparedFile, movedFrom: ModulePath | undefined): PlannedFile {
  const { path, hash, entityType, contentType, compiled, bytes } = file;
  return { path, hash, entityType, contentType, compiled, movedFrom, bytes };
}

interface Outcome {
  readonly remove: readonly ModulePath[];
  readonly moved: ReadonlyMap<ModulePath, ModulePath>;
  readonly files: ReadonlyMap<ModulePath, PlannedFile>;
  readonly unchanged: ReadonlyMap<ModulePath, PreparedFile>;
}

function projection({ remove, moved, files, unchanged }: Outcome, current: CurrentHash) {
  const set = new Map<ModulePath, ContentHash>();
  const removed = new Set<ModulePath>();
  for (const { path, hash } of files.values()) if (current(path) !== hash) set.set(path, hash);
  for (const path of [...remove, ...moved.keys()]) {
    if (current(path) !== undefined && !files.has(path) && !unchanged.has(path)) removed.add(path);
  }
  return { set, removed };
}

function planMoves(change: Change, current: CurrentHash): Map<ModulePath, ModulePath> {
  const moved = new Map<ModulePath, ModulePath>();
  const targets = new Set<ModulePath>();
  const leaving = new Set(change.move.flatMap(({ from, to }) => (from === to ? [] : from)).concat(change.remove));
  for (const { from, to } of change.move) {
    if (current(from) === undefined || moved.has(from)) throw missing(from, `There is no file ${quote(from)} to move.`);
    if (from === to) continue;
    if (targets.has(to) || (current(to) !== undefined && !leaving.has(to))) throw occupied(from, to);
    moved.set(from, to);
    targets.add(to);
  }
  return moved;
}

function checkExpected(change: Change, current: CurrentHash): void {
  for (const [path, expected] of change.expected ?? []) {
    const actual = current(path);
    if (actual === (expected ?? undefined)) continue;
    if (actual === undefined)
      throw missing(path, `The file ${quote(path)} was deleted meanwhile; version ${short(expected)} was expected. Nothing was written.`, expected);
    const wanted = expected === null ? "no file was expected there" : `version ${short(expected)} was expected`;
    throw new Fault(
      "ERR_CONTENT_CHANGED",
      `The file ${quote(path)} is at version ${short(actual)}; ${wanted}. Nothing was written: read it again and repeat the change.`,
      {
        details: { path, expected, actual, reason: "content_changed" },
      },
    );
  }
}

function missing(path: ModulePath, message: string, expected?: ContentHash | null): Fault {
  return new Fault("ERR_PATH_NOT_FOUND", message, { details: { path, reason: "path_not_found", ...(expected === undefined ? undefined : { expected }) } });
}

function occupied(from: ModulePath, to: ModulePath): Fault {
  return new Fault("ERR_PATH_EXISTS", `${quote(from)} cannot move to ${quote(to)}: there is a file already. Remove it first, or choose another path.`, {
    details: { path: to, from, reason: "path_exists" },
  });
}

function quote(path: string): string {
  return JSON.stringify(path);
}

function short(hash: ContentHash | null): string {
  return hash === null ? "none" : hash.slice(0, 8);
}
