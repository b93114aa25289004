// Names that are allowed and will still surprise: two that look alike (B5), and ones that an import by bare name never
// reaches (B6). Judges the files of one commit by the directories that the commit wrote.
import { DEFAULT_IMPORT_POLICY, findDenial } from "../modules/import-policy.ts";
import type { ModulePath } from "../modules/module-path.ts";
import { SDK_SPECIFIER } from "../modules/specifier.ts";
import type { TreeEntries, TreeHash } from "../snapshot/snapshot-record.ts";
import { entryOf } from "../snapshot/tree.ts";
import { isCode } from "./entity-type.ts";
import type { WriteWarning } from "./write-warning.ts";

/** Twelve letters have 4,096 spellings, and those eight million pairs. */
const MAX_OTHERS = 10;
const MAX_WARNINGS = 100;

/** The first hundred files of `paths` beside which stands a name that differs only in case or Unicode normal form. */
export function lookalikes(paths: Iterable<ModulePath>, at: { readonly root: TreeHash; readonly trees: ReadonlyMap<TreeHash, TreeEntries> }): WriteWarning[] {
  const namesByLooks = new Map<TreeHash, Map<string, string[]>>();
  const warnings: WriteWarning[] = [];
  const reported = new Set<string>();
  for (const path of paths) {
    let tree: TreeHash | undefined = at.root;
    let directory = "";
    for (const name of path.split("/")) {
      const entries: TreeEntries | undefined = tree === undefined ? undefined : at.trees.get(tree);
      if (tree === undefined || entries === undefined) break;
      const byLooks = namesByLooks.get(tree) ?? groupByLooks(entries);
      namesByLooks.set(tree, byLooks);
      for (const other of byLooks.get(looksOf(name))?.slice(0, MAX_OTHERS) ?? []) {
        const pair = [directory + name, directory + other].toSorted().join("\n");
        if (other === name || reported.has(pair)) continue;
        reported.add(pair);
        const message = `${JSON.stringify(directory + name)} differs from ${JSON.stringify(directory + other)} only in ${difference(name, other)}. They are two names; rename one of them.`;
        warnings.push({ path, message });
        if (warnings.length === MAX_WARNINGS) return warnings;
      }
      const entry = entryOf(entries, name);
      tree = entry !== undefined && "tree" in entry ? entry.tree : undefined;
      directory += `${name}/`;
    }
  }
  return warnings;
}

/** What an import of this file by its bare name would reach instead; undefined when it would reach the file. */
export function shadowWarning(path: ModulePath): WriteWarning | undefined {
  if (!isCode(path)) return undefined;
  const stem = path.slice(0, path.lastIndexOf("."));
  for (const name of [stem, stem.endsWith("/index") ? stem.slice(0, -"/index".length) : stem]) {
    if (name === SDK_SPECIFIER) {
      return { path, message: `An import of "${name}" always means the SDK, never this file. Import it as "./${name}" from the root, or rename it.` };
    }
    const rule = findDenial(DEFAULT_IMPORT_POLICY, name, path);
    if (rule === undefined) continue;
    return {
      path,
      message: `An import of "${name}" is denied (rule ${rule.name}: ${rule.reason}) and never means this file. Import it by a relative path, or rename it.`,
    };
  }
  return undefined;
}

function looksOf(name: string): string {
  return name.normalize("NFC").toLowerCase().normalize("NFC");
}

function groupByLooks(entries: TreeEntries): Map<string, string[]> {
  return Map.groupBy(Object.keys(entries), looksOf);
}

function difference(one: string, other: string): string {
  if (one.normalize("NFC") === other.normalize("NFC")) return "Unicode normal form";
  return one.toLowerCase() === other.toLowerCase() ? "case" : "case and Unicode normal form";
}
