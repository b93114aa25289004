// Makes files ready for one commit, before its transaction: hashed, compiled where they are importable, named by kind.
// What cannot be compiled is stored all the same, with a warning; a run finds it again.
import { compiledKeyOf } from "../modules/compile-key.ts";
import { hashContent } from "../modules/content-hash.ts";
import type { CompiledKey, ContentHash } from "../modules/content-hash.ts";
import { notUtf8 } from "../modules/loaded-module.ts";
import type { LoadedModule } from "../modules/loaded-module.ts";
import { scriptKindOf } from "../modules/module-path.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { CompilerOptionsSubset } from "../modules/module-record.ts";
import { decodeSource } from "../modules/source-text.ts";
import type { Compile, CompileJob } from "../snapshot/code-reader.ts";
import type { Origin, PreparedFile } from "../snapshot/origin.ts";
import { contentTypeOf } from "./content-type.ts";
import { COMPILER_OPTIONS_PATH, entityTypeOf } from "./entity-type.ts";
import { warningOf } from "./write-warning.ts";
import type { FileDiagnostic, WriteWarning } from "./write-warning.ts";

export type { Compile };

export interface Preparation {
  readonly origin: Pick<Origin, "compiled">;
  readonly compile: Compile;
  readonly options: CompilerOptionsSubset;
}

export interface PreparedFiles {
  readonly files: readonly PreparedFile[];
  readonly warnings: readonly WriteWarning[];
  readonly diagnostics: readonly FileDiagnostic[];
}

interface Source {
  readonly path: ModulePath;
  readonly bytes: Uint8Array;
  readonly hash: ContentHash;
  readonly job: CompileJob | undefined;
  readonly key: CompiledKey | undefined;
}

export async function prepareFiles(contents: ReadonlyMap<ModulePath, Uint8Array>, preparation: Preparation): Promise<PreparedFiles> {
  const warnings: WriteWarning[] = [];
  const diagnostics: FileDiagnostic[] = [];
  const sources = [...contents].map(([path, bytes]) => sourceOf({ path, bytes, options: preparation.options }));
  const loaded = await compileNew(sources, preparation);
  const files = sources.map(({ path, bytes, hash, key }): PreparedFile => {
    const module = key === undefined ? undefined : (loaded.get(key) ?? notUtf8());
    if (module !== undefined && "fault" in module) warnings.push({ path, message: module.fault.message });
    const compiled = module !== undefined && "compiled" in module ? module.compiled : undefined;
    for (const diagnostic of compiled?.facts.diagnostics ?? []) diagnostics.push({ path, ...diagnostic });
    const file = { path, bytes, hash, entityType: entityTypeOf(path, compiled?.facts), contentType: contentTypeOf(path) };
    return compiled === undefined ? file : Object.assign(file, { compiled });
  });
  return { files, warnings: [...warnings, ...diagnostics.map(warningOf)], diagnostics };
}

function sourceOf({ path, bytes, options }: { path: ModulePath; bytes: Uint8Array; options: CompilerOptionsSubset }): Source {
  const hash = hashContent(bytes);
  // The root tsconfig.json is JSON with comments and configures: it is no module before somebody imports it.
  const kind = path === COMPILER_OPTIONS_PATH ? undefined : scriptKindOf(path);
  if (kind === undefined) return { path, bytes, hash, job: undefined, key: undefined };
  const text = decodeSource(bytes);
  return { path, bytes, hash, job: text === undefined ? undefined : { hash, kind, text, options }, key: compiledKeyOf({ hash, kind, options }) };
}

/** Equal sources are compiled once; what was compiled at any time before is taken from the origin. */
async function compileNew(sources: readonly Source[], { origin, compile }: Preparation): Promise<ReadonlyMap<CompiledKey, LoadedModule>> {
  const jobs = new Map<CompiledKey, CompileJob>();
  for (const { key, job } of sources) if (key !== undefined && job !== undefined) jobs.set(key, job);
  if (jobs.size === 0) return new Map();
  const loaded = new Map<CompiledKey, LoadedModule>();
  for (const [key, compiled] of await origin.compiled([...jobs.keys()])) loaded.set(key, { compiled });
  const fresh = [...jobs].filter(([key]) => !loaded.has(key));
  const answers = fresh.length === 0 ? [] : await compile(fresh.map(([, job]) => job));
  for (const [index, [key]] of fresh.entries()) loaded.set(key, answers[index] as LoadedModule);
  return loaded;
}
