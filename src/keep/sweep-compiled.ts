// Removes compiled code that no run will ask for: of sources that no workspace keeps, and of a compiler, a transformer or options
// that this release does not use. The latter only when it is old, for a release before or after may run beside this one; and
// what is removed too early costs a compile, and nothing else.
import { deleteCode, selectCodePage, selectCompilerOptions, type SweptCode } from "../../db/queries/sweep.ts";
import { compiledKeyOf } from "../modules/compile-key.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import type { CompilerOptionsSubset, ScriptKind } from "../modules/module-record.ts";
import type { Collection } from "./collection.ts";

const PAGE = 500;

const KINDS = Object.keys({ ts: true, tsx: true, js: true, jsx: true, json: true } satisfies Record<ScriptKind, true>) as readonly ScriptKind[];

/** `gone`: in how many workspaces a content is about to go, in a dry run. */
export async function sweepCompiled(collection: Collection, gone: ReadonlyMap<string, number>): Promise<void> {
  const { db, dryRun, limits, stopped } = collection;
  const options = (await selectCompilerOptions(db)).map((text) => JSON.parse(text) as CompilerOptionsSubset);
  for (let after: string | undefined = ""; after !== undefined && !stopped();) {
    const page = await selectCodePage(db, { after, most: PAGE, ...limits });
    const going = page.filter((code) => code.old && (code.sources <= (gone.get(code.source) ?? 0) || (code.outdated && !isAskedFor(code, options))));
    await collection.onStep({ kind: "compiled", workspace: undefined, candidates: going.length });
    const bytes = going.reduce((sum, code) => sum + code.bytes, 0);
    const removed =
      dryRun || going.length === 0
        ? { count: going.length, bytes }
        : await deleteCode(
            db,
            going.map(({ key }) => key),
          );
    collection.count("compiled", removed);
    after = page.length < PAGE ? undefined : page.at(-1)?.key;
  }
}

/** Whether this release gives such code this key, for a file of any kind in any snapshot. */
function isAskedFor({ key, source }: SweptCode, options: readonly CompilerOptionsSubset[]): boolean {
  return options.some((each) => KINDS.some((kind) => compiledKeyOf({ hash: source as ContentHash, kind, options: each }) === key));
}
