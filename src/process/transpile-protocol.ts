// What the transpile pool and its children say to each other over Node's IPC.
import type { CompileRefusal } from "../modules/compile-refusal.ts";
import type { CompileRequest } from "../modules/compiler/transpile.ts";
import type { CompiledModule } from "../modules/module-record.ts";

export interface TranspileJob {
  readonly id: number;
  readonly request: CompileRequest;
}

/** To the child. Jobs are done in the order in which they came; a withdrawn one is not begun. */
export type TranspileOrder = { readonly jobs: readonly TranspileJob[] } | { readonly withdraw: readonly number[] };

/** How one job ended. `last`: the compiler has thrown, and the child ends now, with whatever else it holds. */
export type TranspileAnswer = { readonly id: number; readonly last: boolean } & (
  | { readonly kind: "done"; readonly compiled: CompiledModule }
  | { readonly kind: "refused"; readonly refusal: CompileRefusal }
  /** The compiler threw what it should not. */
  | { readonly kind: "failed"; readonly message: string }
);

/** From the child. `started` comes before each job, so that the host knows which one a dead or silent child was at. */
export type TranspileNews = { readonly kind: "ready" } | { readonly kind: "started"; readonly id: number } | TranspileAnswer;
