// Makes files ready for one commit, before its transaction: hashed, compiled where they are importable, named by kind.
// What cannot be compiled is stored all the same, with a warning; a run finds it again.
import { DEFAULT_LIMITS, type Limits } from "../limits.ts";
import { compiledKeyOf } from "../modules/compile-key.ts";
import type { Fault, FaultCode } from "../errors.ts";
import { hashContent } from "../modules/content-hash.ts";
import type { CompiledKey, ContentHash } from "../modules/content-hash.ts";
import { faultBefore } from "../modules/import-chain.ts";
import { notUtf8 } from "../modules/loaded-module.ts";
import type { LoadedModule } from "../modules/loaded-module.ts";
import { scriptKindOf } from "../modules/module-path.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { CompilerOptionsSubset } from "../modules/module-record.ts";
import { decodeSource } from "../modules/source-text.ts";
import type { Compile, CompileJob } from "../snapshot/code-reader.ts";
import { tooLargeFault } from "../snapshot/module-faults.ts";
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
  /** What is over them is stored all the same and told; a run will not take it. */
  readonly limits?: Pick<Limits, "sourceBytes" | "nesting"> | undefined;
}

export interface PreparedFiles {
  readonly files: readonly PreparedFile[];
  readonly warnings: readonly WriteWarning[];
  readonly diagnostics: readonly FileDiagnostic[];
}

/** What passes them fails every run that imports it, as an error in the text does. */
const LIMITS_OF_SOURCE: ReadonlySet<FaultCode> = new Set(["ERR_NESTING_LIMIT", "ERR_SOURCE_TOO_LARGE"]);

interface Source {
  readonly path: ModulePath;
  readonly bytes: Uint8Array;
  readonly hash: ContentHash;
  readonly job: CompileJob | undefined;
  readonly key: CompiledKey | undefined;
  /** In place of `key`. */
  readonly tooLarge: LoadedModule | undefined;
}

export async function prepareFiles(contents: ReadonlyMap<ModulePath, Uint8Array>, preparation: Preparation): Promise<PreparedFiles> {
  const warnings: WriteWarning[] = [];
  const diagnostics: FileDiagnostic[] = [];
  const { limits = DEFAULT_LIMITS, options } = preparation;
  const sources = [...contents].map(([path, bytes]) => sourceOf({ path, bytes, options, limit: limits.sourceBytes }));
  const loaded = await compileNew(sources, preparation);
  const files = sources.map(({ path, bytes, hash, key, tooLarge }): PreparedFile => {
    const module = key === undefined ? tooLarge : (loaded.get(key) ?? notUtf8());
    const compiled = module !== undefined && "compiled" in module ? module.compiled : undefined;
    const fault = module === undefined ? undefined : faultBefore(module, { maxNesting: limits.nesting });
    if (fault !== undefined && LIMITS_OF_SOURCE.has(fault.code)) diagnostics.push(diagnosticOf(path, fault));
    else if (fault !== undefined) warnings.push({ path, message: fault.message });
    // Where the compiler has not read it, or says the same itself, there is nothing more to tell.
    for (const diagnostic of compiled?.facts.diagnostics ?? []) diagnostics.push({ path, ...diagnostic });
    const file = { path, bytes, hash, entityType: entityTypeOf(path, compiled?.facts), contentType: contentTypeOf(path) };
    return compiled === undefined ? file : Object.assign(file, { compiled });
  });
  return { files, warnings: [...warnings, ...diagnostics.map(warningOf)], diagnostics };
}

function sourceOf({ path, bytes, options, limit }: { path: ModulePath; bytes: Uint8Array; options: CompilerOptionsSubset; limit: number }): Source {
  const unread = { path, bytes, hash: hashContent(bytes), job: undefined, key: undefined, tooLarge: undefined };
  // The root tsconfig.json is JSON with comments and configures: it is no module before somebody imports it.
  const kind = path === COMPILER_OPTIONS_PATH ? undefined : scriptKindOf(path);
  if (kind === undefined) return unread;
  if (bytes.byteLength > limit) return { ...unread, tooLarge: { fault: tooLargeFault({ limit, amount: bytes.byteLength }) } };
  const { hash } = unread;
  const text = decodeSource(bytes);
  return { ...unread, job: text === undefined ? undefined : { hash, kind, text, options }, key: compiledKeyOf({ hash, kind, options }) };
}

function diagnosticOf(path: ModulePath, { message, details }: Fault): FileDiagnostic {
  const { line, column } = details;
  const place = typeof line === "number" && typeof column === "number" ? { line, column } : { line: 1, column: 1 };
  return { path, ...place, code: 0, severity: "error", message };
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
