// The middle of an execution: gives a loaded closure to a child process, answers its dynamic imports from the same
// snapshot by the same policy, and turns its end into a completion.
import type { Execution } from "../completion.ts";
import { Fault } from "../errors.ts";
import type { Order, PinnedSnapshot } from "./order.ts";
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

/** A closure is cached as long as its snapshot is in use, and what is made of it as long as it is. */
const prepared = new WeakMap<Closure, Prepared>();

interface Prepared {
  readonly plan: Plan;
  readonly code: (key: string) => string;
}

export async function handOver(order: Order, work: HandOver, powers: HandOverPowers): Promise<Ended> {
  const { closure, entry, pinned } = work;
  const modules = new Map<string, ClosureModule>();
  const hashOf = (path: string): string | undefined => pinned.snapshot.hashOf(path as ModulePath);
  if (closure.failure !== undefined) return ended(failed(fromFault(closure.failure, hashOf)), { logs: [], usage: NO_USAGE, modules });

  keep(modules, closure);
  const map = (stack: string): ReturnType<typeof mapStack> => mapStack(stack, (path) => modules.get(path));
  const book = new LogBook({ mapStack: (stack) => map(stack).stack, onLine: order.onLog });
  const end = await work.run({
    ...prepare(closure, entry.path),
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
    return { kind: "module", zod: loaded.closure.usesZod, ...prepare(loaded.closure, loaded.path) };
  } catch (error) {
    if (error instanceof Fault) return { kind: "failure", failure: describe(error) };
    return { kind: "failure", failure: { name: "Error", message: `Cannot import ${JSON.stringify(specifier)}: an internal error`, code: "ERR_INTERNAL" } };
  }
}

/** In the room it becomes an error of the realm's own class: what Node would throw there. */
function describe(fault: Fault): { name: string; message: string; code: string } {
  return { name: fault.name === "SyntaxError" ? "SyntaxError" : "Error", message: fault.message, code: fault.code };
}

function prepare(closure: Closure, entry: string): Prepared {
  const before = prepared.get(closure);
  if (before !== undefined) return before;
  const code = new Map(closure.modules.map(({ compiled }) => [compiled.key as string, compiled.js]));
  const made = { plan: planOf(closure, entry), code: (key: string): string => code.get(key) ?? "" };
  prepared.set(closure, made);
  return made;
}

function keep(modules: Map<string, ClosureModule>, closure: Closure): void {
  for (const module of closure.modules) if (module.static) modules.set(module.path, module);
}
