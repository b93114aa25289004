// The middle of an execution: gives a loaded closure to a child process, answers its dynamic imports from the same
// snapshot by the same policy, and turns its end into a completion.
import type { Execution } from "../completion.ts";
import { Fault } from "../errors.ts";
import type { Order, PinnedSnapshot } from "../execution.ts";
import { fromFault } from "../execution-error.ts";
import type { Closure, ClosureModule } from "../modules/loader.ts";
import { parseModulePath, type ModulePath } from "../modules/module-path.ts";
import { mapStack } from "../modules/source-positions.ts";
import type { ImportAnswer, RunEnd, RunRequest } from "../process/child-handle.ts";
import { planOf } from "../process/plan.ts";
import type { Plan, RoomUsage } from "../isolate/room-job.ts";
import type { Entry } from "../workspace/find.ts";
import { complete, failed, type Completion } from "./complete.ts";
import { explainLink } from "./explain-link.ts";
import { LogBook } from "./log-book.ts";

export interface HandOver {
  readonly pinned: PinnedSnapshot;
  readonly entry: Entry;
  readonly closure: Closure;
  run(request: RunRequest): Promise<RunEnd>;
}

export interface HandOverPowers {
  /** Closure of one dynamically imported specifier, from the order's own snapshot. */
  loadImport(order: Order, pinned: PinnedSnapshot, specifier: string, referrer: ModulePath): Promise<LoadedImport>;
}

export type LoadedImport = { readonly kind: "module"; readonly path: ModulePath; readonly closure: Closure } | { readonly kind: "sdk" } | { readonly kind: "failure"; readonly fault: Fault };

export type Ended = Pick<Execution, "status" | "result" | "error" | "logs" | "usage" | "modules">;

const NO_USAGE: RoomUsage = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 };
/** For a limit of "none": more than any isolate here may grow to before the machine ends it. */
const UNLIMITED_MEMORY_MB = 4096;

const plans = new WeakMap<Closure, Plan>();

export async function handOver(order: Order, work: HandOver, powers: HandOverPowers): Promise<Ended> {
  const { closure, entry, pinned } = work;
  const modules = new Map<string, ClosureModule>();
  const hashOf = (path: string): string | undefined => pinned.snapshot.hashOf(path as ModulePath);
  if (closure.failure !== undefined) return ended(failed(fromFault(closure.failure, hashOf)), { logs: [], usage: NO_USAGE, modules });

  keep(modules, closure);
  const map = (stack: string): ReturnType<typeof mapStack> => mapStack(stack, (path) => modules.get(path));
  const book = new LogBook({ mapStack: (stack) => map(stack).stack, onLine: order.onLog });
  const end = await work.run({
    plan: planFor(closure, entry.path),
    code: (key) => codeOf(modules, key),
    zod: closure.usesZod,
    mode: order.mode,
    exportName: entry.exportName,
    input: order.inputJson,
    context: JSON.stringify({ executionId: order.id, workflow: `${entry.path}::${entry.exportName}`, workspace: order.workspace.name }),
    wallMs: order.limits.wallMs,
    cpuMs: order.limits.cpuMs,
    memoryMb: order.limits.memoryBytes === 0 ? UNLIMITED_MEMORY_MB : Math.floor(order.limits.memoryBytes / (1024 * 1024)),
    signal: order.signal,
    onLogs: (entries) => book.add(entries),
    onImport: (specifier, referrer) => answerImport(order, { pinned, modules, specifier, referrer, powers }),
  });
  const completion = complete(end, { entry, limits: order.limits, mapStack: map, hashOf, explainLink: (error) => explainLink(error, map) });
  return ended(completion, { logs: book.lines, usage: end.usage, modules });
}

function ended(completion: Completion, facts: { readonly logs: Ended["logs"]; readonly usage: RoomUsage; readonly modules: ReadonlyMap<string, ClosureModule> }): Ended {
  const { status, resultJson, error } = completion;
  const used = [...facts.modules.values()].map(({ path, hash }) => ({ path, hash })).sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    status,
    ...(resultJson === undefined ? {} : { result: JSON.parse(resultJson) as unknown }),
    ...(error === undefined ? {} : { error }),
    logs: facts.logs,
    usage: facts.usage,
    modules: used,
  };
}

interface Asked {
  readonly pinned: PinnedSnapshot;
  readonly modules: Map<string, ClosureModule>;
  readonly specifier: string;
  readonly referrer: string;
  readonly powers: HandOverPowers;
}

/** Never rejects: a failure of ours reaches the author as a rejected import() and ends in the record. */
async function answerImport(order: Order, { pinned, modules, specifier, referrer, powers }: Asked): Promise<ImportAnswer> {
  try {
    const loaded = await powers.loadImport(order, pinned, specifier, parseModulePath(referrer));
    if (loaded.kind === "sdk") return { kind: "sdk" };
    const fault = loaded.kind === "failure" ? loaded.fault : loaded.closure.failure;
    if (fault !== undefined || loaded.kind === "failure") return { kind: "failure", failure: describe(fault as Fault) };
    keep(modules, loaded.closure);
    return { kind: "module", plan: planFor(loaded.closure, loaded.path), code: (key) => codeOf(modules, key) };
  } catch (error) {
    if (error instanceof Fault) return { kind: "failure", failure: describe(error) };
    return { kind: "failure", failure: { name: "Error", message: `Cannot import ${JSON.stringify(specifier)}: an internal error`, code: "ERR_INTERNAL" } };
  }
}

/** In the room it becomes an error of the realm's own class: what Node would throw there. */
function describe(fault: Fault): { name: string; message: string; code: string } {
  return { name: fault.name === "SyntaxError" ? "SyntaxError" : "Error", message: fault.message, code: fault.code };
}

function planFor(closure: Closure, entry: string): Plan {
  let plan = plans.get(closure);
  if (plan === undefined) plans.set(closure, (plan = planOf(closure, entry)));
  return plan;
}

function keep(modules: Map<string, ClosureModule>, closure: Closure): void {
  for (const module of closure.modules) modules.set(module.path, module);
}

function codeOf(modules: ReadonlyMap<string, ClosureModule>, key: string): string {
  for (const { compiled } of modules.values()) if (compiled.key === key) return compiled.js;
  return "";
}
