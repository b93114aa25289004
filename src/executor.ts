// What an opened workspace can do. The one place of composition: everything else takes what it needs as arguments.
import type { Execution, LogLine } from "./completion.ts";
import type { Limits } from "./limits.ts";
import type { LiveFile, Workspace } from "./snapshot/origin.ts";
import type { WriteOptions, WriteResult } from "./workspace/write-files.ts";
import type { PushOptions, PushResult } from "./workspace/push.ts";

export interface RunOptions {
  /** UUIDv7; made where absent. */
  readonly id?: string | undefined;
  /** validate: resolve, transpile, link, evaluate the modules, validate the input; the function is not called. */
  readonly mode?: "call" | "validate" | undefined;
  /** Set outright: whoever may only lower the workspace's limits goes through `lowerLimits` first. */
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onLog?: ((line: LogLine) => void) | undefined;
}

export interface Executor extends AsyncDisposable {
  readonly workspace: Workspace;
  /** Resolves for every reference that resolves; rejects with a Fault only where no execution began. `inputJson` is JSON text. */
  run(reference: string, inputJson: string, options?: RunOptions): Promise<Execution>;
  /** One atomic write; null deletes. */
  write(changes: Readonly<Record<string, string | Uint8Array | null>>, options?: WriteOptions): Promise<WriteResult>;
  move(from: string, to: string): Promise<WriteResult>;
  pushDirectory(directory: string, options?: PushOptions): Promise<PushResult>;
  files(options?: { readonly under?: string }): Promise<readonly LiveFile[]>;
  /** Rejects with ERR_PATH_NOT_FOUND. */
  readFile(path: string): Promise<LiveFile & { readonly bytes: Uint8Array }>;
  /** Source of a module as a past execution saw it, for a code frame; undefined where it is no longer kept. */
  sourceOf(execution: Pick<Execution, "snapshotId">, path: string): Promise<string | undefined>;
  /** Waits for what a write left to be done (describe runs, stored code). */
  settled(): Promise<void>;
}
