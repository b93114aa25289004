// What is kept of an order's execution: the steps of execution.ts that go to the record. A dry run leaves none. One that a
// host has accepted is written until it stands, or until somebody else has it.
import type { Execution } from "../completion.ts";
import { Fault } from "../errors.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { Order } from "./order.ts";
import { persistently } from "./persistently.ts";
import type { ExecutionRecords, ExecutionStart, StoredExecution } from "./records.ts";
import { scrubJson, type Scrubber } from "./scrub.ts";

export interface RecordingParts {
  readonly workspace: WorkspaceId;
  readonly records: ExecutionRecords;
  readonly log?: ((message: string) => void) | undefined;
}

type Start = Omit<ExecutionStart, "id" | "workspace" | "inputJson">;

export interface Recording {
  /** Only an id that somebody else gave can have been seen before. */
  idWasGiven(order: Order): void;
  readonly recall: (order: Order) => Promise<StoredExecution | undefined>;
  readonly begin: (order: Order, start: Start) => Promise<Pick<ExecutionStart, "startedAt">>;
  /** Rejects with ERR_EXECUTION_NOT_FOUND. */
  readonly ended: (id: string) => Promise<Execution>;
  readonly record: (order: Order, execution: Execution) => Promise<Execution>;
}

export function createRecording({ workspace, records, log }: RecordingParts): Recording {
  const given = new WeakSet<Order>();
  /** What the input was searched with when it was kept. */
  const searched = new WeakMap<Order, Scrubber | undefined>();

  async function recall(order: Order): ReturnType<Recording["recall"]> {
    return given.has(order) && order.held === undefined ? await records.get(workspace, order.id) : undefined;
  }

  async function begin(order: Order, start: Start): ReturnType<Recording["begin"]> {
    if (order.mode !== "call") return start;
    const { held } = order;
    if (held === undefined) return await records.begin(startOf(order, start));
    const { claim, accepted, lost: signal } = held;
    const write = (): ReturnType<ExecutionRecords["begin"]> => records.begin({ ...startOf(order, start), claim, accepted });
    // Who waits for one that nobody has heard of is told at once that it cannot be kept.
    return accepted === undefined ? await persistently(write, { signal, log }) : await write();
  }

  function startOf(order: Order, start: Start): ExecutionStart {
    const { id, inputJson, handed, parent, held } = order;
    const input = scrubJson(inputJson, handed.scrubber());
    // What waited is kept as it was given, and stays so.
    if (held === undefined || held.accepted !== undefined) searched.set(order, handed.scrubber());
    return { id, workspace, inputJson: input, ...start, ...(parent === undefined ? {} : { parentId: parent.id }) };
  }

  async function record(order: Order, execution: Execution): Promise<Execution> {
    if (order.mode !== "call") return execution;
    const last = order.held === undefined ? execution : await order.held.ending(execution);
    if (last === undefined) return execution;
    if (await end(order, last)) return last;
    // Somebody else ended it first: there is one terminal state, and this was not it.
    return (await records.get(workspace, order.id))?.execution ?? last;
  }

  async function end(order: Order, execution: Execution): Promise<boolean> {
    const { held, inputJson: given, handed } = order;
    // Of secrets that were handed out since it was kept, or that it had to be kept with for as long as it could be tried again.
    const scrubbed = searched.get(order) === handed.scrubber() ? given : scrubJson(given, handed.scrubber());
    const inputJson = scrubbed === given ? undefined : scrubbed;
    if (held === undefined) return await records.end(workspace, execution, { inputJson });
    const { claim, lost: signal } = held;
    return await persistently(() => records.end(workspace, execution, { claim, inputJson }), { signal, log });
  }

  async function ended(id: string): Promise<Execution> {
    const stored = await records.get(workspace, id);
    if (stored?.execution !== undefined) return stored.execution;
    const message = stored === undefined ? `No execution of this workspace has the id ${id}.` : `The execution ${id} has not ended yet.`;
    throw new Fault("ERR_EXECUTION_NOT_FOUND", message, { details: { id } });
  }

  return { idWasGiven: (order) => void given.add(order), recall, begin, ended, record };
}
