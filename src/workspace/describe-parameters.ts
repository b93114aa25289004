// After a write: reads the parameters of the workflows in it, which no syntax tree can tell, by evaluating each entry
// in an ordinary room under all limits (B50). What cannot be read is stored as null with the reason.
import type { Execution } from "../completion.ts";
import { hashContent } from "../modules/content-hash.ts";
import type { ModulePath } from "../modules/module-path.ts";
import type { Executable, Origin } from "../snapshot/origin.ts";

export interface DescribePowers {
  executables(path: ModulePath): Promise<readonly Executable[]>;
  save(found: Parameters<Origin["saveParameters"]>[1]): Promise<void>;
  /** Runs `path::export` in describe mode. */
  run(reference: string): Promise<Execution>;
}

interface Described {
  readonly parameters: unknown;
  readonly reason: string | null;
  readonly timeoutMs: number | null;
}

export async function describeParameters(paths: readonly ModulePath[], powers: DescribePowers): Promise<void> {
  for (const path of paths) {
    for (const { exportName, active } of await powers.executables(path)) {
      if (!active) continue;
      const { closureHash, parameters, reason, timeoutMs } = await describeOne(`${path}::${exportName}`, powers);
      await powers.save({ path, exportName, closureHash, parameters, reason, timeoutMs });
    }
  }
}

async function describeOne(reference: string, powers: DescribePowers): Promise<Described & { readonly closureHash: string }> {
  try {
    const execution = await powers.run(reference);
    const closureHash = hashContent(JSON.stringify(execution.modules.map(({ path, hash }) => [path, hash])));
    if (execution.error !== undefined) return { closureHash, parameters: null, reason: execution.error.message, timeoutMs: null };
    const { parameters, reason, timeoutMs } = execution.result as Described;
    return { closureHash, parameters: parameters ?? null, reason: reason ?? null, timeoutMs: timeoutMs ?? null };
  } catch (error) {
    return { closureHash: "", parameters: null, reason: error instanceof Error ? error.message : String(error), timeoutMs: null };
  }
}
