// From a loaded closure to what a child needs to link it.
import type { Closure } from "../modules/loader.ts";
import { SDK_LINK, type Plan } from "../isolate/room-job.ts";

let nextPlanId = 1;

/** Ids are unique in this process, so a child can keep plans by id. */
export function planOf(closure: Closure, entry: string): Plan {
  // What only an import() names is linked when that runs.
  const linked = closure.modules.filter((module) => module.static);
  const indexes = new Map(linked.map(({ path }, index) => [path as string, index]));
  return {
    id: nextPlanId++,
    entry: indexes.get(entry) ?? 0,
    modules: linked.map(({ path, compiled, links }) => ({
      path,
      key: compiled.key,
      scoped: compiled.facts.usesModuleScope === true,
      links: links.map(({ specifier, target }) => [specifier, target === "sdk" ? SDK_LINK : (indexes.get(target) ?? 0)] as const),
    })),
  };
}
