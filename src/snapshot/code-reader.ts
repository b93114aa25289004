// Compiled code by key: from the store, else from the origin, else made now and then saved in both. Code that does not
// carry its own hash rightly is made again (B24).
import { Fault } from "../errors.ts";
import type { CompiledKey, ContentHash } from "../modules/content-hash.ts";
import type { LoadedModule } from "../modules/loaded-module.ts";
import type { CompiledModule, CompilerOptionsSubset, ScriptKind } from "../modules/module-record.ts";
import { decodeCompiled, encodeCompiled } from "./compiled-record.ts";
import type { Note } from "./note.ts";
import type { Origin } from "./origin.ts";
import type { WorkspaceId } from "./snapshot-record.ts";
import { SharedFlights } from "./shared-flights.ts";
import type { SnapshotStore } from "./store.ts";

export interface CompileJob {
  readonly hash: ContentHash;
  readonly kind: ScriptKind;
  readonly text: string;
  readonly options: CompilerOptionsSubset;
}

/** The transpile pool: one answer a job, in order. Rejects only for what no job is to blame for. Tenants are served in turn. */
export type Compile = (jobs: readonly CompileJob[], options?: { readonly tenant?: string | undefined }) => Promise<readonly LoadedModule[]>;

export interface CodeJob extends CompileJob {
  readonly key: CompiledKey;
  /** What the store has under the key. */
  readonly stored: Uint8Array | undefined;
}

export interface CodeReader {
  read(workspace: WorkspaceId, jobs: readonly CodeJob[]): Promise<ReadonlyMap<CompiledKey, LoadedModule>>;
  /** When all saving has ended. */
  settled(): Promise<void>;
}

export function createCodeReader({
  origin,
  store,
  compile,
  note,
}: {
  readonly origin: Origin;
  readonly store: SnapshotStore;
  readonly compile: Compile;
  readonly note: Note;
}): CodeReader {
  /** N executions that meet the same new module compile it once. */
  const making = new SharedFlights<CompiledKey, LoadedModule>();
  const saving = new Set<Promise<void>>();

  /** Beside the run, not on its way: that code could not be saved costs the next run a compile, and nothing else. */
  function save(what: string, put: () => Promise<void>): void {
    const done = put()
      .catch((error: unknown) => note(`Compiled code was not saved in the ${what}. ${error instanceof Error ? error.message : String(error)}`))
      .finally(() => saving.delete(done));
    saving.add(done);
  }

  function saveInStore(workspace: WorkspaceId, modules: readonly CompiledModule[]): void {
    if (modules.length === 0) return;
    save("cache", async () =>
      store.putBlobs(
        workspace,
        modules.map((module) => ({ kind: "compiled", id: module.key, bytes: encodeCompiled(module) })),
      ),
    );
  }

  async function make(workspace: WorkspaceId, jobs: readonly CodeJob[]): Promise<ReadonlyMap<CompiledKey, LoadedModule>> {
    const known = await origin.compiled(jobs.map(({ key }) => key));
    saveInStore(workspace, [...known.values()]);
    const codes = new Map<CompiledKey, LoadedModule>([...known].map(([key, compiled]) => [key, { compiled }]));
    const unknown = jobs.filter(({ key }) => !known.has(key));
    if (unknown.length === 0) return codes;
    const answers = await compile(unknown.map(({ hash, kind, text, options }) => ({ hash, kind, text, options })));
    const made: CompiledModule[] = [];
    for (const [at, { key }] of unknown.entries()) {
      const answer = answers[at];
      if (answer === undefined) throw new Fault("ERR_INTERNAL", `${answers.length} answers came for ${unknown.length} modules to be compiled.`);
      codes.set(key, answer);
      if ("compiled" in answer) made.push(answer.compiled);
    }
    if (made.length > 0) save("database", async () => origin.saveCompiled(made));
    saveInStore(workspace, made);
    return codes;
  }

  return {
    async read(workspace, jobs) {
      const codes = new Map<CompiledKey, LoadedModule>();
      const missing: CodeJob[] = [];
      for (const job of jobs) {
        const compiled = job.stored === undefined ? undefined : decodeCompiled(job.stored);
        if (compiled?.key === job.key && compiled.sourceHash === job.hash) codes.set(job.key, { compiled });
        else missing.push(job);
      }
      const byKey = new Map(missing.map((job) => [job.key, job]));
      const made = await making.get([...byKey.keys()], (keys) =>
        make(
          workspace,
          keys.flatMap((key) => byKey.get(key) ?? []),
        ),
      );
      for (const [key, code] of made) codes.set(key, code);
      return codes;
    },
    async settled() {
      while (saving.size > 0) await Promise.all(saving);
    },
  };
}
