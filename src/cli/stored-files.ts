// Port: the files of a workspace as commands look at them and change them. An executor over the database here fills it in,
// or a client of the service that has the workspace (remote-files.ts); which of them, open-files.ts tells.
import { Fault } from "../errors.ts";
import type { Executor } from "../executor.ts";
import type { Executable, LiveFile } from "../snapshot/origin.ts";
import type { WriteResult } from "../workspace/write-files.ts";

export type Written = Pick<WriteResult, "version" | "snapshotId" | "warnings" | "diagnostics">;

export type ListedExecutable = Omit<Executable, "closureHash" | "cacheMs">;

export interface StoredFiles extends AsyncDisposable, Pick<Executor, "pushDirectory"> {
  readonly workspace: { readonly name: string };
  /** A file, or all below a directory; all where absent. */
  files(options?: { readonly under?: string }): Promise<readonly LiveFile[]>;
  executables(): Promise<readonly ListedExecutable[]>;
  /** Rejects with ERR_PATH_NOT_FOUND. */
  readFile(path: string): Promise<{ readonly bytes: Uint8Array }>;
  /** One atomic write; null deletes. */
  write(changes: Readonly<Record<string, null>>): Promise<Written>;
  move(from: string, to: string): Promise<Written>;
}

export interface FilesPlace {
  /** "default", or a token's own, where absent. */
  readonly workspace: string | undefined;
  /** Of the service that has it; undefined where it is in the database here. */
  readonly url: string | undefined;
  /** Makes the workspace, empty, where there is none. */
  readonly create?: boolean | undefined;
  /** Whether what is written is looked at by a process of its own, which may as well be started at once. True where absent. */
  readonly writes?: boolean | undefined;
}

/** That there is no such workspace, told here or by a service. */
export function isNoWorkspace(thrown: unknown, workspace: string): thrown is Fault {
  return thrown instanceof Fault && thrown.code === "ERR_WORKFLOW_NOT_FOUND" && thrown.details["workspace"] === workspace;
}
