// One attack: a small workspace, what is promised about running it, and how it must end. Data only, so that the harness,
// the command line and a host over real servers can run the same list.
import type { Execution } from "../../src/completion.ts";
import type { Fault } from "../../src/errors.ts";
import type { AskedLimits } from "../../src/limits.ts";
import { workflow } from "../support/engine.ts";

export interface HostileCase {
  /** Behaviour in words; unique within its group. */
  readonly title: string;
  readonly promise: "cannot happen" | "cannot leave this execution" | "ends within the limit" | "not promised";
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** "wf.ts" where absent. */
  readonly reference?: string;
  readonly input?: unknown;
  /** Of this run. Where it names no wall clock: LIMIT_MS for what ends within the limit, much more for all else. */
  readonly limits?: AskedLimits;
  /** Granted to the workspace beyond what every workspace has. */
  readonly grants?: { readonly webAssembly?: boolean; readonly codeGeneration?: boolean };
  readonly tier?: "jit" | "jitless";
  /** Cancelled at its first log line. Only callers with an AbortSignal can. */
  readonly cancelled?: true;
  /** Everything but the call of the workflow's function. */
  readonly dryRun?: true;
  /** Why the command line cannot be asked the same. */
  readonly notByCli?: string;
  /** Asserts status, code, and what else is promised. That nothing of the host shows is asserted for every case. */
  readonly expect: (outcome: Execution | Fault) => void;
}

/** Short, because most of what does not end lasts as long as it may. */
export const LIMIT_MS = 300;

/** For what is to end by itself, also on a slow machine. */
const AMPLE_MS = 20_000;

export const WORKFLOW = "wf.ts";

/** Processor time is left out of it, so that a slow machine does not turn one limit into the other. */
export function limitsOf({ promise, limits = {} }: HostileCase): AskedLimits {
  return { wallMs: promise === "ends within the limit" ? LIMIT_MS : AMPLE_MS, cpuMs: 60_000, ...limits };
}

type Sources = Readonly<Record<string, string | HostileCase["files"]>>;

/** Cases that share all but title and source. Text is the body of a workflow's function; `p` is its input, `ctx` its context. */
export function attacks(sources: Sources, shared: Omit<HostileCase, "title" | "files">): HostileCase[] {
  const cases: HostileCase[] = [];
  for (const [title, source] of Object.entries(sources))
    cases.push({ ...shared, title, files: typeof source === "string" ? { [WORKFLOW]: workflow(source) } : source });
  return cases;
}
