// One child process as the supervisor holds it: started with nothing but its own code, asked for as many runs at once
// as it has seats, which is one unless its workspace wants more.
import type { ChildProcess } from "node:child_process";
import { ChildRun, type RunGround } from "./child-run.ts";
import { readEnd, startChild, type LayerPlan, type StartedChild, type Tier } from "./child-start.ts";
import type { ChildCaches } from "./hardening/child-caches.ts";
import { HeldCode } from "./held-code.ts";
import { memoryBound, type StopReason } from "./kill-ladder.ts";
import { readProcessUsage } from "./process-usage.ts";
import { parseFromChild, type FromChild, type ToChild } from "./protocol.ts";
import { startLimit, type Limit } from "./limit-timer.ts";
import type { RunEnd, RunRequest } from "./run-request.ts";

export interface ChildOptions {
  readonly caches: ChildCaches;
  readonly layers: LayerPlan;
  readonly tier: Tier;
  /** What its runs may use together. */
  readonly memoryBytes: number;
  /** Of the rooms that it makes ahead. */
  readonly memoryMb: number;
  readonly zodAhead: boolean;
}

const MAX_LAST_WORDS = 2000;
/** What V8 and Node write before they give up for want of memory. */
const OUT_OF_MEMORY = /out of memory|heap limit|allocation failed|failed to allocate/i;
/** A child that cannot dispose of a finished room within this is stuck in author code and is ended. */
const CLEANING_MS = 500;
/** A machine under load may take seconds to start a process. */
const START_MS = 30_000;

export class ChildHandle {
  /** Whose code this child has run; a child never serves a second tenant. */
  tenant: string | undefined;
  /** How many runs it takes at once. */
  seats = 1;
  readonly memoryBytes: number;
  readonly ready: Promise<void>;
  onChange: () => void = () => {};
  readonly #started: StartedChild;
  readonly #process: ChildProcess;
  readonly #held = new HeldCode();
  readonly #runs = new Map<number, ChildRun>();
  /** Runs whose room is still being replaced. */
  readonly #cleaning = new Map<number, Limit>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #starting = startLimit(START_MS, () => this.#kill());
  #state: "starting" | "open" | "ended" = "starting";
  #served = 0;
  #lastWords = "";
  #closing = false;
  #distrusted = false;
  #retired = false;
  #killedFor: StopReason | undefined;
  /** What the kernel was told that its runs may use together. */
  #limitedTo = 0;

  constructor(options: ChildOptions) {
    this.memoryBytes = options.memoryBytes;
    this.#started = startChild({
      entry: new URL(import.meta.url.endsWith(".ts") ? "./child-main.ts" : "./child-main.js", import.meta.url),
      tier: options.tier,
      memoryBytes: options.memoryBytes,
      readable: [options.caches.room],
      compileCache: options.caches.compile,
      layers: options.layers,
    });
    this.#process = this.#started.process;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {});
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-MAX_LAST_WORDS);
    });
    this.#process.on("error", (error) => {
      this.#ready.reject(error);
      this.#end(null, null);
    });
    // "close" and not "exit": what the child had written to its pipes before it died is read first.
    this.#process.on("close", (...told) => {
      const { exitCode, signal, lastWords } = readEnd({ exitCode: told[0], signal: told[1], lastWords: this.#lastWords });
      this.#lastWords = lastWords;
      this.#ready.reject(new Error(`the child ended before it was ready (${signal ?? exitCode}): ${lastWords.trim()}`));
      this.#end(exitCode, signal);
    });
    this.#process.on("message", (message) => {
      try {
        this.#receive(parseFromChild(message));
      } catch (error) {
        // Whatever a child may say, it ends nobody but itself.
        this.#distrust(`what it sent could not be dealt with: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      }
    });
    this.#send({ type: "setup", cacheDirectory: options.caches.room, memoryMb: options.memoryMb, zodAhead: options.zodAhead });
    this.unref();
  }

  /** Whether nothing runs in it and it can take a run now. */
  get idle(): boolean {
    return this.free && this.#busy === 0;
  }

  /** Whether it can take a run now, perhaps beside others. */
  get free(): boolean {
    return this.#state === "open" && !this.#closing && !this.#retired && this.#busy < this.seats;
  }

  /** Whether it will take runs again, now or soon. */
  get lasting(): boolean {
    return this.#state !== "ended" && !this.#closing && !this.#retired;
  }

  get live(): boolean {
    return this.#state !== "ended";
  }

  get served(): number {
    return this.#served;
  }

  /** 0 where the platform does not tell. */
  get residentBytes(): number {
    return readProcessUsage(this.#nodePid)?.residentBytes ?? 0;
  }

  get #nodePid(): number {
    return this.#started.nodePid() ?? 0;
  }

  get #busy(): number {
    return this.#runs.size + this.#cleaning.size;
  }

  async run(runId: number, request: RunRequest): Promise<RunEnd> {
    const reset = this.#runs.size === 0 && this.#held.forgetIfLarge();
    this.#served++;
    this.#ref();
    const run = new ChildRun(runId, request, this.#ground());
    this.#runs.set(runId, run);
    try {
      this.#limitMemory();
      this.#send(run.message(reset));
    } catch (error) {
      this.#distrust(`it could not be given a run: ${error instanceof Error ? error.message : String(error)}`);
    }
    return await run.ended;
  }

  /** Takes no more runs, and ends when those it has are over. */
  retire(): void {
    this.#retired = true;
    if (this.#runs.size === 0) void this.close();
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    // Who waits for this must live to see it: an unreferenced child would let the process end first. Its pipes may end after it.
    this.#ref();
    this.#kill();
    await this.#ended.promise;
  }

  unref(): void {
    this.#process.unref();
    this.#process.channel?.unref();
    (this.#process.stderr as unknown as { unref?(): void } | null)?.unref?.();
  }

  #ref(): void {
    this.#process.ref();
    this.#process.channel?.ref();
    (this.#process.stderr as unknown as { ref?(): void } | null)?.ref?.();
  }

  #ground(): RunGround {
    return {
      pid: this.#nodePid,
      held: this.#held,
      share: () => this.#share(),
      send: (message) => this.#send(message),
      kill: (reason) => this.#killFor(reason),
      distrust: (what) => this.#distrust(what),
    };
  }

  #share(): { runs: number; memoryBytes: number } {
    let memoryBytes = 0;
    for (const run of this.#runs.values()) memoryBytes += run.memoryBytes;
    return { runs: this.#runs.size, memoryBytes };
  }

  /** The kernel's own limit stands where ours is: what grows faster than we look meets it first. */
  #limitMemory(): void {
    const { memoryBytes, runs } = this.#share();
    const bound = memoryBound(memoryBytes);
    if (bound <= this.#limitedTo) return;
    this.#limitedTo = bound;
    this.#started.limitMemory(bound, runs);
  }

  #receive(message: FromChild | undefined): void {
    // A child that talks nonsense is not believed in anything else, were it in the pipe already.
    if (this.#distrusted) return;
    if (message === undefined) return this.#distrust("it sent a message that nobody understands");
    if (message.type === "defect") return this.#distrust(message.message);
    if (message.type === "ready") {
      if (this.#state !== "starting") return this.#distrust("it said twice that it was ready");
      this.#starting.stop();
      this.#ready.resolve();
      this.#state = "open";
      return this.onChange();
    }
    if (message.type === "clean") return this.#cleaned(message.runId);
    const run = this.#runs.get(message.runId);
    if (run === undefined) return;
    if (message.type !== "done") return run.receive(message);
    if (!run.mayEndWith(message.outcome)) return this.#distrust("it says that a run was cancelled which nobody has cancelled");
    this.#runs.delete(message.runId);
    const { outcome } = message;
    const reason = outcome.kind === "terminated" ? outcome.reason : "wall";
    this.#cleaning.set(
      message.runId,
      startLimit(CLEANING_MS, () => this.#killFor(reason)),
    );
    if (this.#runs.size === 0) this.unref();
    run.finish(message);
    this.#changed();
  }

  #cleaned(runId: number): void {
    this.#cleaning.get(runId)?.stop();
    if (this.#cleaning.delete(runId)) this.#changed();
  }

  #changed(): void {
    if (this.#retired && this.#runs.size === 0) void this.close();
    this.onChange();
  }

  #send(message: ToChild): void {
    // A child that has just died cannot be written to; its "close" event tells the rest.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  #distrust(what: string): void {
    this.#distrusted = true;
    this.#lastWords += `\nThe supervisor ended this process: ${what.slice(0, MAX_LAST_WORDS)}`;
    this.#kill();
  }

  #killFor(reason: StopReason): void {
    this.#killedFor ??= reason;
    this.#kill();
  }

  #kill(): void {
    // What it has said before is still read, such as that it is free: it must be given nothing more.
    this.#closing = true;
    this.#started.kill();
  }

  #end(exitCode: number | null, signal: string | null): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#starting.stop();
    const runs = [...this.#runs.values()];
    this.#runs.clear();
    for (const limit of this.#cleaning.values()) limit.stop();
    this.#cleaning.clear();
    this.onChange();
    const lastWords = this.#lastWords.trim();
    const outOfMemory = this.#started.outOfMemory() || OUT_OF_MEMORY.test(lastWords);
    this.#started.release();
    // Of several, nobody can say whose memory it was.
    const because = this.#killedFor ?? (outOfMemory && runs.length > 1 ? "memory" : undefined);
    for (const run of runs) run.crash({ exitCode, signal, lastWords, outOfMemory, because });
    this.#ended.resolve();
  }
}
