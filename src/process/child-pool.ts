// Children kept ready, so that nobody waits for a process to start. One run per child at a time, one tenant per child
// for its whole life; a child is kept only after a success or an ordinary error of the author's.
import { Fault } from "../errors.ts";
import type { ChildHandle, RunEnd, RunRequest } from "./child-handle.ts";

export interface ChildPoolOptions {
  /** How many runs may go on at once. */
  readonly size: number;
  /** Children that have run nothing yet, kept ready beside those in use. */
  readonly spares: number;
  /** A child that has served this many runs is replaced. */
  readonly maxRuns: number;
  /** How long a run may wait for a child; then it is refused with the number that stood before it. */
  readonly maxWaitMs: number;
  start(): ChildHandle;
}

interface Waiter {
  readonly tenant: string;
  resolve(child: ChildHandle): void;
  reject(error: unknown): void;
}

export class ChildPool {
  readonly #options: ChildPoolOptions;
  readonly #children = new Set<ChildHandle>();
  readonly #reserved = new Set<ChildHandle>();
  readonly #waiting: Waiter[] = [];
  readonly #settling: (() => void)[] = [];
  #nextRunId = 1;
  #closed = false;
  #failedStarts = 0;

  constructor(options: ChildPoolOptions) {
    this.#options = options;
  }

  /** Starts a child ahead of need; what more the spares ask for follows when it is ready. */
  warm(): void {
    if (!this.#closed && this.#untouched() === 0) this.#start();
  }

  /** Resolves once a child is free for this tenant. */
  async take(tenant: string, signal?: AbortSignal): Promise<ChildHandle> {
    if (this.#closed)
      throw new Fault("ERR_EXECUTOR_CLOSED", "The executor is closing and takes no more executions. Send it to another executor, or again after the restart.");
    const ahead = this.#waiting.length;
    const { promise, resolve, reject } = Promise.withResolvers<ChildHandle>();
    const waiter: Waiter = { tenant, resolve, reject };
    this.#waiting.push(waiter);
    const leave = (error: unknown): void => {
      const index = this.#waiting.indexOf(waiter);
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      reject(error);
    };
    this.#serve();
    const timer = setTimeout(
      () =>
        leave(
          new Fault(
            "ERR_EXECUTOR_BUSY",
            `No process became free within ${this.#options.maxWaitMs} ms; ${ahead} executions were ahead. Try again later, or raise the number of processes.`,
            { details: { ahead, waitedMs: this.#options.maxWaitMs } },
          ),
        ),
      this.#options.maxWaitMs,
    );
    const onAbort = (): void => leave(new Fault("ERR_CANCELLED", "The execution was cancelled while it waited for a process."));
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Runs on a child that `take` gave, and puts it back or ends it. */
  async run(taken: ChildHandle, request: RunRequest): Promise<RunEnd> {
    let child = taken;
    // Asked to stop before it knows of the run, a child would start it.
    if (request.signal?.aborted === true) {
      this.giveBack(child);
      return { kind: "stopped", reason: "cancelled", usage: { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0 } };
    }
    // It may have died while the modules were read: nothing has begun in it, so another serves as well.
    while (!child.idle) {
      const { tenant = "" } = child;
      this.giveBack(child);
      child = await this.take(tenant, request.signal);
    }
    try {
      const end = await child.run(this.#nextRunId++, request);
      const ordinary = end.kind === "outcome" && end.outcome.kind !== "terminated";
      // Not awaited: the caller has its answer; the process is gone soon after.
      if (!ordinary || child.runs >= this.#options.maxRuns) void child.close();
      return end;
    } finally {
      this.#reserved.delete(child);
      this.#serve();
    }
  }

  /** Gives back a child that was taken and not used. */
  giveBack(child: ChildHandle): void {
    this.#reserved.delete(child);
    this.#serve();
  }

  /** Resolves once no child is starting, running or being made ready again. For measuring: what a run leaves to be done after its answer is done then. */
  async settled(): Promise<void> {
    if (this.#resting()) return;
    // Children keep nobody alive, but who waits for them is waiting.
    const awake = setInterval(() => undefined, 60_000);
    await new Promise<void>((resolve) => this.#settling.push(resolve));
    clearInterval(awake);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiting.splice(0))
      waiter.reject(new Fault("ERR_EXECUTOR_CLOSED", "The executor closed before the execution began. Send it again."));
    await Promise.all([...this.#children].map((child) => child.close()));
  }

  #start(): ChildHandle {
    const child = this.#options.start();
    this.#children.add(child);
    child.onChange = () => {
      if (!child.live) {
        this.#children.delete(child);
        this.#reserved.delete(child);
      }
      this.#serve();
    };
    child.ready.then(
      () => {
        this.#failedStarts = 0;
      },
      (error: unknown) => this.#startFailed(error),
    );
    return child;
  }

  #startFailed(error: unknown): void {
    if (this.#closed) return;
    // A child that cannot start once may have been unlucky; three in a row are a broken installation.
    if (++this.#failedStarts < 3) return this.#serve();
    for (const waiter of this.#waiting.splice(0))
      waiter.reject(new Fault("ERR_INTERNAL", `No process could be started: ${error instanceof Error ? error.message : String(error)}`, { cause: error }));
  }

  #untouched(): number {
    return [...this.#children].filter((child) => child.live && child.tenant === undefined && !this.#reserved.has(child)).length;
  }

  #free(): ChildHandle[] {
    return [...this.#children].filter((child) => child.idle && !this.#reserved.has(child));
  }

  #resting(): boolean {
    return this.#waiting.length === 0 && this.#reserved.size === 0 && [...this.#children].every((child) => child.idle);
  }

  #serve(): void {
    if (!this.#closed) this.#giveOut();
    if (this.#settling.length > 0 && this.#resting()) for (const resolve of this.#settling.splice(0)) resolve();
  }

  #giveOut(): void {
    while (this.#waiting.length > 0 && this.#reserved.size < this.#options.size) {
      const waiter = this.#waiting[0] as Waiter;
      const free = this.#free();
      const child = free.find(({ tenant }) => tenant === waiter.tenant) ?? free.find(({ tenant }) => tenant === undefined);
      if (child === undefined) break;
      this.#waiting.shift();
      child.tenant = waiter.tenant;
      this.#reserved.add(child);
      waiter.resolve(child);
    }
    this.#fill();
  }

  /** Starts what waiters and spares need, and makes room by ending idle children of other tenants. */
  #fill(): void {
    const { size, spares } = this.#options;
    const starting = [...this.#children].filter((child) => child.live && child.tenant === undefined && !child.idle).length;
    const lacking = Math.min(this.#waiting.length, size - this.#reserved.size) - starting;
    for (let count = 0; count < lacking; count++) this.#startWithin(size + spares);
    // Spares come one at a time: who waits for the first must not share the machine with the start of others.
    if (this.#children.size > 0 && starting === 0 && lacking <= 0 && this.#untouched() < spares) this.#startWithin(size + spares);
  }

  #startWithin(limit: number): boolean {
    const live = [...this.#children].filter((child) => child.live);
    if (live.length >= limit) {
      const victim =
        this.#waiting.length > 0
          ? live.find(
              (child) => child.idle && child.tenant !== undefined && !this.#reserved.has(child) && this.#waiting.every(({ tenant }) => tenant !== child.tenant),
            )
          : undefined;
      if (victim === undefined) return false;
      this.#children.delete(victim);
      void victim.close();
    }
    this.#start();
    return true;
  }
}
