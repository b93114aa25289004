// A run's place in a child: what is asked for, and what is given.
import { Fault } from "../errors.ts";
import type { ChildHandle } from "./child-handle.ts";

export interface SeatWish {
  /** Whose code it is. */
  readonly tenant: string;
  /** What the runs of a child may use. It was started for so much and no more. */
  readonly memoryBytes: number;
  /** How many runs of this tenant may share a child; 1 where absent. */
  readonly concurrency?: number | undefined;
  /** Asked for by a run that waits for its end: it takes no place among `size`, and a child of its own. */
  readonly nested?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A run's place in a child. */
export interface Seat {
  readonly child: ChildHandle;
  readonly wish: SeatWish;
}

export function busyFault(waitedMs: number, ahead: number): Fault {
  return new Fault(
    "ERR_EXECUTOR_BUSY",
    `No process became free within ${waitedMs} ms; ${ahead} executions were ahead. Try again later, or raise the number of processes.`,
    { details: { ahead, waitedMs } },
  );
}
