// setTimeout and its kin with Node's meaning. The room keeps callbacks and their order; the host keeps the clock:
// it is asked for an event after so many milliseconds (0: as soon as its event loop has turned, for setImmediate)
// and answers with fireTimer.
//
// Order: timers started in one turn (one entry from the host) count from the same moment, as in Node, whatever the
// host's own clock makes of them. Events of one turn's timers are interchangeable: each runs the earliest of that turn.
import type { Counts } from "./bounds.ts";
import { addHidden } from "./globals.ts";
import type { Host } from "./host.d.ts";
import {
  apply,
  createList,
  isFinite,
  mapDelete,
  mapGet,
  mapSet,
  promiseResolve,
  promiseThen,
  RealmMap,
  RealmTypeError,
  toNumber,
  trunc,
  weakGet,
  RealmWeakMap,
  weakSet,
} from "./intrinsics.ts";
import { describeReceived } from "./describe-value.ts";

const LONGEST_DELAY = 2 ** 31 - 1;

type Callback = (...values: unknown[]) => unknown;

/** One started timer. `event` is the id under which the host will fire it; undefined while it waits for nothing. */
interface Pending {
  readonly id: number;
  readonly callback: Callback;
  readonly values: readonly unknown[];
  readonly milliseconds: number;
  readonly repeats: boolean;
  event: number | undefined;
  sequence: number;
  turn: Turn | undefined;
}

/** The timers started since one entry from the host, in the order in which they are to run. */
interface Turn {
  readonly waiting: (Pending | undefined)[];
  /** Where the earliest stands; before it are those that have run. */
  first: number;
}

export interface Timers {
  /** To be called whenever the host enters the room: what is started from now on counts from now. */
  beginTurn(): void;
  /** Runs what the event is for. Throws what the callback throws. */
  fire(event: number): void;
  /** For room code: a one-shot timer; returns how to stop it. */
  after(milliseconds: number, callback: () => void): () => void;
}

export function installTimers(host: Pick<Host, "startTimer" | "stopTimer">, counts: Pick<Counts, "waitForTimer" | "answered">): Timers {
  const events = new RealmMap<number, Pending>();
  const byId = new RealmMap<number, Pending>();
  const byHandle = new RealmWeakMap<object, Pending>();
  let turn = newTurn();
  let lastId = 0;
  let lastEvent = 0;
  let lastSequence = 0;

  function start(timer: Pending): void {
    counts.waitForTimer();
    lastEvent++;
    lastSequence++;
    timer.event = lastEvent;
    timer.sequence = lastSequence;
    timer.turn = turn;
    insert(turn, timer);
    mapSet(events, timer.event, timer);
    mapSet(byId, timer.id, timer);
    host.startTimer(timer.event, timer.milliseconds);
  }

  function take(timer: Pending): void {
    counts.answered();
    if (timer.turn !== undefined) remove(timer.turn, timer);
    timer.turn = undefined;
    timer.event = undefined;
  }

  function stop(timer: Pending | undefined): void {
    if (timer === undefined) return;
    mapDelete(byId, timer.id);
    if (timer.event === undefined) return;
    mapDelete(events, timer.event);
    host.stopTimer(timer.event);
    take(timer);
  }

  function fire(event: number): void {
    const awaited = mapGet(events, event);
    if (awaited?.turn === undefined) return;
    mapDelete(events, event);
    const earliest = awaited.turn.waiting[awaited.turn.first] as Pending;
    if (earliest !== awaited && earliest.event !== undefined) {
      awaited.event = earliest.event;
      mapSet(events, earliest.event, awaited);
    }
    take(earliest);
    if (!earliest.repeats) mapDelete(byId, earliest.id);
    try {
      apply(earliest.callback, undefined, earliest.values);
    } finally {
      if (earliest.repeats && mapGet(byId, earliest.id) === earliest && earliest.event === undefined) start(earliest);
    }
  }

  function create(callback: unknown, milliseconds: number, options: { readonly values: readonly unknown[]; readonly repeats: boolean }): Pending {
    if (typeof callback !== "function") throw invalidCallback(callback);
    lastId++;
    const timer: Pending = {
      id: lastId,
      callback: callback as Callback,
      values: options.values,
      milliseconds,
      repeats: options.repeats,
      event: undefined,
      sequence: 0,
      turn: undefined,
    };
    start(timer);
    return timer;
  }

  /** What setTimeout and setInterval return; timers never keep a run alive, so ref and unref only remember. */
  class Timeout {
    #referenced = true;

    ref(): this {
      this.#referenced = true;
      return this;
    }

    unref(): this {
      this.#referenced = false;
      return this;
    }

    hasRef(): boolean {
      return this.#referenced;
    }

    refresh(): this {
      const timer = weakGet(byHandle, this);
      if (timer !== undefined && (timer.event !== undefined || mapGet(byId, timer.id) === undefined)) {
        stop(timer);
        start(timer);
      }
      return this;
    }

    close(): this {
      stop(weakGet(byHandle, this));
      return this;
    }

    [Symbol.toPrimitive](): number {
      return weakGet(byHandle, this)?.id ?? Number.NaN;
    }

    [Symbol.dispose](): void {
      stop(weakGet(byHandle, this));
    }
  }

  class Immediate {
    #referenced = true;

    ref(): this {
      this.#referenced = true;
      return this;
    }

    unref(): this {
      this.#referenced = false;
      return this;
    }

    hasRef(): boolean {
      return this.#referenced;
    }

    [Symbol.dispose](): void {
      stop(weakGet(byHandle, this));
    }
  }

  function handled<T extends object>(handle: T, timer: Pending): T {
    weakSet(byHandle, handle, timer);
    return handle;
  }

  function clear(handle: unknown): void {
    if (typeof handle === "object" && handle !== null) return stop(weakGet(byHandle, handle));
    if (typeof handle === "number" || typeof handle === "string") stop(mapGet(byId, toNumber(handle)));
  }

  addHidden({
    setTimeout: function setTimeout(callback: unknown, delay?: unknown, ...values: unknown[]): Timeout {
      return handled(new Timeout(), create(callback, clampDelay(delay), { values, repeats: false }));
    },
    setInterval: function setInterval(callback: unknown, delay?: unknown, ...values: unknown[]): Timeout {
      return handled(new Timeout(), create(callback, clampDelay(delay), { values, repeats: true }));
    },
    setImmediate: function setImmediate(callback: unknown, ...values: unknown[]): Immediate {
      return handled(new Immediate(), create(callback, 0, { values, repeats: false }));
    },
    clearTimeout: function clearTimeout(handle?: unknown): void {
      clear(handle);
    },
    clearInterval: function clearInterval(handle?: unknown): void {
      clear(handle);
    },
    clearImmediate: function clearImmediate(handle?: unknown): void {
      clear(handle);
    },
    queueMicrotask: function queueMicrotask(callback: unknown): void {
      if (typeof callback !== "function") throw invalidCallback(callback);
      // What the callback throws becomes an unhandled rejection, which fails the run as in Node.
      void promiseThen(promiseResolve(), () => void apply(callback as Callback, undefined, []));
    },
  });

  return {
    beginTurn: () => {
      if (turn.waiting.length > 0) turn = newTurn();
    },
    fire,
    after: (milliseconds, callback) => {
      const timer = create(callback, clampDelay(milliseconds), { values: [], repeats: false });
      return () => stop(timer);
    },
  };
}

function newTurn(): Turn {
  return { waiting: createList(), first: 0 };
}

function insert(turn: Turn, timer: Pending): void {
  const { waiting } = turn;
  const at = rank(turn, timer);
  for (let index = waiting.length; index > at; index--) waiting[index] = waiting[index - 1];
  waiting[at] = timer;
}

function remove(turn: Turn, timer: Pending): void {
  const { waiting } = turn;
  const at = rank(turn, timer) - 1;
  if (at === turn.first) {
    waiting[at] = undefined;
    turn.first++;
    return;
  }
  for (let index = at + 1; index < waiting.length; index++) waiting[index - 1] = waiting[index];
  waiting.length--;
}

/** Where the timer belongs among those that wait; one that is in the list stands before that. */
function rank({ waiting, first }: Turn, timer: Pending): number {
  let low = first;
  let high = waiting.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = waiting[middle] as Pending;
    const isLater = other.milliseconds > timer.milliseconds || (other.milliseconds === timer.milliseconds && other.sequence > timer.sequence);
    if (isLater) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Node's rule: not a number, below 1 or over 2^31-1 is 1 millisecond. */
function clampDelay(delay: unknown): number {
  const milliseconds = toNumber(delay);
  return isFinite(milliseconds) && milliseconds >= 1 && milliseconds <= LONGEST_DELAY ? trunc(milliseconds) : 1;
}

function invalidCallback(callback: unknown): TypeError {
  const error = new RealmTypeError(`The "callback" argument must be of type function. Received ${describeReceived(callback)}`);
  (error as { code?: string }).code = "ERR_INVALID_ARG_TYPE";
  return error;
}
