// What the transpile pool and its children say to each other over Node's IPC.
import type { CompileRequest } from "../modules/compiler/transpile.ts";
import type { CompiledModule } from "../modules/module-record.ts";

export interface TranspileJob {
  readonly id: number;
  readonly request: CompileRequest;
}

/** To the child. Jobs are done in the order in which they came; a withdrawn one is not begun. */
export type TranspileOrder = { readonly jobs: readonly TranspileJob[] } | { readonly withdraw: readonly number[] };

/** From the child. `started` comes before each job, so that the host knows which one a dead or silent child was at. */
export type TranspileNews =
  | { readonly kind: "ready" }
  | { readonly kind: "started"; readonly id: number }
  | { readonly kind: "done"; readonly id: number; readonly compiled: CompiledModule }
  /** The compiler ran out of stack, or threw. */
  | { readonly kind: "failed"; readonly id: number; readonly message: string };
