// Reading one file of a workspace, and the fault for one that is not there, with the nearest that is.
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

/** Rejects with ERR_PATH_NOT_FOUND, naming the nearest path. */
export async function readFile(parts: FileReaderParts, path: string): Promise<LiveFile & { readonly bytes: Uint8Array }> {
  const parsed = parseModulePath(path);
  const file = await parts.origin.file(parts.workspace, parsed);
  if (file === undefined) throw await pathNotFound(parsed, parts);
  return file;
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
