// The middle of an execution: gives a loaded closure to a child process and turns its end into a completion.
import type { Execution } from "../completion.ts";
import { Fault } from "../errors.ts";
import type { Order, PinnedSnapshot } from "./order.ts";
import { fromFault } from "../execution-error.ts";
import type { Closure, ClosureModule } from "../modules/loader.ts";
import { MappingMemory, mapStack } from "../modules/source-positions.ts";
import type { RunEnd, RunRequest } from "../process/run-request.ts";
import type { RoomUsage } from "../isolate/room-job.ts";
import type { ConfigSource } from "../workspace/config-values.ts";
import type { Entry } from "../workspace/find.ts";
import { complete, failed, type Completion } from "./complete.ts";
import { answerImport, withFaults, type ImportPowers } from "./answer-import.ts";
import { createHostCalls } from "./host-calls.ts";
import type { NestedPowers } from "./nested.ts";
import { explainLink } from "./explain-link.ts";
import { LogBook } from "./log-book.ts";
import { MB, MOST_MEMORY_BYTES } from "../limits.ts";
import { roomTimings } from "./phases.ts";
import { keep, prepare } from "./prepared-closure.ts";

export interface HandOver {
  readonly pinned: PinnedSnapshot;
  readonly entry: Entry;
  readonly closure: Closure;
  run(request: RunRequest): Promise<RunEnd>;
}

export interface HandOverPowers extends ImportPowers {
  readonly nested: NestedPowers;
  /** What the workspace has for `config.get`; nothing where absent. */
  readonly config?: ConfigSource | undefined;
  readonly log?: ((message: string) => void) | undefined;
}

export type Ended = Pick<Execution, "status" | "result" | "error" | "logs" | "usage" | "modules" | "timings">;

const NO_USAGE: RoomUsage = { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 };

/** Secrets may stand in what it resolves to, but for the log. */
export async function handOver(order: Order, work: HandOver, powers: HandOverPowers): Promise<Ended> {
  const { closure, entry, pinned } = work;
  const modules = new Map<string, ClosureModule>();
  const faults = new Map<string, Fault>();
  const hashOf = (path: string): string | undefined => pinned.snapshot.hashOf(path);
  if (closure.failure !== undefined) return ended(failed(fromFault(closure.failure, hashOf)), { logs: [], usage: NO_USAGE, modules });

  keep(modules, closure);
  const memory = new MappingMemory();
  const map = (stack: string): ReturnType<typeof mapStack> => mapStack(stack, (path) => modules.get(path), memory);
  const { limits, workspace } = order;
  const book = new LogBook({
    mapStack: (stack) => map(stack).stack,
    scrubber: () => order.handed.scrubber(),
    onLine: order.onLog,
    earlier: order.held?.earlierLines,
    maxLines: limits.logLines,
    maxBytes: limits.logBytes,
  });
  const workflow = `${entry.path}::${entry.exportName}`;
  await using calls = createHostCalls({ order, pinned, entry, powers: powers.nested, config: powers.config, log: powers.log });
  const request: RunRequest = {
    ...prepare(closure, entry.path),
    zod: closure.usesZod,
    mode: order.mode,
    exportName: entry.exportName,
    input: order.inputJson,
    context: JSON.stringify({ executionId: order.id, workflow, workspace: workspace.name }),
    wallMs: limits.wallMs,
    cpuMs: limits.cpuMs,
    memoryMb: Math.floor((limits.memoryBytes || MOST_MEMORY_BYTES) / MB),
    bounds: limits,
    grants: workspace.grants,
    signal: order.signal,
    onLogs: (entries) => book.add(entries),
    onCall: (name, argument) => calls.answer(name, argument),
    onImport: (specifier, referrer) => answerImport(order, { pinned, modules, faults, powers, map }, { specifier, referrer }),
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
  return ended(calls.explain(withFaults(completion, { faults, hashOf })), { logs: book.finished(), usage: end.usage, modules });
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
  const { linkedMs: _, ...usage } = facts.usage;
  return {
    ...completion,
    logs: facts.logs,
    usage,
    timings: roomTimings(facts.usage),
    modules: used,
  };
}
