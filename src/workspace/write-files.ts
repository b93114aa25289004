// Every way to change a workspace's files comes through here, as one story: check, prepare, commit with the pending mark
// set, publish. What the author should know comes back as warnings; what stops the write is thrown, and then nothing is written.
import { Fault } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { isContentHash } from "../modules/content-hash.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import { parseModulePath } from "../modules/module-path.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { CompilerOptionsSubset } from "../modules/module-record.ts";
import { decodeSource } from "../modules/source-text.ts";
import { readTsconfigOptions } from "../modules/tsconfig-options.ts";
import type { Commit, Origin, PreparedMove } from "../snapshot/origin.ts";
import type { SnapshotId, WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { COMPILER_OPTIONS_PATH } from "./entity-type.ts";
import { pathNotFound } from "./read-files.ts";
import { lookalikes, shadowWarning } from "./name-warnings.ts";
import { prepareFiles } from "./prepare-files.ts";
import type { Compile, PreparedFiles } from "./prepare-files.ts";
import { publishCommit } from "./publish-commit.ts";
import type { FileDiagnostic, WriteWarning } from "./write-warning.ts";

export interface FileWriterParts {
  readonly workspace: WorkspaceId;
  readonly origin: Origin;
  readonly store: SnapshotStore;
  readonly compile: Compile;
  /** Of the workspace; the defaults where absent. */
  readonly limits?: Pick<Limits, "sourceBytes" | "nesting"> | undefined;
  /** Told of every file written or moved, once runs can see it: to find its parameters (B50). A failure of it is only logged. */
  readonly describe?: ((paths: readonly ModulePath[]) => Promise<void>) | undefined;
  readonly log?: ((message: string) => void) | undefined;
}

/** Path → new content, as text or bytes; null deletes, and deleting what is not there does nothing. */
export type FileChanges = Readonly<Record<string, string | Uint8Array | null>>;

export interface WriteOptions {
  /** Path → hash of the content that the caller saw, or null for "there was no file" (B56). */
  readonly expectedHash?: Readonly<Record<string, string | null>> | undefined;
  /** Old path → new path, in the same write: after what is deleted is gone, before anything is written. Ids stay. */
  readonly move?: Readonly<Record<string, string>> | undefined;
}

/** Files to write, paths to delete, files to move: all in one version. */
export interface WorkspaceChange {
  readonly put?: ReadonlyMap<ModulePath, Uint8Array>;
  readonly remove?: readonly ModulePath[];
  /** Old path → new path. */
  readonly move?: ReadonlyMap<ModulePath, ModulePath>;
  readonly expected?: ReadonlyMap<ModulePath, ContentHash | null>;
}

export interface WriteResult {
  readonly version: number;
  readonly snapshotId: SnapshotId;
  /** False when every file was already as written. */
  readonly changed: boolean;
  /** What differs from the version before. */
  readonly set: ReadonlyMap<ModulePath, ContentHash>;
  readonly removed: ReadonlySet<ModulePath>;
  readonly warnings: readonly WriteWarning[];
  /** The compiler's notes on the files written; also contained in `warnings`. */
  readonly diagnostics: readonly FileDiagnostic[];
}

/**
 * Each method is one atomic write (B23). They reject with ERR_PATH_INVALID, ERR_PATH_EXISTS, ERR_PATH_NOT_FOUND or
 * ERR_CONTENT_CHANGED, and with ERR_REDIS_UNAVAILABLE or ERR_DATABASE_UNAVAILABLE when those do not answer before the commit.
 */
export interface FileWriter {
  write(changes: FileChanges, options?: WriteOptions): Promise<WriteResult>;
  /** `expectedHash`: of the file as the caller saw it; what was edited since is not moved. */
  move(from: string, to: string, options?: { readonly expectedHash?: string | undefined }): Promise<WriteResult>;
  change(change: WorkspaceChange): Promise<WriteResult>;
}

const encoder = new TextEncoder();

/** How often a move starts again because somebody edits the file meanwhile. */
const MOVE_ATTEMPTS = 5;

export function createFileWriter(parts: FileWriterParts): FileWriter {
  const { workspace, origin } = parts;

  async function change({ put = new Map(), remove = [], move = new Map(), expected = new Map() }: WorkspaceChange): Promise<WriteResult> {
    const moving = await readMoving(parts, [...move]);
    const options = await compilerOptionsFor(parts, { written: new Map([...moving.contents, ...put]), gone: new Set([...remove, ...move.keys()]) });
    const preparation = { origin, compile: parts.compile, options, limits: parts.limits };
    const [written, moved] = await Promise.all([prepareFiles(put, preparation), prepareFiles(moving.contents, preparation)]);
    const commit = await origin.commit(
      workspace,
      { put: written.files, remove, move: movesOf(move, moved), expected: new Map([...moving.hashes, ...expected]) },
      async (nextVersion) => parts.store.markPending(workspace, nextVersion),
    );
    const unpublished = commit.changed ? await publishCommit(commit, { workspace, origin, store: parts.store, files: [...written.files, ...moved.files] }) : [];
    const { head, set, removed } = commit;
    await describeWritten(parts, commit);
    return {
      version: head.version,
      snapshotId: head.snapshotId,
      changed: commit.changed,
      set,
      removed,
      warnings: [...unpublished, ...nameWarnings(commit), ...tsconfigWarnings(put), ...written.warnings, ...moved.warnings],
      diagnostics: [...written.diagnostics, ...moved.diagnostics],
    };
  }

  async function write(changes: FileChanges, { expectedHash = {}, move: moves = {} }: WriteOptions = {}): Promise<WriteResult> {
    const put = new Map<ModulePath, Uint8Array>();
    const remove: ModulePath[] = [];
    for (const [text, content] of Object.entries(changes)) {
      const path = parseModulePath(text);
      if (content === null) remove.push(path);
      else put.set(path, typeof content === "string" ? encoder.encode(content) : content);
    }
    const move = new Map(Object.entries(moves).map(([from, to]) => [parseModulePath(from), parseModulePath(to)]));
    const expected = new Map(Object.entries(expectedHash).map(([text, hash]) => [parseModulePath(text), parseExpected(text, hash)]));
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await change({ put, remove, move, expected });
      } catch (error) {
        if (attempt === MOVE_ATTEMPTS || !wasEditedMeanwhile(error, { move, expected })) throw error;
      }
    }
  }

  return {
    write,
    move: (from, to, { expectedHash } = {}) => write({}, { move: { [from]: to }, expectedHash: expectedHash === undefined ? {} : { [from]: expectedHash } }),
    change,
  };
}

/** A file on its way, of which nobody said how it must be: it is moved as it is now. */
function wasEditedMeanwhile(error: unknown, { move, expected }: Required<Pick<WorkspaceChange, "move" | "expected">>): boolean {
  if (!(error instanceof Fault) || error.code !== "ERR_CONTENT_CHANGED") return false;
  const path = error.details["path"] as ModulePath;
  return move.has(path) && !expected.has(path);
}

/** Current content of the files to be moved, keyed by their new path, and the hashes that the commit must still find. */
async function readMoving({ workspace, origin }: FileWriterParts, moves: readonly (readonly [ModulePath, ModulePath])[]) {
  const contents = new Map<ModulePath, Uint8Array>();
  const hashes = new Map<ModulePath, ContentHash>();
  const files = await Promise.all(moves.map(([from]) => origin.file(workspace, from)));
  for (const [index, [from, to]] of moves.entries()) {
    const file = files[index];
    if (file === undefined) throw await pathNotFound(from, { workspace, origin });
    contents.set(to, file.bytes);
    hashes.set(from, file.hash);
  }
  return { contents, hashes };
}

function movesOf(moves: ReadonlyMap<ModulePath, ModulePath>, { files }: PreparedFiles): PreparedMove[] {
  const sourceOf = new Map([...moves].map(([from, to]) => [to, from]));
  return files.flatMap(({ path: to, entityType, contentType, compiled }) => {
    const from = sourceOf.get(to);
    if (from === undefined) return [];
    return compiled === undefined ? { from, to, entityType, contentType } : { from, to, entityType, contentType, compiled };
  });
}

/** As they will stand after the write: what is compiled now is what runs will ask for. */
async function compilerOptionsFor(
  { workspace, origin }: FileWriterParts,
  { written, gone }: { readonly written: ReadonlyMap<ModulePath, Uint8Array>; readonly gone: ReadonlySet<ModulePath> },
): Promise<CompilerOptionsSubset> {
  const config = written.get(COMPILER_OPTIONS_PATH);
  if (config !== undefined) return readTsconfigOptions(decodeSource(config) ?? "{}").options;
  if (gone.has(COMPILER_OPTIONS_PATH)) return {};
  const { head } = await origin.head(workspace);
  const snapshots = await origin.snapshots(workspace, [head.snapshotId]);
  return snapshots.get(head.snapshotId)?.compilerOptions ?? {};
}

function nameWarnings({ set, snapshot, trees }: Commit): WriteWarning[] {
  const shadowed = [...set.keys()].flatMap((path) => shadowWarning(path) ?? []);
  return [...lookalikes(set.keys(), { root: snapshot.tree, trees }), ...shadowed];
}

function tsconfigWarnings(put: ReadonlyMap<ModulePath, Uint8Array>): WriteWarning[] {
  const config = put.get(COMPILER_OPTIONS_PATH);
  if (config === undefined) return [];
  const text = decodeSource(config);
  const problem = text === undefined ? "tsconfig.json is not UTF-8 text" : readTsconfigOptions(text).problem;
  return problem === undefined ? [] : [{ path: COMPILER_OPTIONS_PATH, message: `${problem}. What could not be read has no effect.` }];
}

async function describeWritten({ describe, log }: FileWriterParts, { set, changed }: Commit): Promise<void> {
  if (describe === undefined || !changed) return;
  try {
    await describe([...set.keys()]);
  } catch (error) {
    log?.(`The parameters of what was written could not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseExpected(path: string, hash: string | null): ContentHash | null {
  if (hash === null || isContentHash(hash)) return hash;
  throw new Fault(
    "ERR_INPUT_INVALID",
    `The expected hash of ${JSON.stringify(path)} must be 64 hexadecimal digits in lower case, or null; it is ${JSON.stringify(hash)}.`,
    {
      details: { path: `expectedHash.${path}`, expected: "sha256 in lowercase hex, or null", received: hash },
    },
  );
}
