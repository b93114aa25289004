// Finds out whose an error is that author code let out of a call: an import's, whose module has thrown, or nobody's, and
// then it ends the run. isolated-vm gives a copy of the error, no word of where it came from, and of several rejections
// that nobody handles in one turn only the first.
import type { RoomOutcome } from "./room-outcome.ts";
import { describeSurfaced } from "./surfaced-error.ts";

/** What these errors need of their room. */
export interface AttributionRoom {
  takeThrown(message: string, stack: string, name?: string, primitive?: unknown): Promise<string>;
  /** Rejects with what the module threw, if it has. */
  probe(path: string): Promise<void>;
  /** `error` is JSON of GuestError; `thrown` the id under which the room keeps the original, or -1. */
  failImport(importId: number, error: string, thrown: number): void;
  end(outcome: RoomOutcome): void;
  /** Whether the error says that the isolate is gone, and it is. */
  isGone(error: unknown): boolean;
}

interface Taken {
  readonly thrown: number;
  readonly error: unknown;
  /** Imports that the room still waits for. */
  readonly unsettled: readonly number[];
}

/** Of a module that threw: two copies of one error look alike. */
export interface Failure {
  readonly taken: Taken;
  readonly looks: string;
}

export class ErrorAttribution {
  readonly #room: AttributionRoom;
  /** What evaluating a module threw, by path. */
  readonly #failures = new Map<string, Failure>();
  /** Paths of imports whose module waits, or may wait, on a top-level await. */
  readonly #evaluating = new Map<number, string>();
  /** When imports were last told of what they failed with, by its looks. */
  readonly #told = new Map<string, number>();
  /** Errors that surfaced are looked at one after the other. */
  #looking: Promise<void> = Promise.resolve();

  constructor(room: AttributionRoom) {
    this.#room = room;
  }

  /** A module that failed once fails for ever with the same error: a second evaluate() would wrongly succeed. */
  knownFailure(path: string): Failure | undefined {
    return this.#failures.get(path);
  }

  importBegins(importId: number, path: string): void {
    this.#evaluating.set(importId, path);
  }

  failImport(importId: number, { taken: { thrown, error }, looks }: Failure): void {
    this.#told.set(looks, performance.now());
    this.#room.failImport(importId, JSON.stringify(error), thrown);
  }

  /**
   * An error that author code let out of a call of ours; `importing` is the path, where the call began to evaluate an import.
   * Not to be told of any once the room is over: until then nobody disposes of the isolate but isolated-vm itself, when it is
   * out of memory, and the call that was under way may say no more than that it is gone.
   */
  surfaced(error: unknown, importing?: string): void {
    if (this.#room.isGone(error)) return this.#room.end({ kind: "terminated", reason: "memory" });
    const surfacedAt = performance.now();
    this.#looking = this.#looking
      .then(() => this.#look(error, { surfacedAt, importing }))
      .catch((thrown: unknown) => {
        if (this.#room.isGone(thrown)) return this.#room.end({ kind: "terminated", reason: "memory" });
        // Where looking brings up one more, the first reason wins, as the host's copy tells it.
        this.#room.end({ kind: "threw", error: JSON.stringify(describeSurfaced(error)) });
      });
  }

  /**
   * An error surfaces without a word of where it came from: it may belong to an import whose module has thrown, and only
   * if to none, nobody handles it. An import's own rejection that nobody handles surfaces after the import was told, and
   * in no call that began to evaluate a module.
   */
  async #look(error: unknown, { surfacedAt, importing }: { readonly surfacedAt: number; readonly importing: string | undefined }): Promise<void> {
    // As it is now: of imports that come while we look, the room could not yet say whether it waits for them.
    const evaluating = [...this.#evaluating];
    const { taken, looks } = await this.#failure(error);
    const failed = await this.#failEvaluating(evaluating, taken.unsettled);
    const own = importing === undefined ? undefined : this.#failures.get(importing);
    const belongs = failed.includes(looks) || own?.looks === looks || (this.#told.get(looks) ?? 0) > surfacedAt;
    if (!belongs) this.#room.end({ kind: "threw", error: JSON.stringify(taken.error) });
  }

  /** Tells every import whose module has thrown; resolves with the looks of what they threw. */
  async #failEvaluating(evaluating: readonly (readonly [importId: number, path: string])[], unsettled: readonly number[]): Promise<readonly string[]> {
    const failed: string[] = [];
    for (const [importId, path] of evaluating) {
      if (!unsettled.includes(importId)) {
        this.#evaluating.delete(importId);
        continue;
      }
      const failure = this.#failures.get(path) ?? (await this.#failureOf(path));
      if (failure === undefined) continue;
      this.#failures.set(path, failure);
      this.#evaluating.delete(importId);
      failed.push(failure.looks);
      this.failImport(importId, failure);
    }
    return failed;
  }

  async #failureOf(path: string): Promise<Failure | undefined> {
    try {
      await this.#room.probe(path);
      return undefined;
    } catch (error) {
      if (this.#room.isGone(error)) throw error;
      return await this.#failure(error);
    }
  }

  /** The host has but a copy of the error; the room kept the original. */
  async #failure(error: unknown): Promise<Failure> {
    const { message, stack, name } = describeSurfaced(error);
    const taken = await (error instanceof Error ? this.#room.takeThrown(message, stack, name) : this.#room.takeThrown("", "", undefined, error));
    return { taken: JSON.parse(taken) as Taken, looks: JSON.stringify([name, message, stack]) };
  }
}
