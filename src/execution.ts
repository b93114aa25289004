// One run, on one page: pin the snapshot, find the entry, load its import closure, take a process, hand over, await
// the end, record it. Everything else is detail of a word on this page.
import type { Execution } from "./completion.ts";
import type { Ended, HandOver } from "./executions/hand-over.ts";
import type { Order, PinnedSnapshot, TakenProcess } from "./executions/order.ts";
import { startPhases } from "./executions/phases.ts";
import type { ExecutionStart, StoredExecution } from "./executions/records.ts";
import type { Closure } from "./modules/loader.ts";
import type { Entry } from "./workspace/find.ts";
import type { SnapshotId } from "./snapshot/snapshot-record.ts";

/** The world as an execution sees it; composed in executor.ts. */
export interface ExecutionPowers {
  recall(order: Order): Promise<StoredExecution | undefined>;
  takeProcess(order: Order): TakenProcess;
  pin(order: Order, snapshotId: SnapshotId | undefined): Promise<PinnedSnapshot>;
  find(order: Order, pinned: PinnedSnapshot): Promise<Entry>;
  load(order: Order, pinned: PinnedSnapshot, entry: Entry): Promise<Closure>;
  /** Gives what the record says: of an id seen before, the time it was first begun. */
  begin(order: Order, start: Omit<ExecutionStart, "id" | "workspace" | "inputJson">): Promise<Pick<ExecutionStart, "startedAt">>;
  handOver(order: Order, work: HandOver): Promise<Ended>;
  record(order: Order, execution: Execution): Promise<Execution>;
}

/**
 * Returns an execution for every reference that resolves, however it ended.
 * Rejects with a Fault only where none began: the reference does not resolve, or the infrastructure is away.
 */
export async function execute(order: Order, powers: ExecutionPowers): Promise<Execution> {
  const earlier = await powers.recall(order);
  if (earlier?.execution !== undefined) return earlier.execution;

  const phases = startPhases(order.queuedMs);
  await using taken = powers.takeProcess(order);
  await using pinned = await powers.pin(order, earlier?.snapshotId ?? order.snapshotId);
  phases.reached("pinned");
  const entry = await powers.find(order, pinned);
  const closure = await powers.load(order, pinned, entry);
  phases.reached("loaded");

  const workflow = `${entry.path}::${entry.exportName}`;
  const begin = (): ReturnType<typeof powers.begin> => powers.begin(order, { workflow, snapshotId: pinned.snapshot.id, startedAt: new Date().toISOString() });
  // Of what other hosts know it is recorded before author code begins: what has not begun may then be given to another.
  const known = order.held === undefined ? undefined : await begin();
  if (closure.failure === undefined) {
    await taken.ready;
    phases.reached("process");
  }
  const begun = known === undefined ? begin() : Promise.resolve(known);
  // It is awaited below; until then its failure must not count as unhandled.
  begun.catch(() => {});

  const { timings, ...ended } = await powers.handOver(order, { pinned, entry, closure, run: taken.run });
  const { startedAt } = await begun;

  return await powers.record(order, {
    version: 1,
    id: order.id,
    ...(order.parent === undefined ? {} : { parentId: order.parent.id }),
    workflow,
    ...ended,
    timings: { ...phases.timings, ...timings },
    snapshotId: pinned.snapshot.id,
    startedAt,
    finishedAt: new Date().toISOString(),
  });
}
