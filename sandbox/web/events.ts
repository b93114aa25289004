// Event, CustomEvent and EventTarget without a tree: an event has one target and no path.
import { nameAsGlobal } from "../globals.ts";
import { DOMException } from "./dom-exception.ts";

type Listener = ((this: unknown, event: Event) => unknown) | { handleEvent(event: Event): unknown };

interface ListenerOptions {
  readonly capture?: boolean;
  readonly once?: boolean;
  readonly passive?: boolean;
  readonly signal?: { readonly aborted: boolean; addEventListener(type: string, listener: Listener, options?: ListenerOptions): void };
}

interface Registration {
  readonly listener: Listener;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  removed: boolean;
}

interface EventState {
  target: EventTarget | null;
  currentTarget: EventTarget | null;
  phase: number;
  stopped: boolean;
  stoppedAtOnce: boolean;
  prevented: boolean;
  inPassive: boolean;
  dispatching: boolean;
  trusted: boolean;
}

let stateOf: (event: Event) => EventState;
let now: () => number = () => 0;

/** The clock of `timeStamp`, in milliseconds. */
export function setEventClock(clock: () => number): void {
  now = clock;
}

export class Event {
  static readonly NONE = 0;
  static readonly CAPTURING_PHASE = 1;
  static readonly AT_TARGET = 2;
  static readonly BUBBLING_PHASE = 3;

  readonly #type: string;
  readonly #bubbles: boolean;
  readonly #cancelable: boolean;
  readonly #composed: boolean;
  readonly #timeStamp = now();
  readonly #state: EventState = {
    target: null,
    currentTarget: null,
    phase: 0,
    stopped: false,
    stoppedAtOnce: false,
    prevented: false,
    inPassive: false,
    dispatching: false,
    trusted: false,
  };

  static {
    stateOf = (event) => event.#state;
  }

  constructor(type: string, options?: { readonly bubbles?: boolean; readonly cancelable?: boolean; readonly composed?: boolean }) {
    if (arguments.length === 0) throw new TypeError('The "type" argument must be specified');
    this.#type = `${type}`;
    this.#bubbles = Boolean(options?.bubbles);
    this.#cancelable = Boolean(options?.cancelable);
    this.#composed = Boolean(options?.composed);
  }

  get type(): string {
    return this.#type;
  }

  get bubbles(): boolean {
    return this.#bubbles;
  }

  get cancelable(): boolean {
    return this.#cancelable;
  }

  get composed(): boolean {
    return this.#composed;
  }

  get timeStamp(): number {
    return this.#timeStamp;
  }

  get target(): EventTarget | null {
    return this.#state.target;
  }

  get srcElement(): EventTarget | null {
    return this.#state.target;
  }

  get currentTarget(): EventTarget | null {
    return this.#state.currentTarget;
  }

  get eventPhase(): number {
    return this.#state.phase;
  }

  get isTrusted(): boolean {
    return this.#state.trusted;
  }

  get defaultPrevented(): boolean {
    return this.#cancelable && this.#state.prevented;
  }

  get returnValue(): boolean {
    return !this.defaultPrevented;
  }

  get cancelBubble(): boolean {
    return this.#state.stopped;
  }

  set cancelBubble(value: boolean) {
    if (value) this.#state.stopped = true;
  }

  composedPath(): EventTarget[] {
    const { currentTarget } = this.#state;
    return currentTarget === null ? [] : [currentTarget];
  }

  preventDefault(): void {
    if (this.#cancelable && !this.#state.inPassive) this.#state.prevented = true;
  }

  stopPropagation(): void {
    this.#state.stopped = true;
  }

  stopImmediatePropagation(): void {
    this.#state.stopped = true;
    this.#state.stoppedAtOnce = true;
  }

  get [Symbol.toStringTag](): string {
    return "Event";
  }
}

export class CustomEvent extends Event {
  readonly #detail: unknown;

  constructor(type: string, options?: { readonly detail?: unknown; readonly bubbles?: boolean; readonly cancelable?: boolean; readonly composed?: boolean }) {
    super(type, options);
    this.#detail = options?.detail ?? null;
  }

  get detail(): unknown {
    return this.#detail;
  }

  override get [Symbol.toStringTag](): string {
    return "CustomEvent";
  }
}

export class EventTarget {
  readonly #registrations = new Map<string, Registration[]>();

  addEventListener(type: string, listener: Listener | null, options?: boolean | ListenerOptions): void {
    if (arguments.length < 2) throw new TypeError('The "type" and "listener" arguments must be specified');
    if (listener === null || listener === undefined) return;
    if (typeof listener !== "function" && typeof listener !== "object") throw new TypeError('The "listener" argument must be an instance of EventListener');
    const { capture, once, passive, signal } = readOptions(options);
    if (signal?.aborted === true) return;
    const list = this.#registrations.get(`${type}`) ?? [];
    if (list.some((known) => known.listener === listener && known.capture === capture)) return;
    list.push({ listener, capture, once, passive, removed: false });
    this.#registrations.set(`${type}`, list);
    signal?.addEventListener("abort", () => this.removeEventListener(type, listener, { capture }), { once: true });
  }

  removeEventListener(type: string, listener: Listener | null, options?: boolean | ListenerOptions): void {
    if (arguments.length < 2) throw new TypeError('The "type" and "listener" arguments must be specified');
    const { capture } = readOptions(options);
    const list = this.#registrations.get(`${type}`);
    const index = list?.findIndex((known) => known.listener === listener && known.capture === capture) ?? -1;
    if (list === undefined || index === -1) return;
    (list[index] as Registration).removed = true;
    list.splice(index, 1);
  }

  dispatchEvent(event: Event): boolean {
    if (!(event instanceof Event)) throw new TypeError('The "event" argument must be an instance of Event');
    const state = stateOf(event);
    if (state.dispatching) throw new DOMException("The event is already being dispatched", "InvalidStateError");
    dispatch(this, event, this.#registrations.get(event.type) ?? []);
    for (const list of this.#registrations.values()) for (const known of Array.from(list)) if (known.removed) list.splice(list.indexOf(known), 1);
    return !event.defaultPrevented;
  }

  get [Symbol.toStringTag](): string {
    return "EventTarget";
  }
}

/** An event that only the platform makes. */
export function trustedEvent(type: string): Event {
  const event = new Event(type);
  stateOf(event).trusted = true;
  return event;
}

function dispatch(target: EventTarget, event: Event, list: readonly Registration[]): void {
  const state = stateOf(event);
  state.dispatching = true;
  state.target = target;
  state.currentTarget = target;
  state.phase = Event.AT_TARGET;
  for (const registration of Array.from(list)) {
    if (registration.removed) continue;
    if (registration.once) registration.removed = true;
    state.inPassive = registration.passive;
    const { listener } = registration;
    try {
      if (typeof listener === "function") Reflect.apply(listener, target, [event]);
      else listener.handleEvent(event);
    } catch (error) {
      // Not the dispatcher's to catch: it fails the run, as an uncaught exception does in Node.
      void Promise.reject(error);
    }
    state.inPassive = false;
    if (state.stoppedAtOnce) break;
  }
  state.dispatching = false;
  state.currentTarget = null;
  state.phase = Event.NONE;
  state.stopped = false;
  state.stoppedAtOnce = false;
}

function readOptions(options: boolean | ListenerOptions | undefined): {
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  readonly signal: ListenerOptions["signal"];
} {
  if (typeof options !== "object" || options === null) return { capture: Boolean(options), once: false, passive: false, signal: undefined };
  return { capture: Boolean(options.capture), once: Boolean(options.once), passive: Boolean(options.passive), signal: options.signal };
}

nameAsGlobal(["Event", "CustomEvent", "EventTarget"], { Event, CustomEvent, EventTarget });
