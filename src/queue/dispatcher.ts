// Takes executions from the ledger as long as this host has slots free, and runs them. Knows when to look: on a bell, each
// second, after an end, and when the next is due. What is taken is decided by the ledger; how it is run is not known here.
import type { ClaimedExecution, Ledger } from "../executions/ledger.ts";
import type { Note } from "../snapshot/note.ts";
import { leaving } from "./leaving.ts";
import { Lobby } from "./lobby.ts";
import type { Listening, Queue } from "./queue.ts";
import { startPulse } from "./pulse.ts";

export interface DispatcherParts {
  readonly ledger: Pick<Ledger, "claim" | "handBack" | "nextDueInMs">;
  readonly queue: Queue;
  /** The id that this host has now; it takes a new one after it was taken for dead. */
  readonly host: () => string;
  /** Executions at once. */
  readonly slots: number;
  /** Must not reject; resolves when the end is recorded, or it is no longer this host's. `ran` gives its slot to the next before that. */
  readonly run: (claimed: ClaimedExecution, ran: () => void) => Promise<void>;
  /** Whether no other host executes: then who waits here need not be known to others, and what is taken ahead could not begin elsewhere. False where absent. */
  readonly isAlone?: (() => boolean) | undefined;
  /** How many more than there are slots `reserve` gives while this host is alone, so that a process finds the next one ready; 0 where absent. */
  readonly ahead?: number | undefined;
  /** 1000 where absent. */
  readonly everyMs?: number | undefined;
  readonly log: Note;
}

export interface Dispatcher {
  /** Resolves when what there was room for has been taken. Never rejects. Many calls at once are one look. */
  look(): Promise<void>;
  hasRoom(): boolean;
  /** Slots in use, reserved ones included. */
  readonly running: number;
  /**
   * A slot for something that is run without being taken from the ledger; disposing gives it back. Where none is free it is waited for, workspaces
   * in turn with each other and with the ledger, if this host is alone and `waits` is set; otherwise undefined: another may have room
   * sooner. Rejects with ERR_EXECUTOR_CLOSED where the host stops meanwhile, and with the signal's reason.
   */
  reserve(workspace: string, options: { readonly waits: boolean; readonly signal?: AbortSignal | undefined }): Promise<Disposable> | undefined;
  /** How many wait here, by workspace. */
  waitingHere(): ReadonlyMap<string, number>;
  /** Takes nothing more, and reserves nothing. What has been taken but has not begun is handed back. */
  stop(): void;
  /** After `stop`: resolves when nothing runs any more. */
  settled(): Promise<void>;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/** Listens and looks from the beginning. */
export function createDispatcher(parts: DispatcherParts): Dispatcher {
  return new LedgerDispatcher(parts);
}

class LedgerDispatcher implements Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #listening: Listening;
  readonly #pulse: AsyncDisposable;
  readonly #underWay = new Set<Promise<void>>();
  readonly #onIdle = new Set<() => void>();
  readonly #lobby = new Lobby();
  #wasLobbys = false;
  #taken = 0;
  /** Asked of the ledger, and not answered yet. */
  #asked = 0;
  #looking: Promise<void> | undefined;
  #mustLook = false;
  /** Whether the last look left something waiting: then each end is a reason to look. */
  #mayWait = true;
  #pauseMs = 0;
  #pausedUntil = 0;
  #due: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#listening = parts.queue.listen({ slots: parts.slots, hasRoom: () => this.hasRoom(), look: () => this.look() });
    this.#pulse = startPulse(parts.everyMs ?? 1000, () => this.look());
  }

  get running(): number {
    return this.#taken;
  }

  hasRoom(): boolean {
    return this.#free() > 0;
  }

  waitingHere(): ReadonlyMap<string, number> {
    return this.#lobby.counts();
  }

  reserve(workspace: string, { waits, signal }: { readonly waits: boolean; readonly signal?: AbortSignal | undefined }): Promise<Disposable> | undefined {
    const isFirst = this.#lobby.size === 0 && !(this.#mayWait && this.#free() <= 0);
    if (isFirst && this.#freeHere() > 0) return Promise.resolve(this.#slot());
    const mayWait = waits && this.#stopped === undefined && this.#parts.isAlone?.() === true;
    return mayWait ? this.#lobby.wait(workspace, signal) : undefined;
  }

  #slot(): Disposable {
    this.#taken += 1;
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#release();
        held = false;
      },
    };
  }

  look(): Promise<void> {
    if (this.#stopped !== undefined) return Promise.resolve();
    // What has come since the look under way asked may not be in its answer.
    this.#mustLook = true;
    if (this.#looking !== undefined) return this.#looking;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#looking = promise;
    void this.#lookOn().finally(resolve);
    return promise;
  }

  stop(): void {
    if (this.#stopped !== undefined) return;
    clearTimeout(this.#due);
    this.#lobby.close(leaving());
    this.#stopped = Promise.all([this.#listening[Symbol.asyncDispose](), this.#pulse[Symbol.asyncDispose]()]).then(() => undefined);
  }

  async settled(): Promise<void> {
    await this.#stopped;
    await this.#looking;
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    while (this.#taken > 0) await new Promise<void>((resolve) => this.#onIdle.add(resolve));
  }

  #free(): number {
    return this.#stopped === undefined ? this.#parts.slots - this.#taken - this.#asked : 0;
  }

  /** What the ledger gives is held by this host, and lost with it: only who waits here may be let in ahead. */
  #freeHere(): number {
    const { ahead = 0, isAlone } = this.#parts;
    return this.#stopped === undefined ? this.#free() + (isAlone?.() === true ? ahead : 0) : 0;
  }

  async #lookOn(): Promise<void> {
    while (this.#mustLook && this.#stopped === undefined) {
      this.#mustLook = false;
      const most = this.#free();
      if (most <= 0) this.#mayWait = true;
      else if (performance.now() >= this.#pausedUntil) await this.#take(most);
    }
    this.#looking = undefined;
    while ((this.#mayWait ? this.#free() : this.#freeHere()) > 0 && this.#lobby.admit(() => this.#slot()));
    // While the ledger was asked there was none to be seen, and a bell may have found nobody.
    if (this.hasRoom()) this.#listening.roomAgain();
  }

  async #take(most: number): Promise<void> {
    const { ledger, host } = this.#parts;
    let claimed: readonly ClaimedExecution[];
    this.#asked = most;
    try {
      claimed = await ledger.claim(host(), most);
    } catch (error) {
      this.#failed(error);
      return;
    } finally {
      this.#asked = 0;
    }
    if (this.#pauseMs > 0) this.#parts.log("The database answers again: executions are taken.");
    this.#pauseMs = 0;
    for (const each of claimed) this.#begin(each);
    if (claimed.length >= most) this.#mayWait = true;
    else await this.#planNext();
  }

  /** Something may wait that must not run yet, or not here: looked for at its time, and after each end. */
  async #planNext(): Promise<void> {
    const inMs = await this.#parts.ledger.nextDueInMs().catch(() => undefined);
    this.#mayWait = inMs === 0;
    clearTimeout(this.#due);
    // What is due later than that is found by the look of every second.
    if (inMs === undefined || inMs === 0 || inMs > 2 * (this.#parts.everyMs ?? 1000) || this.#stopped !== undefined) return;
    this.#due = setTimeout(() => void this.look(), inMs);
  }

  #begin(claimed: ClaimedExecution): void {
    const slot = this.#slot();
    const ran = (): void => slot[Symbol.dispose]();
    const running = this.#runOrReturn(claimed, ran).finally(() => {
      this.#underWay.delete(running);
      ran();
    });
    this.#underWay.add(running);
  }

  async #runOrReturn(claimed: ClaimedExecution, ran: () => void): Promise<void> {
    const { ledger, run, log } = this.#parts;
    try {
      // It was stopped while the ledger answered. What cannot be handed back is run.
      if (this.#stopped !== undefined && (await ledger.handBack(claimed, { dueInMs: 0, counts: false }).catch(() => false))) return;
      await run(claimed, ran);
    } catch (error) {
      log(`The execution ${claimed.id} was dropped by a defect: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }

  #release(): void {
    this.#taken -= 1;
    if (this.#stopped !== undefined) {
      if (this.#taken === 0) for (const resolve of this.#onIdle) resolve();
      return;
    }
    // In turn, where some wait here and some in the ledger.
    const isLobbysTurn = !this.#mayWait || !this.#wasLobbys;
    this.#wasLobbys = isLobbysTurn && this.#freeHere() > 0 && this.#lobby.admit(() => this.#slot());
    if (this.#wasLobbys) return;
    if (this.#mayWait) void this.look();
    this.#listening.roomAgain();
  }

  #failed(error: unknown): void {
    if (this.#pauseMs === 0)
      this.#parts.log(`No executions can be taken for a while; it is tried again: ${error instanceof Error ? error.message : String(error)}`);
    this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, 2 * this.#pauseMs), LONGEST_PAUSE_MS);
    this.#pausedUntil = performance.now() + this.#pauseMs;
    clearTimeout(this.#due);
    if (this.#stopped === undefined) this.#due = setTimeout(() => void this.look(), this.#pauseMs + 1);
  }
}
