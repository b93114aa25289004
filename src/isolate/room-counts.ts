// Counts what the room has asked of its host. The room counts too and stops author code in time; this one holds also
// where author code has got past that.
import type { RoomBounds } from "./room-job.ts";
import type { RoomOutcome } from "./room-outcome.ts";

export type Exceeded = Extract<RoomOutcome, { readonly kind: "exceeded" }>;

/** As sandbox/host-calls.ts has it. */
const MOST_WAITING_CHARACTERS = 2 ** 26;

export class RoomCounts {
  readonly #bounds: RoomBounds;
  /** How many timers wait. */
  readonly #timers: () => number;
  /** The length of each one's argument, by id. */
  readonly #calls = new Map<number, number>();
  #waitingCharacters = 0;
  readonly #imports = new Set<number>();
  #total = 0;
  #lines = 0;
  #characters = 0;

  constructor(bounds: RoomBounds, timers: () => number) {
    this.#bounds = bounds;
    this.#timers = timers;
  }

  /** Undefined where one more may wait. */
  addTimer(): Exceeded | undefined {
    const pending = this.#timers() + this.#calls.size + this.#imports.size;
    return pending >= this.#bounds.pendingCalls ? { kind: "exceeded", limit: "pendingCalls", amount: pending + 1 } : undefined;
  }

  addCall(callId: number, length: number): Exceeded | undefined {
    const exceeded = this.#add();
    this.#calls.set(callId, length);
    this.#waitingCharacters += length;
    return exceeded;
  }

  /** Whether all arguments that wait are together longer than the room lets them become, or an id was used twice. */
  refusesCall(callId: number, length: number): boolean {
    return this.#calls.has(callId) || this.#waitingCharacters + length > MOST_WAITING_CHARACTERS;
  }

  addImport(importId: number): Exceeded | undefined {
    const exceeded = this.#add();
    this.#imports.add(importId);
    return exceeded;
  }

  /** False where nobody waits for it. */
  callAnswered(callId: number): boolean {
    this.#waitingCharacters -= this.#calls.get(callId) ?? 0;
    return this.#calls.delete(callId);
  }

  importAnswered(importId: number): void {
    this.#imports.delete(importId);
  }

  /**
   * False where the log takes no more. What passes a limit is still wanted, so that it is seen to be passed; and the stacks in
   * it may become shorter when they are mapped, though hardly by half.
   */
  takesLine(parts: readonly string[], data: string | undefined): boolean {
    if (this.#lines > this.#bounds.logLines || this.#characters > 2 * this.#bounds.logBytes) return false;
    this.#lines++;
    this.#characters += data?.length ?? 0;
    for (const part of parts) this.#characters += part.length;
    return true;
  }

  #add(): Exceeded | undefined {
    if (this.#total >= this.#bounds.totalCalls) return { kind: "exceeded", limit: "totalCalls", amount: this.#total + 1 };
    this.#total++;
    return this.addTimer();
  }
}

/** As Room.begin takes them. */
export function boundsText({ logLines, logBytes, pendingCalls, totalCalls, resultBytes }: RoomBounds): string {
  return JSON.stringify({ logLines, logBytes, pendingCalls, totalCalls, resultBytes });
}

/** What the room answered, as far as it may go on: the room itself lets no result pass that is too long. */
export function answerWithin({ resultBytes }: RoomBounds, text: unknown): RoomOutcome {
  if (typeof text !== "string") return { kind: "threw", error: JSON.stringify({ name: "Error", message: "The room gave no answer", stack: "" }) };
  const length = text.length - 1;
  if (length <= resultBytes || !/^[RFD]/.test(text)) return { kind: "answered", text };
  return { kind: "exceeded", limit: "resultBytes", amount: length };
}
