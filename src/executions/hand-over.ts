// The middle of an execution: gives a loaded closure to a child process, answers its dynamic imports from the same
// snapshot by the same policy, and turns its end into a completion.
import type { Execution } from "../completion.ts";
import { Fault } from "../errors.ts";
import type { ExecutionError } from "../completion.ts";
import type { Order, PinnedSnapshot } from "./order.ts";
import { fromFault, type MapStack } from "../execution-error.ts";
import { underImport } from "../modules/import-chain.ts";
import type { Closure, ClosureModule } from "../modules/loader.ts";
import { parseModulePath, type ModulePath } from "../modules/module-path.ts";
import type { Position } from "../modules/module-record.ts";
import { mapStack } from "../modules/source-positions.ts";
import type { ImportAnswer, RunEnd, RunRequest } from "../process/child-handle.ts";
import { planOf } from "../process/plan.ts";
import type { Plan, RoomUsage } from "../isolate/room-job.ts";
import type { Entry } from "../workspace/find.ts";
import { complete, failed, type Completion } from "./complete.ts";
import { explainLink, type LinkError } from "./explain-link.ts";
import { LogBook } from "./log-book.ts";

export interface HandOver {
  readonly pinned: PinnedSnapshot;
  readonly entry: Entry;
  readonly closure: Closure;
  run(request: RunRequest): Promise<RunEnd>;
}

export interface HandOverPowers {
  /** Closure of one dynamically imported specifier, from the order's own snapshot. */
  loadImport(order: Order, pinned: PinnedSnapshot, asked: AskedImport): Promise<LoadedImport>;
}

export interface AskedImport {
  readonly specifier: string;
  readonly referrer: ModulePath;
  /** Where the import() stands, if the source tells. */
  readonly position?: Position | undefined;
}

export type LoadedImport =
  | { readonly kind: "module"; readonly path: ModulePath; readonly closure: Closure }
  | { readonly kind: "sdk" }
  | { readonly kind: "failure"; readonly fault: Fault };

export type Ended = Pick<Execution, "status" | "result" | "error" | "logs" | "usage" | "modules">;

/** An author may fail at imports for as long as the run may last. */
const MAX_KEPT_FAULTS = 200;
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
  const faults = new Map<string, Fault>();
  const hashOf = (path: string): string | undefined => pinned.snapshot.hashOf(path);
  if (closure.failure !== undefined) return ended(failed(fromFault(closure.failure, hashOf)), { logs: [], usage: NO_USAGE, modules });

  keep(modules, closure);
  const map = (stack: string): ReturnType<typeof mapStack> => mapStack(stack, (path) => modules.get(path));
  const book = new LogBook({ mapStack: (stack) => map(stack).stack, onLine: order.onLog });
  const request: RunRequest = {
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
    onImport: (specifier, referrer) => answerImport(order, { pinned, modules, faults, specifier, referrer, powers, map }),
  };
  const end = await work.run(request).catch((error: unknown) => notRun(error, hashOf));
  if ("status" in end) return ended(end, { logs: [], usage: NO_USAGE, modules });
  const completion = complete(end, {
    entry,
    limits: order.limits,
    mapStack: map,
    hashOf,
    explainLink: (error) => explainLink(error, { mapStack: map, modules, entry: entry.path }),
  });
  return ended(withFaults(completion, { faults, hashOf }), { logs: book.lines, usage: end.usage, modules });
}

/** It had begun, and its process was lost before it could run: where there is no other, that is how it ended. */
function notRun(error: unknown, hashOf: (path: string) => string | undefined): Completion {
  if (!(error instanceof Fault)) throw error;
  return { status: error.code === "ERR_CANCELLED" ? "Cancelled" : "Failed", error: fromFault(error, hashOf) };
}

function ended(
  completion: Completion,
  facts: { readonly logs: Ended["logs"]; readonly usage: RoomUsage; readonly modules: ReadonlyMap<string, ClosureModule> },
): Ended {
  const used = [...facts.modules.values()].map(({ path, hash }) => ({ path, hash })).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return {
    ...completion,
    logs: facts.logs,
    usage: facts.usage,
    modules: used,
  };
}

/** Of a failure of ours that went through the room, only message and code came back: the rest is what was kept here. */
function withFaults(
  completion: Completion,
  known: { readonly faults: ReadonlyMap<string, Fault>; readonly hashOf: (path: string) => string | undefined },
): Completion {
  const { faults, hashOf } = known;
  return completion.error === undefined || faults.size === 0 ? completion : { ...completion, error: whole(completion.error) };

  function whole(error: ExecutionError): ExecutionError {
    const fault = error.code === undefined ? undefined : faults.get(error.message);
    const told = fault?.code === error.code && fault !== undefined ? fromFault(fault, hashOf) : error;
    return error.cause === undefined ? told : { ...told, cause: whole(error.cause) };
  }
}

interface Asked {
  readonly pinned: PinnedSnapshot;
  readonly modules: Map<string, ClosureModule>;
  /** Every failure that the room was told of, by its message. */
  readonly faults: Map<string, Fault>;
  readonly map: MapStack;
  readonly specifier: string;
  readonly referrer: string;
  readonly powers: HandOverPowers;
}

/** Never rejects: a failure of ours reaches the author as a rejected import() and ends in the record. */
async function answerImport(order: Order, { pinned, modules, faults, specifier, referrer, powers, map }: Asked): Promise<ImportAnswer> {
  const position = positionOf(modules.get(referrer), specifier);
  try {
    const asked = { specifier, referrer: parseModulePath(referrer), position };
    const loaded = await powers.loadImport(order, pinned, asked);
    if (loaded.kind === "sdk") return { kind: "sdk" };
    if (loaded.kind === "failure") return failure(loaded.fault);
    const under = (fault: Fault): Fault => (position === undefined ? fault : underImport(fault, { path: asked.referrer, specifier, ...position }));
    if (loaded.closure.failure !== undefined) return failure(under(loaded.closure.failure));
    keep(modules, loaded.closure);
    const explain = (error: LinkError): ImportFailure => failure(under(explainLink(error, { mapStack: map, modules, entry: loaded.path })));
    return { kind: "module", zod: loaded.closure.usesZod, ...prepare(loaded.closure, loaded.path), explain };
  } catch (error) {
    return failure(error instanceof Fault ? error : new Fault("ERR_INTERNAL", `Cannot import ${JSON.stringify(specifier)}: an internal error`));
  }

  function failure(fault: Fault): ImportFailure {
    faults.set(fault.message, fault);
    const [oldest] = faults.keys();
    if (faults.size > MAX_KEPT_FAULTS && oldest !== undefined) faults.delete(oldest);
    return { kind: "failure", failure: describe(fault) };
  }
}

type ImportFailure = Extract<ImportAnswer, { kind: "failure" }>;

/** Of the first import() with this text; of a computed one, where the module has no other. */
function positionOf(referrer: ClosureModule | undefined, specifier: string): Position | undefined {
  const dynamic = referrer?.compiled.facts.imports.filter(({ kind }) => kind === "dynamic") ?? [];
  const computed = dynamic.filter((each) => each.specifier === undefined);
  const found = dynamic.find((each) => each.specifier === specifier) ?? (computed.length === 1 ? computed[0] : undefined);
  return found === undefined ? undefined : { line: found.line, column: found.column };
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
