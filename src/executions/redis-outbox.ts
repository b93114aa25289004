// What is to be sent to Redis and nobody waits for: in order, many in one request, kept within bounds while Redis is away.
// Knows no key. What was sent when the connection was lost may arrive twice.
import type { ChainableCommander } from "ioredis";
import type { RedisConnection } from "../snapshot/redis-connection.ts";

export interface Letter {
  /** Adds its commands to a request. */
  readonly write: (pipeline: ChainableCommander) => void;
  readonly commands: number;
  /** About what it holds, for the bound. */
  readonly bytes: number;
  /** When the server has taken it. */
  readonly sent?: (() => void) | undefined;
}

const LETTERS_A_REQUEST = 500;
const BYTES_A_REQUEST = 1024 * 1024;
const RETRY_MS = 250;
/** How long closing waits for what has not been sent. */
const CLOSE_MS = 1000;
/**
 * A key of another type, a value that cannot be, a server that is full: trying again gives the same, and would hold up what it
 * does take. All else is a server that does not want just now.
 */
const HOPELESS = /^(WRONGTYPE|ERR|OOM)\b/u;

export class RedisOutbox {
  readonly #connection: RedisConnection;
  readonly #maxBytes: number;
  #letters: Letter[] = [];
  #bytes = 0;
  /** How many letters were ever put, and of those how many have been tried at least once. */
  #put = 0;
  #tried = 0;
  #waiting: { readonly number: number; readonly resolve: () => void }[] = [];
  #pumping: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #closing = false;
  #away = false;

  constructor(connection: RedisConnection, { maxBytes }: { readonly maxBytes: number }) {
    this.#connection = connection;
    this.#maxBytes = maxBytes;
  }

  /** False where there is no room for it: then it will not be sent. */
  put(letter: Letter): boolean {
    if (this.#closing || this.#bytes + letter.bytes > this.#maxBytes) return false;
    this.#letters.push(letter);
    this.#bytes += letter.bytes;
    this.#put += 1;
    this.#pumping ??= this.#pump();
    return true;
  }

  /** Resolves when all that was put has been sent, or was tried and could not be. Never rejects. */
  tried(): Promise<void> {
    if (this.#tried >= this.#put || this.#away) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ number: this.#put, resolve }));
  }

  /** Sends what can be sent within a second. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#wake?.();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
    await Promise.race([this.#pumping, late]);
    clearTimeout(timer);
    this.#letters = [];
    this.#haveTried(this.#put);
  }

  async #pump(): Promise<void> {
    // Those that are put in one turn travel together.
    await new Promise((resolve) => setImmediate(resolve));
    for (;;) {
      const batch = this.#batch();
      const left = await this.#send(batch);
      const first = this.#put - this.#letters.length;
      // Emptied while it was on its way: closed.
      if (this.#letters.length === 0) break;
      this.#letters.splice(0, batch.length, ...left);
      for (const { bytes } of batch) this.#bytes -= bytes;
      for (const { bytes } of left) this.#bytes += bytes;
      this.#away = left.length > 0;
      this.#haveTried(this.#away ? this.#put : first + batch.length);
      if (!this.#away && this.#letters.length > 0) continue;
      if (!this.#away || this.#closing) break;
      await this.#pause();
    }
    // In the same turn in which it found nothing more to send: what is put next begins anew.
    this.#pumping = undefined;
  }

  #batch(): Letter[] {
    let bytes = 0;
    const end = this.#letters.findIndex((letter, at) => at >= LETTERS_A_REQUEST || (at > 0 && (bytes += letter.bytes) > BYTES_A_REQUEST));
    return this.#letters.slice(0, end === -1 ? undefined : end);
  }

  /** Gives those that are to be sent again. */
  async #send(batch: readonly Letter[]): Promise<readonly Letter[]> {
    let answers: readonly (readonly [Error | null, unknown])[];
    try {
      answers = await this.#connection.request(async (client) => {
        const pipeline = client.pipeline();
        for (const letter of batch) letter.write(pipeline);
        const given = (await pipeline.exec()) ?? [];
        // A connection that was lost in the middle: `request` sends all of it once more.
        const lost = given.find(([error]) => error !== null && error.name !== "ReplyError");
        if (lost !== undefined) throw lost[0] as Error;
        return given;
      });
    } catch {
      return batch;
    }
    const left: Letter[] = [];
    let at = 0;
    for (const letter of batch) {
      const own = answers.slice(at, (at += letter.commands));
      if (own.some(([error]) => error !== null && !HOPELESS.test(error.message))) left.push(letter);
      else letter.sent?.();
    }
    return left;
  }

  #haveTried(number: number): void {
    this.#tried = number;
    const done = this.#waiting.filter((each) => each.number <= number);
    if (done.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => each.number > number);
    for (const { resolve } of done) resolve();
  }

  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RETRY_MS);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
