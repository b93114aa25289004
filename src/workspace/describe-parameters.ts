// After a write: reads the parameters of the workflows that it concerns, which no syntax tree can tell, by evaluating each
// entry in an ordinary room under all limits (B50). What cannot be read is stored as null with the reason.
import type { Execution } from "../completion.ts";
import type { Closure } from "../modules/closure.ts";
import { hashContent } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { Executable, Origin, RetryPolicy } from "../snapshot/origin.ts";

export interface DescribePowers {
  /** Of the whole workspace: a schema may stand in a file that an entry imports. */
  executables(): Promise<readonly Executable[]>;
  /** What the file imports as it stands now. */
  closure(path: ModulePath): Promise<Closure>;
  save(found: Parameters<Origin["saveParameters"]>[1]): Promise<void>;
  /** Runs `path::export` in describe mode. */
  run(reference: string): Promise<Execution>;
}

/** Seven days: as the SDK has it. */
const LONGEST_CACHE_MS = 7 * 24 * 60 * 60 * 1000;

interface Described {
  readonly parameters: unknown;
  readonly reason: string | null;
  readonly timeoutMs: number | null;
  readonly retry: RetryPolicy | null;
  readonly cacheMs: number | null;
}

/** `paths` have been written. What has not is described again where anything that it imports is no longer what it was described with. */
export async function describeParameters(paths: readonly ModulePath[], powers: DescribePowers): Promise<void> {
  const written = new Set(paths);
  for (const executable of await powers.executables()) {
    const { path, exportName } = executable;
    if (!executable.active || (!written.has(path) && (await isAsDescribed(executable, powers)))) continue;
    await powers.save({ path, exportName, ...(await describeOne(`${path}::${exportName}`, powers)) });
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
    if (execution.error !== undefined) return { ...unknown(execution.error.message), closureHash };
    const { parameters, reason, timeoutMs, retry, cacheMs } = execution.result as Described;
    return {
      closureHash,
      parameters: parameters ?? null,
      reason: reason ?? null,
      timeoutMs: timeoutMs ?? null,
      retry: retryPolicyOf(retry),
      cacheMs: isWithin(cacheMs, 0, LONGEST_CACHE_MS) ? cacheMs : null,
    };
  } catch (error) {
    return { ...unknown(error instanceof Error ? error.message : String(error)), closureHash: "" };
  }
}

function unknown(reason: string): Described {
  return { parameters: null, reason, timeoutMs: null, retry: null, cacheMs: null };
}

/** The SDK has checked it, but in a process that ran author code. */
function retryPolicyOf(found: unknown): RetryPolicy | null {
  if (typeof found !== "object" || found === null) return null;
  const { attempts, backoffMs, idempotent } = found as Record<string, unknown>;
  const isSound = isWithin(attempts, 1, 20) && Number.isInteger(attempts) && isWithin(backoffMs, 0, 3_600_000) && typeof idempotent === "boolean";
  return isSound ? { attempts, backoffMs, idempotent } : null;
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}
