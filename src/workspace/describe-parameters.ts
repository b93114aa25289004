// After a write: reads the parameters of the workflows that it concerns, which no syntax tree can tell, by evaluating each
// entry in an ordinary room under all limits (B50). What cannot be read is stored as null with the reason.
import type { Execution } from "../completion.ts";
import type { Closure } from "../modules/closure.ts";
import { hashContent } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { Executable, Origin } from "../snapshot/origin.ts";

export interface DescribePowers {
  /** Of the whole workspace: a schema may stand in a file that an entry imports. */
  executables(): Promise<readonly Executable[]>;
  /** What the file imports as it stands now. */
  closure(path: ModulePath): Promise<Closure>;
  save(found: Parameters<Origin["saveParameters"]>[1]): Promise<void>;
  /** Runs `path::export` in describe mode. */
  run(reference: string): Promise<Execution>;
}

interface Described {
  readonly parameters: unknown;
  readonly reason: string | null;
  readonly timeoutMs: number | null;
}

/** `paths` have been written. What has not is described again where anything that it imports is no longer what it was described with. */
export async function describeParameters(paths: readonly ModulePath[], powers: DescribePowers): Promise<void> {
  const written = new Set(paths);
  for (const executable of await powers.executables()) {
    const { path, exportName } = executable;
    if (!executable.active || (!written.has(path) && (await isAsDescribed(executable, powers)))) continue;
    const { closureHash, parameters, reason, timeoutMs } = await describeOne(`${path}::${exportName}`, powers);
    await powers.save({ path, exportName, closureHash, parameters, reason, timeoutMs });
  }
}

async function isAsDescribed({ path, closureHash }: Executable, powers: DescribePowers): Promise<boolean> {
  try {
    return closureHash === hashOfClosure(await powers.closure(path));
  } catch {
    // What keeps it from being loaded becomes the reason that is stored.
    return false;
  }
}

/** The same of a closure and of an execution that linked it: of what cannot be loaded it is the hash of the reason. */
function hashOfClosure({ modules, failure }: Closure): string {
  if (failure !== undefined) return hashContent(failure.message);
  return hashOfModules(modules.filter((module) => module.static).toSorted((one, other) => (one.path < other.path ? -1 : 1)));
}

function hashOfModules(modules: Execution["modules"]): string {
  return hashContent(JSON.stringify(modules.map(({ path, hash }) => [path, hash])));
}

async function describeOne(reference: string, powers: DescribePowers): Promise<Described & { readonly closureHash: string }> {
  try {
    const execution = await powers.run(reference);
    const closureHash =
      execution.error !== undefined && execution.modules.length === 0 ? hashContent(execution.error.message) : hashOfModules(execution.modules);
    if (execution.error !== undefined) return { closureHash, parameters: null, reason: execution.error.message, timeoutMs: null };
    const { parameters, reason, timeoutMs } = execution.result as Described;
    return { closureHash, parameters: parameters ?? null, reason: reason ?? null, timeoutMs: timeoutMs ?? null };
  } catch (error) {
    return { closureHash: "", parameters: null, reason: error instanceof Error ? error.message : String(error), timeoutMs: null };
  }
}
