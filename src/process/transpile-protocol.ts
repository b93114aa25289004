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

/** Whether what came has the shape of news: the code itself is the compiler's word, and is held against its key by who uses it. */
export function isNews(value: unknown): value is TranspileNews {
  if (!isRecord(value)) return false;
  if (value["kind"] === "ready") return true;
  if (typeof value["id"] !== "number") return false;
  if (value["kind"] === "started") return true;
  if (typeof value["last"] !== "boolean") return false;
  switch (value["kind"]) {
    case "done":
      return isCompiled(value["compiled"]);
    case "refused":
      return isRecord(value["refusal"]) && typeof value["refusal"]["reason"] === "string";
    case "failed":
      return typeof value["message"] === "string";
    default:
      return false;
  }
}

function isCompiled(value: unknown): boolean {
  const facts = isRecord(value) ? value["facts"] : undefined;
  if (!isRecord(value) || !isRecord(facts)) return false;
  const texts = ["key", "sourceHash", "js", "map"].every((name) => typeof value[name] === "string");
  return texts && ["imports", "exports", "entities", "diagnostics"].every((name) => Array.isArray(facts[name]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
