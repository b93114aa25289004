// Looking at a workspace's files, and naming the ones that a caller means: a file, or all below a directory.
import { Fault } from "../errors.ts";
import { parseModulePath } from "../modules/module-path.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { nearestPath } from "../modules/nearest-name.ts";
import type { LiveFile, Origin } from "../snapshot/origin.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";

export interface FileReaderParts {
  readonly workspace: WorkspaceId;
  readonly origin: Pick<Origin, "files" | "file">;
}

/** Live files by path in byte order; with `under`, the file of that name or all below that directory. Rejects with ERR_PATH_NOT_FOUND when there are none. */
export async function listFiles(parts: FileReaderParts, under?: string): Promise<readonly LiveFile[]> {
  if (under === undefined) return parts.origin.files(parts.workspace);
  const directory = parseModulePath(withoutSlash(under));
  const files = await parts.origin.files(parts.workspace, { under: directory });
  if (files.length === 0) throw await pathNotFound(directory, parts);
  return files;
}

/** Rejects with ERR_PATH_NOT_FOUND, naming the nearest path. */
export async function readFile(parts: FileReaderParts, path: string): Promise<LiveFile & { readonly bytes: Uint8Array }> {
  const parsed = parseModulePath(path);
  const file = await parts.origin.file(parts.workspace, parsed);
  if (file === undefined) throw await pathNotFound(parsed, parts);
  return file;
}

/** Paths to be removed. A directory is taken whole, and only when `recursive` says so: else it rejects with ERR_INPUT_INVALID. */
export async function pathsToRemove(
  parts: FileReaderParts,
  { paths, recursive = false }: { readonly paths: readonly string[]; readonly recursive?: boolean },
): Promise<readonly ModulePath[]> {
  const found = new Set<ModulePath>();
  for (const path of paths) {
    const files = await listFiles(parts, path);
    const isDirectory = files.every((file) => file.path !== path);
    if (isDirectory && !recursive) {
      throw new Fault(
        "ERR_INPUT_INVALID",
        `${JSON.stringify(path)} is a directory of ${files.length} ${files.length === 1 ? "file" : "files"}. Name the files, or ask for it with --recursive.`,
        {
          details: { path, files: files.length },
        },
      );
    }
    for (const file of files) found.add(file.path);
  }
  return [...found];
}

/** Old path → new path for `mv from to`: a file, or a directory with all below it. A `to` that ends in "/" is a directory to move into. */
export async function pathsToMove(
  parts: FileReaderParts,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<ReadonlyMap<ModulePath, ModulePath>> {
  const files = await listFiles(parts, from);
  const source = withoutSlash(from);
  const target = to.endsWith("/") ? to + source.slice(source.lastIndexOf("/") + 1) : to;
  return new Map(files.map((file) => [file.path, parseModulePath(target + file.path.slice(source.length))]));
}

export async function pathNotFound(path: ModulePath, { workspace, origin }: FileReaderParts): Promise<Fault> {
  const files = await origin.files(workspace);
  return pathNotFoundAmong(
    path,
    files.map((file) => file.path),
  );
}

export function pathNotFoundAmong(path: string, paths: Iterable<string>): Fault {
  const nearest = nearestPath(path, paths);
  const hint = nearest === undefined ? "" : ` Did you mean ${JSON.stringify(nearest)}?`;
  return new Fault("ERR_PATH_NOT_FOUND", `The workspace has no file ${JSON.stringify(path)}.${hint}`, {
    details: { path, ...(nearest === undefined ? undefined : { nearest }) },
  });
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
