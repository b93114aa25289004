// Finds the import of a name that the other module does not export, before the isolate does: V8's error does not name the importer.
import { Fault } from "../errors.ts";
import type { ClosureModule } from "./closure.ts";
import type { ModulePath } from "./module-path.ts";
import type { ImportRecord } from "./module-record.ts";
import { nearestName } from "./nearest-name.ts";
import { shortened } from "./shown-text.ts";

export interface ExportSources {
  readonly sdkExports: ReadonlySet<string>;
  /** Modules outside the closure at hand; one that is not found is taken to export every name. */
  readonly otherModule?: (path: ModulePath) => ClosureModule | undefined;
}

/**
 * Names looked at for one closure. Every module may pass on all names of every other, which is more than can be kept: what
 * is left then is taken to export every name, and V8 finds what is missing when it links.
 */
const MAX_NAMES = 1_000_000;
/** Names listed in an error. */
const MAX_LISTED = 100;

/** ERR_EXPORT_MISSING for the first such import, dependencies first as the isolate links them; undefined when all are there. */
export function findMissingExport(closure: { readonly modules: readonly ClosureModule[] }, sources: ExportSources): Fault | undefined {
  const byPath = new Map(closure.modules.map((module) => [module.path, module]));
  const namesOf = new Map<ClosureModule, ExportedNames>();
  let left = MAX_NAMES;
  for (const module of dependenciesFirst(closure.modules, byPath)) {
    const targets = new Map(module.links.map((link) => [link.specifier, link.target]));
    for (const record of module.compiled.facts.imports) {
      if (record.kind === "dynamic" || record.specifier === undefined) continue;
      const target = targets.get(record.specifier);
      if (target === undefined) continue;
      for (const wanted of record.names) {
        if (wanted.name === "*") continue;
        const exported = exportsOf(target);
        if (exported === "all" || exported.has(wanted.name)) continue;
        return missing({ module, record, wanted, exported, target });
      }
    }
  }
  return undefined;

  function exportsOf(target: ModulePath | "sdk"): ExportedNames {
    if (target === "sdk") return sources.sdkExports;
    const module = byPath.get(target) ?? sources.otherModule?.(target);
    if (module === undefined) return "all";
    const before = namesOf.get(module);
    if (before !== undefined) return before;
    const names = collect(module);
    namesOf.set(module, names);
    return names;
  }

  // Own names, and through every `export *` below all names but "default"; cycles end at what was seen.
  function collect(root: ClosureModule): ExportedNames {
    const names = new Set<string>();
    const seen = new Set<ClosureModule>();
    const open: (ClosureModule | undefined)[] = [root];
    while (open.length > 0) {
      const module = open.pop();
      if (module === undefined) return "all";
      if (seen.has(module)) continue;
      seen.add(module);
      const { exports, imports } = module.compiled.facts;
      left -= 1 + exports.length + imports.length;
      if (left < 0) return "all";
      for (const name of exports) if (module === root || name !== "default") names.add(name);
      const stars = new Set(imports.flatMap((record) => (record.star === true ? (record.specifier ?? []) : [])));
      for (const { specifier, target } of stars.size === 0 ? [] : module.links) {
        if (!stars.has(specifier)) continue;
        if (target === "sdk") for (const name of sources.sdkExports) names.add(name);
        else open.push(byPath.get(target) ?? sources.otherModule?.(target));
      }
    }
    return names;
  }
}

type ExportedNames = ReadonlySet<string> | "all";

interface Missing {
  readonly module: ClosureModule;
  readonly record: ImportRecord;
  readonly wanted: ImportRecord["names"][number];
  readonly exported: ReadonlySet<string>;
  readonly target: ModulePath | "sdk";
}

function missing({ module, record, wanted, exported, target }: Missing): Fault {
  const nearest = nearestName(wanted.name, exported);
  const place = `${module.path}:${wanted.line}:${wanted.column}`;
  // The first sentence is V8's, for those who search for it.
  const sentences = [
    `The requested module '${shortened(record.specifier ?? "")}' does not provide an export named '${shortened(wanted.name)}' (imported in ${place}).`,
  ];
  if (nearest !== undefined) sentences.push(`Did you mean '${nearest}'?`);
  else if (wanted.name === "default") sentences.push("It has no default export; import a name in braces, or '* as' a name.");
  else if (target.endsWith(".json")) sentences.push("A JSON module has a default export only.");
  else sentences.push(record.kind === "reexport" ? "If it is a type, write 'export type'." : "If it is a type, write 'import type'.");
  const details = {
    specifier: record.specifier,
    export: shortened(wanted.name),
    path: target === "sdk" ? undefined : target,
    importer: module.path,
    line: wanted.line,
    column: wanted.column,
    exports: [...exported]
      .toSorted()
      .slice(0, MAX_LISTED)
      .map((name) => shortened(name)),
    ...(nearest !== undefined && { nearest }),
  };
  return new Fault("ERR_EXPORT_MISSING", sentences.join(" "), { name: "SyntaxError", details });
}

function dependenciesFirst(modules: readonly ClosureModule[], byPath: ReadonlyMap<string, ClosureModule>): readonly ClosureModule[] {
  const order = new Set<ClosureModule>();
  const met = new Set<ClosureModule>();
  for (const root of modules) {
    const stack: { readonly module: ClosureModule; next: number }[] = [];
    enter(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const link = top.module.links[top.next];
      top.next += 1;
      if (link === undefined) order.add(stack.pop()?.module ?? top.module);
      else enter(byPath.get(link.target));
    }

    function enter(module: ClosureModule | undefined): void {
      if (module === undefined || met.has(module)) return;
      met.add(module);
      stack.push({ module, next: 0 });
    }
  }
  return [...order];
}
