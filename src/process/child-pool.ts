// Children kept ready, so that nobody waits for a process to start. One tenant per child for its whole life, one run
// per child at a time unless its tenant wants more; a child is kept only after a success or an ordinary error of the
// author's.
import { Fault } from "../errors.ts";
import type { ChildHandle } from "./child-handle.ts";
import type { RunEnd, RunRequest } from "./run-request.ts";
import { busyFault, type Seat, type SeatWish } from "./seat.ts";

export interface ChildPoolOptions {
  /** How many children may run something at once; those of nested runs are not counted. */
  readonly size: number;
  /** Children that have run nothing yet, kept ready beside those in use. */
  readonly spares: number;
  /** A child that has served this many runs is replaced. */
  readonly maxRuns: number;
  /** A child that holds more than this in memory between two runs is replaced. */
  readonly maxIdleBytes: number;
  /** How long a run may wait for a child; then it is refused with the number that stood before it. */
  readonly maxWaitMs: number;
  /** Of the children that are started ahead of need. */
  readonly memoryBytes: number;
  /** `memoryBytes`: the largest run that it is for. */
  start(memoryBytes: number): ChildHandle;
}

export interface PoolCounts {
  readonly busy: number;
  readonly idle: number;
  readonly spare: number;
  readonly waiting: number;
}

interface Waiter {
  readonly wish: SeatWish;
  resolve(seat: Seat): void;
  reject(error: unknown): void;
}

/** In a row: then no spare is tried until a run has asked for a child and got one. */
const MAX_FAILED_STARTS = 3;

export class ChildPool {
  readonly #options: ChildPoolOptions;
  readonly #children = new Set<ChildHandle>();
  readonly #seats = new Set<Seat>();
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
    if (!this.#closed && this.#untouched() === 0) this.#start(this.#options.memoryBytes);
  }

  /** Resolves once there is a seat. */
  async take(wish: SeatWish): Promise<Seat> {
    if (this.#closed)
      throw new Fault("ERR_EXECUTOR_CLOSED", "The executor is closing and takes no more executions. Send it to another executor, or again after the restart.");
    const ahead = this.#waiting.length;
    const { promise, resolve, reject } = Promise.withResolvers<Seat>();
    const waiter: Waiter = { wish, resolve, reject };
    this.#waiting.push(waiter);
    const leave = (error: unknown): void => {
      const index = this.#waiting.indexOf(waiter);
      if (index < 0) return;
      this.#waiting.splice(index, 1);
      reject(error);
    };
    this.#serve();
    const timer = setTimeout(() => leave(busyFault(this.#options.maxWaitMs, ahead)), this.#options.maxWaitMs);
    const onAbort = (): void =>
      leave(
        new Fault("ERR_CANCELLED", "The execution was cancelled while it waited for a process.", { name: "CancelledError", details: { phase: "waiting" } }),
      );
    if (wish.signal?.aborted === true) onAbort();
    wish.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      wish.signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Runs on a seat that `take` gave, and gives it back. */
  async run(taken: Seat, request: RunRequest): Promise<RunEnd> {
    let seat = taken;
    // Asked to stop before it knows of the run, a child would start it.
    if (request.signal?.aborted === true) {
      this.giveBack(seat);
      throw new Fault("ERR_CANCELLED", "The execution was cancelled before it was given to a process.", {
        name: "CancelledError",
        details: { phase: "waiting" },
      });
    }
    // It may have died while the modules were read: nothing has begun in it, so another serves as well.
    while (!seat.child.free) {
      this.giveBack(seat);
      seat = await this.take({ ...seat.wish, signal: request.signal });
    }
    const { child } = seat;
    try {
      const end = await child.run(this.#nextRunId++, request);
      const ordinary = end.kind === "outcome" && end.outcome.kind !== "terminated" && end.outcome.kind !== "exceeded";
      // Not awaited: the caller has its answer; the process is gone soon after.
      if (!ordinary || child.served >= this.#options.maxRuns || child.residentBytes > this.#options.maxIdleBytes) child.retire();
      return end;
    } finally {
      this.giveBack(seat);
    }
  }

  giveBack(seat: Seat): void {
    this.#seats.delete(seat);
    this.#serve();
  }

  /** How many children are ready that nobody's code has run in. */
  get spare(): number {
    return this.#live().filter((child) => child.tenant === undefined && child.idle).length;
  }

  /** How many children run something, are kept for their tenant, or serve anybody; how many runs wait for one. */
  get counts(): PoolCounts {
    const live = this.#live();
    const busy = live.filter((child) => !this.#vacant(child)).length;
    const { spare } = this;
    return { busy, idle: live.length - busy - spare, spare, waiting: this.#waiting.length };
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

  #start(memoryBytes: number): void {
    let child: ChildHandle;
    try {
      child = this.#options.start(memoryBytes);
    } catch (error) {
      // A machine out of memory or processes says so at once. Not from here: who asked is in the middle of something.
      setImmediate(() => this.#startFailed(error));
      return;
    }
    this.#children.add(child);
    child.onChange = () => {
      if (!child.live) this.#children.delete(child);
      this.#serve();
    };
    child.ready.then(
      () => {
        this.#failedStarts = 0;
      },
      (error: unknown) => this.#startFailed(error),
    );
  }

  #startFailed(error: unknown): void {
    if (this.#closed) return;
    // A child that cannot start once may have been unlucky; three in a row are a broken installation.
    if (++this.#failedStarts < MAX_FAILED_STARTS) return this.#serve();
    for (const waiter of this.#waiting.splice(0))
      waiter.reject(new Fault("ERR_INTERNAL", `No process could be started: ${error instanceof Error ? error.message : String(error)}`, { cause: error }));
  }

  #live(): ChildHandle[] {
    return [...this.#children].filter((child) => child.live);
  }

  /** Whether no run has a seat in it, be it under way or still being prepared. */
  #vacant(child: ChildHandle): boolean {
    return ![...this.#seats].some((seat) => seat.child === child);
  }

  #untouched(): number {
    return this.#live().filter((child) => child.tenant === undefined).length;
  }

  /** Children that count against `size`. */
  #inUse(): number {
    return new Set([...this.#seats].filter(({ wish }) => wish.nested !== true).map(({ child }) => child)).size;
  }

  #resting(): boolean {
    return this.#waiting.length === 0 && this.#seats.size === 0 && [...this.#children].every((child) => child.idle);
  }

  #serve(): void {
    if (!this.#closed) this.#giveOut();
    if (this.#settling.length > 0 && this.#resting()) for (const resolve of this.#settling.splice(0)) resolve();
  }

  #giveOut(): void {
    for (let index = 0; index < this.#waiting.length;) {
      const waiter = this.#waiting[index] as Waiter;
      const child = this.#seatFor(waiter.wish);
      if (child === undefined) {
        index++;
        continue;
      }
      this.#waiting.splice(index, 1);
      child.tenant = waiter.wish.tenant;
      child.seats = waiter.wish.nested === true ? 1 : (waiter.wish.concurrency ?? 1);
      // Kept in the order of their last use: who was idle longest is ended first.
      this.#children.delete(child);
      this.#children.add(child);
      const seat = { child, wish: waiter.wish };
      this.#seats.add(seat);
      waiter.resolve(seat);
    }
    this.#fill();
  }

  /** A child of the tenant's own, else one that has run nothing, else a seat beside other runs of the tenant. */
  #seatFor(wish: SeatWish): ChildHandle | undefined {
    const { tenant, concurrency = 1, nested = false } = wish;
    const fitting = this.#live().filter((child) => this.#serves(child, wish));
    if (nested || this.#inUse() < this.#options.size) {
      const vacant = fitting.filter((child) => child.idle && this.#vacant(child));
      const own = vacant.find((child) => child.tenant === tenant);
      const found = own ?? (this.#needsAnother(wish) ? vacant[0] : undefined);
      if (found !== undefined) return found;
    }
    if (nested || concurrency < 2) return undefined;
    return fitting.find((child) => child.tenant === tenant && child.free && this.#shared(child) < concurrency);
  }

  /** Who has as many as can run at once waits the moment until one of them is ready again: spares are for others. */
  #needsAnother(wish: SeatWish): boolean {
    const own = this.#live().filter((child) => child.lasting && child.tenant === wish.tenant && this.#serves(child, wish));
    return wish.nested === true || own.length < this.#options.size;
  }

  #serves({ tenant, memoryBytes }: ChildHandle, wish: SeatWish): boolean {
    return (tenant === undefined || tenant === wish.tenant) && memoryBytes >= wish.memoryBytes;
  }

  /** How many seats of a child are taken; as many as there can be where a nested run has it. */
  #shared(child: ChildHandle): number {
    const seats = [...this.#seats].filter((seat) => seat.child === child);
    return seats.some(({ wish }) => wish.nested === true) ? Infinity : seats.length;
  }

  /** Starts what waiters and spares need, and makes room by ending idle children of other tenants. */
  #fill(): void {
    const { size, spares } = this.#options;
    const starting = this.#live().filter((child) => child.tenant === undefined && !child.idle).length;
    const needy = this.#waiting.filter(({ wish }) => this.#needsAnother(wish));
    const nested = needy.filter(({ wish }) => wish.nested === true).length;
    const lacking = Math.min(needy.length - nested, Math.max(0, size - this.#inUse())) + nested - starting;
    const limit = size + spares + nested + [...this.#seats].filter(({ wish }) => wish.nested === true).length;
    for (const { wish } of needy.slice(0, Math.max(0, lacking))) this.#startWithin(limit, wish.memoryBytes);
    // Spares come one at a time: who waits for the first must not share the machine with the start of others.
    const mayStart = this.#failedStarts < MAX_FAILED_STARTS;
    if (mayStart && this.#children.size > 0 && starting === 0 && lacking <= 0 && this.#untouched() < spares) this.#startWithin(limit);
  }

  #startWithin(limit: number, memoryBytes = this.#options.memoryBytes): void {
    if (this.#live().length >= limit) {
      const victim = this.#victim();
      if (victim === undefined) return;
      this.#children.delete(victim);
      void victim.close();
    }
    // A larger one serves a smaller run as well, so none is smaller than a spare.
    this.#start(Math.max(memoryBytes, this.#options.memoryBytes));
  }

  /** An idle child that serves nobody who waits: a tenant's own that was idle longest, else a spare that is too small. */
  #victim(): ChildHandle | undefined {
    // A tenant's idle child is worth less than a spare that serves any tenant, but the last spare only.
    if (this.#waiting.length === 0 && this.#untouched() > 0) return undefined;
    const useless = this.#live().filter((child) => child.idle && this.#vacant(child) && !this.#waiting.some(({ wish }) => this.#serves(child, wish)));
    return useless.find(({ tenant }) => tenant !== undefined) ?? (this.#waiting.length === 0 ? undefined : useless[0]);
  }
}
