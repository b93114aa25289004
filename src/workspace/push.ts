// Makes a workspace equal to a directory in one atomic write, and says what that changed (B59a).
import { Fault } from "../errors.ts";
import { hashContent } from "../modules/content-hash.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { LiveFile } from "../snapshot/origin.ts";
import type { Head } from "../snapshot/snapshot-record.ts";
import { readDirectory } from "./directory.ts";
import type { WorkspaceChange, WriteResult } from "./write-files.ts";

/** Port: the workspace that is pushed to. It is stored here (stored-push.ts), or a service has it (cli/remote-files.ts). */
export interface PushTarget {
  /** The workspace's limit of a module's source: 1 MB where absent. */
  readonly maxSourceBytes?: number | undefined;
  files(): Promise<readonly Pick<LiveFile, "path" | "hash">[]>;
  head(): Promise<Head>;
  /** One atomic write. */
  change(change: PushChange): Promise<PushWritten>;
}

type PushChange = Required<WorkspaceChange>;

type PushWritten = Pick<WriteResult, "version" | "snapshotId" | "warnings" | "diagnostics">;

export interface PushOptions {
  /** Deletes nothing: files that only the workspace has stay. */
  readonly keep?: boolean | undefined;
  /** Says what would change and writes nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface PushPlan {
  /** Each list sorted by path. */
  readonly added: readonly ModulePath[];
  readonly changed: readonly ModulePath[];
  readonly removed: readonly ModulePath[];
  readonly moved: readonly { readonly from: ModulePath; readonly to: ModulePath }[];
  /** How many files are already as in the directory. */
  readonly unchanged: number;
}

export interface PushResult extends PushPlan, PushWritten {
  readonly dryRun: boolean;
}

/** How often the comparison starts again because somebody else writes meanwhile. */
const ATTEMPTS = 5;

export async function pushDirectory(dir: string, target: PushTarget, { keep = false, dryRun = false }: PushOptions = {}): Promise<PushResult> {
  const files = await readDirectory(dir, { maxSourceBytes: target.maxSourceBytes });
  const hashes = new Map([...files].map(([path, bytes]) => [path, hashContent(bytes)]));
  for (let attempt = 1; ; attempt += 1) {
    const live = new Map((await target.files()).map((file) => [file.path, file.hash]));
    const plan = planPush({ hashes, live, keep });
    if (dryRun) {
      const { version, snapshotId } = await target.head();
      return { ...plan, version, snapshotId, warnings: [], diagnostics: [], dryRun };
    }
    try {
      const { version, snapshotId, warnings, diagnostics } = await target.change(changeOf(plan, { files, live }));
      return { ...plan, version, snapshotId, warnings, diagnostics, dryRun };
    } catch (error) {
      if (attempt === ATTEMPTS || plan.moved.length === 0 || !isRace(error)) throw error;
    }
  }
}

/** What was edited since it was looked at is no move of what the directory has: then nothing is written. */
function changeOf(plan: PushPlan, { files, live }: { readonly files: ReadonlyMap<ModulePath, Uint8Array>; readonly live: Hashes }): PushChange {
  const written = new Set([...plan.added, ...plan.changed]);
  return {
    put: new Map([...files].filter(([path]) => written.has(path))),
    remove: plan.removed,
    move: new Map(plan.moved.map(({ from, to }) => [from, to])),
    expected: new Map(plan.moved.map(({ from }) => [from, live.get(from) ?? null])),
  };
}

type Hashes = ReadonlyMap<ModulePath, ContentHash>;

/** What makes `live` equal to `hashes`. A removed and an added path of equal content are a move, the one of equal name first. */
export function planPush({ hashes, live, keep }: { hashes: Hashes; live: Hashes; keep: boolean }): PushPlan {
  const absent = [...hashes.keys()].filter((path) => !live.has(path)).toSorted();
  const changed = [...hashes].filter(([path, hash]) => live.has(path) && live.get(path) !== hash).map(([path]) => path);
  const leaving = keep ? [] : [...live.keys()].filter((path) => !hashes.has(path)).toSorted();
  const moved = pairUp({ leaving, absent, hashOf: (path) => live.get(path) ?? hashes.get(path) });
  const sources = new Set(moved.map(({ from }) => from));
  const targets = new Set(moved.map(({ to }) => to));
  return {
    added: absent.filter((path) => !targets.has(path)),
    changed: changed.toSorted(),
    removed: leaving.filter((path) => !sources.has(path)),
    moved,
    unchanged: hashes.size - absent.length - changed.length,
  };
}

interface Pairing {
  readonly leaving: readonly ModulePath[];
  readonly absent: readonly ModulePath[];
  readonly hashOf: (path: ModulePath) => ContentHash | undefined;
}

function pairUp({ leaving, absent, hashOf }: Pairing) {
  const sources = Map.groupBy(leaving, hashOf);
  const moved: { readonly from: ModulePath; readonly to: ModulePath }[] = [];
  const waiting: ModulePath[] = [];
  for (const to of absent) {
    const candidates = sources.get(hashOf(to));
    const from = candidates?.find((each) => nameOf(each) === nameOf(to));
    if (candidates === undefined || from === undefined) {
      waiting.push(to);
      continue;
    }
    candidates.splice(candidates.indexOf(from), 1);
    moved.push({ from, to });
  }
  for (const to of waiting) {
    const from = sources.get(hashOf(to))?.shift();
    if (from !== undefined) moved.push({ from, to });
  }
  return moved.toSorted((one, other) => (one.from < other.from ? -1 : 1));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function isRace(error: unknown): boolean {
  return error instanceof Fault && (error.code === "ERR_CONTENT_CHANGED" || error.code === "ERR_PATH_NOT_FOUND" || error.code === "ERR_PATH_EXISTS");
}
