// From a loaded closure to what a child needs to link it.
import type { Closure } from "../modules/loader.ts";
import { SDK_LINK, type Plan } from "../isolate/room-job.ts";

let nextPlanId = 1;

/** Ids are unique in this process, so a child can keep plans by id. */
export function planOf(closure: Closure, entry: string): Plan {
  const indexes = new Map(closure.modules.map(({ path }, index) => [path as string, index]));
  return {
    id: nextPlanId++,
    entry: indexes.get(entry) ?? 0,
    modules: closure.modules.map(({ path, compiled, links }) => ({
      path,
      key: compiled.key,
      scoped: compiled.facts.usesModuleScope === true,
      links: links.map(({ specifier, target }) => [specifier, target === "sdk" ? SDK_LINK : (indexes.get(target) ?? 0)] as const),
    })),
  };
}
