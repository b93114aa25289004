// Makes a workspace equal to a directory in one atomic write, and says what that changed (B59a).
import { Fault } from "../errors.ts";
import { hashContent } from "../modules/content-hash.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { Origin } from "../snapshot/origin.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import { readDirectory } from "./directory.ts";
import type { FileWriter, WriteResult } from "./write-files.ts";

export interface PushParts {
  readonly workspace: WorkspaceId;
  readonly origin: Pick<Origin, "files" | "head">;
  readonly writer: Pick<FileWriter, "change">;
  /** The workspace's limit of a module's source: 1 MB where absent. */
  readonly maxSourceBytes?: number | undefined;
}

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

export interface PushResult extends PushPlan, Pick<WriteResult, "version" | "snapshotId" | "warnings" | "diagnostics"> {
  readonly dryRun: boolean;
}

/** How often the comparison starts again because somebody else writes meanwhile. */
const ATTEMPTS = 5;

export async function pushDirectory(
  dir: string,
  { workspace, origin, writer, maxSourceBytes }: PushParts,
  { keep = false, dryRun = false }: PushOptions = {},
): Promise<PushResult> {
  const files = await readDirectory(dir, { maxSourceBytes });
  const hashes = new Map([...files].map(([path, bytes]) => [path, hashContent(bytes)]));
  for (let attempt = 1; ; attempt += 1) {
    const live = new Map((await origin.files(workspace)).map((file) => [file.path, file.hash]));
    const plan = planPush({ hashes, live, keep });
    if (dryRun) return { ...plan, ...(await origin.head(workspace)).head, warnings: [], diagnostics: [], dryRun };
    try {
      const written = new Set([...plan.added, ...plan.changed]);
      const put = new Map([...files].filter(([path]) => written.has(path)));
      const { version, snapshotId, warnings, diagnostics } = await writer.change({
        put,
        remove: plan.removed,
        move: new Map(plan.moved.map(({ from, to }) => [from, to])),
      });
      return { ...plan, version, snapshotId, warnings, diagnostics, dryRun };
    } catch (error) {
      if (attempt === ATTEMPTS || plan.moved.length === 0 || !isRace(error)) throw error;
    }
  }
}

/** What makes `live` equal to `hashes`. A removed and an added path of equal content are a move, the one of equal name first. */
export function planPush({
  hashes,
  live,
  keep,
}: {
  hashes: ReadonlyMap<ModulePath, ContentHash>;
  live: ReadonlyMap<ModulePath, ContentHash>;
  keep: boolean;
}): PushPlan {
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
