// Origin for `--directory`: the memory origin with compiled code kept on disk. Files are committed without being read
// as code; only who asks what is registered makes it look into them, and then only into those that may hold something.
import type { CompilerOptionsSubset } from "../modules/module-record.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { Origin } from "../snapshot/origin.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import { SDK_SPECIFIER } from "../modules/specifier.ts";
import type { WorkspaceSettings } from "../settings.ts";
import type { CompiledCache } from "./compiled-cache.ts";
import { isCode } from "./entity-type.ts";
import { createMemoryOrigin } from "./memory-origin.ts";
import { prepareFiles } from "./prepare-files.ts";
import type { Compile } from "./prepare-files.ts";

export interface DirectoryOriginOptions {
  readonly readCompilerOptions: (text: string) => CompilerOptionsSubset;
  readonly cache: CompiledCache;
  readonly compile: Compile;
  readonly defaults?: WorkspaceSettings;
}

export function createDirectoryOrigin({ cache, compile, ...options }: DirectoryOriginOptions): Origin {
  const memory = createMemoryOrigin(options);
  const scans = new Map<WorkspaceId, { readonly version: number; readonly done: Promise<void> }>();

  const compiled: Origin["compiled"] = async (keys) => {
    const found = new Map(await memory.compiled(keys));
    const onDisk = cache.get(keys.filter((key) => !found.has(key)));
    await memory.saveCompiled([...onDisk.values()]);
    for (const [key, module] of onDisk) found.set(key, module);
    return found;
  };

  const saveCompiled: Origin["saveCompiled"] = async (modules) => {
    cache.put(modules);
    await memory.saveCompiled(modules);
  };

  /** The same contents are committed again, now with what they declare: that makes no new version. */
  async function scan(workspace: WorkspaceId): Promise<void> {
    const { head } = await memory.head(workspace);
    const snapshots = await memory.snapshots(workspace, [head.snapshotId]);
    const registered = new Set((await memory.executables(workspace)).map((row) => row.path));
    const contents = new Map<ModulePath, Uint8Array>();
    for (const { path, hash } of await memory.files(workspace)) {
      if (!isCode(path)) continue;
      const bytes = (await memory.contents(workspace, [hash])).get(hash);
      if (bytes !== undefined && (registered.has(path) || mayDeclare(bytes))) contents.set(path, bytes);
    }
    const compileAndKeep: Compile = async (jobs) => {
      const answers = await compile(jobs);
      cache.put(answers.flatMap((answer) => ("compiled" in answer ? answer.compiled : [])));
      return answers;
    };
    const preparation = { origin: { compiled }, compile: compileAndKeep, options: snapshots.get(head.snapshotId)?.compilerOptions ?? {} };
    const { files } = await prepareFiles(contents, preparation);
    await memory.commit(workspace, { put: files, remove: [], move: [], expected: new Map(files.map((file) => [file.path, file.hash])) }, async () => {});
  }

  async function scanned(workspace: WorkspaceId): Promise<void> {
    const { version } = (await memory.head(workspace)).head;
    let known = scans.get(workspace);
    if (known?.version !== version) {
      known = { version, done: scan(workspace) };
      scans.set(workspace, known);
      known.done.catch(() => scans.delete(workspace));
    }
    await known.done;
  }

  return {
    ...memory,
    compiled,
    saveCompiled,
    async commit(workspace, change, beforeCommit) {
      const commit = await memory.commit(workspace, change, beforeCommit);
      cache.put([...change.put, ...change.move].flatMap((file) => file.compiled ?? []));
      return commit;
    },
    async files(workspace, filter) {
      await scanned(workspace);
      return memory.files(workspace, filter);
    },
    async file(workspace, path) {
      await scanned(workspace);
      return memory.file(workspace, path);
    },
    async executables(workspace, filter) {
      await scanned(workspace);
      return memory.executables(workspace, filter);
    },
  };
}

/** Only a file that imports the SDK registers anything, and it spells the name out, or hides it behind an escape. */
function mayDeclare(bytes: Uint8Array): boolean {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return source.includes(SDK_SPECIFIER) || source.includes("\\");
}
