// The executions that are under way in this process, by id: to cancel one, and to follow its log. Knows nothing of
// records, and forgets an execution when it ends.
import type { Execution, LogLine } from "../completion.ts";
import { Fault } from "../errors.ts";

/** How far it had to go: not begun yet, told through `ctx.signal`, its isolate disposed of, its process killed. */
export type CancelPhase = "waiting" | "signal" | "dispose" | "kill";

export interface Cancellation {
  readonly id: string;
  readonly phase: CancelPhase;
}

/** Ids of executions that were cancelled before they began: no record of them tells that. */
const MAX_REMEMBERED = 1000;

export interface Asked {
  readonly id: string;
  /** Whatever of these aborts first cancels it. */
  readonly signals: readonly (AbortSignal | undefined)[];
  readonly onLog?: ((line: LogLine) => void) | undefined;
}

/** What an execution must be given to be found here. */
export interface Reins {
  readonly signal: AbortSignal;
  readonly onLog: (line: LogLine) => void;
}

export class RunningExecutions {
  readonly #running = new Map<string, Running>();
  readonly #neverBegun = new Set<string>();

  /** One whose id is under way already is not run a second time: it is waited for. */
  async run(asked: Asked, execute: (reins: Reins) => Promise<Execution>): Promise<Execution> {
    const before = this.#running.get(asked.id);
    if (before !== undefined) return await before.ended;
    const running = new Running(asked, execute);
    this.#running.set(asked.id, running);
    try {
      return await running.ended;
    } finally {
      this.#running.delete(asked.id);
    }
  }

  /**
   * Undefined for an execution that is not under way. Resolves when it has ended as cancelled; asked again meanwhile, with the same.
   * Rejects with ERR_EXECUTION_ENDED where it came to another end first.
   */
  cancel(id: string): Promise<Cancellation> | undefined {
    const running = this.#running.get(id);
    if (running !== undefined) return running.cancel(() => this.#remember(id));
    return this.#neverBegun.has(id) ? Promise.resolve({ id, phase: "waiting" }) : undefined;
  }

  /** Undefined for an execution that is not under way. Lines after the one numbered `after`, until the execution ends or the signal aborts. */
  follow(id: string, { after, signal }: { readonly after: number; readonly signal?: AbortSignal | undefined }): AsyncIterable<LogLine> | undefined {
    return this.#running.get(id)?.follow(after, signal);
  }

  has(id: string): boolean {
    return this.#running.has(id);
  }

  /** Resolves when all have ended that are under way now. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended));
  }

  #remember(id: string): void {
    this.#neverBegun.add(id);
    const [oldest] = this.#neverBegun;
    if (this.#neverBegun.size > MAX_REMEMBERED && oldest !== undefined) this.#neverBegun.delete(oldest);
  }
}

class Running {
  readonly ended: Promise<Execution>;
  readonly #id: string;
  readonly #stop = new AbortController();
  #lines: readonly LogLine[];
  #over = false;
  #change: PromiseWithResolvers<void> | undefined;
  #cancellation: Promise<Cancellation> | undefined;

  constructor({ id, signals, onLog }: Asked, execute: (reins: Reins) => Promise<Execution>) {
    const lines: LogLine[] = [];
    this.#lines = lines;
    this.#id = id;
    // Not AbortSignal.any: what it makes stays with a signal that lives as long as the executor.
    const abort = (): void => this.#stop.abort();
    for (const signal of signals) {
      if (signal?.aborted === true) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    }
    this.ended = execute({
      signal: this.#stop.signal,
      onLog: (line) => {
        lines.push(line);
        this.#changed();
        onLog?.(line);
      },
    });
    const finish = (): void => {
      for (const signal of signals) signal?.removeEventListener("abort", abort);
      this.#over = true;
      this.#changed();
    };
    this.ended.then(({ logs }) => {
      // An id that was run before gives that execution again, and no line comes by.
      this.#lines = logs;
      finish();
    }, finish);
  }

  cancel(neverBegan: () => void): Promise<Cancellation> {
    return (this.#cancellation ??= this.#cancel(neverBegan));
  }

  async *follow(after: number, signal: AbortSignal | undefined): AsyncGenerator<LogLine, void, undefined> {
    const wake = (): void => this.#changed();
    signal?.addEventListener("abort", wake, { once: true });
    try {
      for (let next = after; ;) {
        if (signal?.aborted === true) return;
        const line = this.#lines[next];
        if (line !== undefined) {
          next++;
          yield line;
        } else if (this.#over) return;
        else await (this.#change ??= Promise.withResolvers<void>()).promise;
      }
    } finally {
      signal?.removeEventListener("abort", wake);
    }
  }

  async #cancel(neverBegan: () => void): Promise<Cancellation> {
    this.#stop.abort();
    try {
      return cancellationOf(await this.ended);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "ERR_CANCELLED") throw error;
      neverBegan();
      return { id: this.#id, phase: "waiting" };
    }
  }

  #changed(): void {
    this.#change?.resolve();
    this.#change = undefined;
  }
}

/** Throws ERR_EXECUTION_ENDED for one that ended in another way than cancelled. */
export function cancellationOf({ id, status, error }: Pick<Execution, "id" | "status" | "error">): Cancellation {
  if (status === "Cancelled") return { id, phase: (error?.details?.["phase"] ?? "dispose") as CancelPhase };
  throw new Fault("ERR_EXECUTION_ENDED", `The execution ${id} has ended already, with status ${status}; it cannot be cancelled any more.`, {
    details: { id, status },
  });
}
