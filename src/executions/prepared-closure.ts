// What a child needs of a closure, made once and kept as long as the closure is.
import type { Plan } from "../isolate/room-job.ts";
import type { Closure, ClosureModule } from "../modules/loader.ts";
import { planOf } from "../process/plan.ts";

const prepared = new WeakMap<Closure, Prepared>();

export interface Prepared {
  readonly plan: Plan;
  readonly code: (key: string) => string;
}

export function prepare(closure: Closure, entry: string): Prepared {
  const before = prepared.get(closure);
  if (before !== undefined) return before;
  const code = new Map(closure.modules.map(({ compiled }) => [compiled.key as string, compiled.js]));
  const made = { plan: planOf(closure, entry), code: (key: string): string => codeOf(code, key) };
  prepared.set(closure, made);
  return made;
}

/** Never other code in place of what is lacking: an empty module would run, and be wrong without a word. */
function codeOf(code: ReadonlyMap<string, string>, key: string): string {
  const js = code.get(key);
  if (js === undefined) throw new Error("The closure has no code of this module");
  return js;
}

/** Adds what the closure links to what the execution has linked. */
export function keep(modules: Map<string, ClosureModule>, closure: Closure): void {
  for (const module of closure.modules) if (module.static) modules.set(module.path, module);
}
