// A workspace in memory with everything a write needs: origin, store, writer, and the compiler in this process.
import { refusalFault } from "../../src/modules/compile-refusal.ts";
import { compileModule, RefusedSource } from "../../src/modules/compiler/transpile.ts";
import type { LoadedModule } from "../../src/modules/loaded-module.ts";
import { readCompilerOptions } from "../../src/modules/tsconfig-options.ts";
import { createInProcessStore } from "../../src/snapshot/in-process-store.ts";
import type { Origin } from "../../src/snapshot/origin.ts";
import type { Snapshot } from "../../src/snapshot/snapshot.ts";
import { Snapshots } from "../../src/snapshot/snapshots.ts";
import type { WorkspaceId } from "../../src/snapshot/snapshot-record.ts";
import type { SnapshotStore } from "../../src/snapshot/store.ts";
import { createMemoryOrigin } from "../../src/workspace/memory-origin.ts";
import type { Compile } from "../../src/workspace/prepare-files.ts";
import { createFileWriter } from "../../src/workspace/write-files.ts";
import type { FileChanges, FileWriter, FileWriterParts } from "../../src/workspace/write-files.ts";

export const compileHere: Compile = async (jobs) =>
  jobs.map((job): LoadedModule => {
    try {
      return { compiled: compileModule(job) };
    } catch (error) {
      if (error instanceof RefusedSource) return { fault: refusalFault(error.refusal) };
      throw error;
    }
  });

export interface OpenWorkspace {
  readonly workspace: WorkspaceId;
  readonly origin: Origin;
  readonly store: SnapshotStore;
  readonly writer: FileWriter;
  /** What a run that begins now sees, through the store as every pin goes. */
  pin(): Promise<Snapshot>;
  /** Path → text of the same. */
  contents(): Promise<Record<string, string>>;
}

export async function openWorkspace(files: FileChanges = {}, parts: Partial<FileWriterParts> = {}): Promise<OpenWorkspace> {
  const origin = parts.origin ?? createMemoryOrigin({ readCompilerOptions });
  const store = parts.store ?? createInProcessStore();
  const workspace = (await origin.workspace("default", { create: true }))!.id;
  const writer = createFileWriter({ workspace, origin, store, compile: compileHere, ...parts });
  const snapshots = new Snapshots({ origin, store });
  if (Object.keys(files).length > 0) await writer.write(files);

  async function pin(): Promise<Snapshot> {
    return (await snapshots.pin(workspace)).snapshot;
  }

  async function contents(): Promise<Record<string, string>> {
    const found = [...(await pin()).files()];
    const bytes = await origin.contents(
      workspace,
      found.map(([, hash]) => hash),
    );
    return Object.fromEntries(found.map(([path, hash]) => [path, Buffer.from(bytes.get(hash)!).toString()]));
  }

  return { workspace, origin, store, writer, pin, contents };
}
