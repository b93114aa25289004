// One transpile child as its host sees it: gives it jobs, times the one it is at, and ends it. Decides nothing about retries.
import type { ChildProcess } from "node:child_process";
import { readProcessUsage } from "./process-usage.ts";
import { startChild, type LayerPlan, type StartedChild } from "./child-start.ts";
import { transpileCache } from "./hardening/child-caches.ts";
import { isNews, type TranspileAnswer, type TranspileJob, type TranspileNews, type TranspileOrder } from "./transpile-protocol.ts";

export interface TranspileProcessOptions {
  readonly execPath: string;
  /** Where caches are kept; without them each child parses the compiler again. */
  readonly cacheDirectory: string | undefined;
  readonly layers: LayerPlan;
  /** After this long with one job the others are given back. */
  readonly slowMs: number;
  readonly memoryMb: number;
}

export interface TranspileProcessEvents {
  onAnswer(answer: TranspileAnswer): void;
  /** Jobs that have not been begun and must go elsewhere. */
  onGivenBack(ids: readonly number[]): void;
  /** It has been at one job for so long that others should not count on it. */
  onSlow(): void;
  /** The child has ended without being asked to. `running` is the job it was at. */
  onGone(end: {
    readonly reason: "time" | "memory" | "crash";
    readonly wasReady: boolean;
    readonly running: number | undefined;
    readonly waiting: readonly number[];
  }): void;
}

/** More would only make giving back dearer; fewer would leave the child idle between messages. */
const MAX_HELD = 8;

/** By the clock a job may take this many times its processor time, because a machine may be busy with other things. */
const MOST_WAITING = 4;

/** What V8 writes before it gives up. By which signal it ends depends on what it may do to itself. */
const OUT_OF_MEMORY = /heap out of memory|allocation failed/i;

/** V8's own default overflows at a few hundred nodes of some forms. Where the main thread's stack is small by default, so it stays. */
const STACK = process.platform === "win32" ? [] : ["--stack-size=3900"];

/** A machine under load may take seconds to start a process. */
const START_MS = 30_000;

const CHILD = new URL(import.meta.url.endsWith(".ts") ? "./transpile-child.ts" : "./transpile-child.js", import.meta.url);
const MB = 1024 * 1024;

export class TranspileProcess {
  readonly #options: TranspileProcessOptions;
  readonly #events: TranspileProcessEvents;
  readonly #started: StartedChild;
  readonly #child: ChildProcess;
  /** With the processor time that each may take. */
  readonly #held = new Map<number, number>();
  readonly #exited: Promise<void>;
  #running: number | undefined;
  #ready = false;
  #slow = false;
  #gone = false;
  #timedOut = false;
  #outOfMemory = false;
  #limit: Clock | undefined;
  #timer: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(options: TranspileProcessOptions, events: TranspileProcessEvents) {
    this.#options = options;
    this.#events = events;
    const { execPath, cacheDirectory, layers, memoryMb } = options;
    // Where the kernel does not end it with its host, a thread of its own has to.
    const watching = !layers.wrapping.parentDeath;
    this.#started = startChild({
      execPath,
      entry: CHILD,
      args: watching ? ["--watch-parent"] : [],
      tier: "jit",
      memoryBytes: memoryMb * MB,
      execArgv: [...STACK, `--max-old-space-size=${memoryMb}`, ...(watching && layers.permissions ? ["--allow-worker"] : [])],
      packages: ["typescript"],
      compileCache: cacheDirectory === undefined ? undefined : transpileCache({ cacheDirectory, layers, flags: STACK }),
      layers,
    });
    this.#child = this.#started.process;
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#outOfMemory ||= OUT_OF_MEMORY.test(text);
    });
    this.#exited = new Promise((resolve) => {
      // "close" and not "exit": what it wrote before it died is read first.
      this.#child.once("close", () => {
        this.#outOfMemory ||= this.#started.outOfMemory();
        this.#end();
        this.#started.release();
        resolve();
      });
      // Without a process there is no exit. Messages to one that has just died fail here too, and its exit follows.
      this.#child.on("error", () => {
        if (this.#child.pid !== undefined) return;
        this.#end();
        this.#started.release();
        resolve();
      });
    });
    this.#child.on("message", (news) => {
      // It has read what authors wrote, and may be another's by now.
      if (isNews(news)) this.#hear(news);
      else this.#started.kill();
    });
    this.#child.unref();
    this.#child.channel?.unref();
    (this.#child.stderr as unknown as { unref?(): void } | null)?.unref?.();
    this.#startClock(START_MS);
  }

  /** True while it does not get on with a job, or is being ended. */
  get stuck(): boolean {
    return this.#gone || this.#slow || this.#timedOut;
  }

  /** How many more jobs it takes now. */
  get room(): number {
    return this.stuck ? 0 : MAX_HELD - this.#held.size;
  }

  give(jobs: readonly (TranspileJob & { readonly limitMs: number })[]): void {
    for (const { id, limitMs } of jobs) this.#held.set(id, limitMs);
    this.#send({ jobs: jobs.map(({ id, request }) => ({ id, request })) });
    this.#keepAlive();
  }

  /** Gives back what has not been begun. */
  recall(): void {
    const waiting = [...this.#held.keys()].filter((id) => id !== this.#running);
    if (waiting.length === 0) return;
    for (const id of waiting) this.#held.delete(id);
    this.#send({ withdraw: waiting });
    this.#events.onGivenBack(waiting);
  }

  /** What it is at, while it does not get on with it. */
  get stuckAt(): number | undefined {
    return this.stuck ? this.#running : undefined;
  }

  /** SIGKILL; resolves when the process is gone. No event follows. */
  async stop(): Promise<void> {
    this.#gone = true;
    this.#stopClock();
    // Who waits for its end must live to see it, and its pipes may end after it.
    this.#child.ref();
    this.#child.channel?.ref();
    (this.#child.stderr as unknown as { ref?(): void } | null)?.ref?.();
    this.#started.kill();
    await this.#exited;
  }

  #hear(news: TranspileNews): void {
    if (this.#gone) return;
    this.#stopClock();
    if (news.kind === "ready") {
      this.#ready = true;
      this.#started.limitMemory(1.5 * this.#options.memoryMb * MB);
    } else if (news.kind === "started") {
      this.#running = news.id;
      this.#startClock(this.#held.get(news.id) ?? 0);
    } else {
      this.#running = undefined;
      // One that has said its last word takes nothing more.
      this.#slow = news.last;
      this.#held.delete(news.id);
      this.#keepAlive();
      this.#events.onAnswer(news);
    }
  }

  #send(order: TranspileOrder): void {
    // A failure to send is followed by the child's exit, which is where it is handled.
    this.#child.send(order, () => {});
  }

  // The event loop waits for answers, and for nothing else of a child.
  #keepAlive(): void {
    if (this.#held.size > 0) {
      this.#child.ref();
      this.#child.channel?.ref();
    } else {
      this.#child.unref();
      this.#child.channel?.unref();
    }
  }

  #startClock(milliseconds: number): void {
    const limit = { startedAt: performance.now(), cpuMs: this.#cpuMs() };
    const timer = (delay: number): NodeJS.Timeout =>
      // A host that was busy itself may find the answer waiting: it is read before the child is judged.
      setTimeout(() => setImmediate(() => this.#judge(limit, { milliseconds, timer })), delay).unref();
    this.#limit = limit;
    this.#timer = timer(milliseconds);
    if (this.#ready) this.#patience = setTimeout(() => this.#giveBack(), this.#options.slowMs).unref();
  }

  #judge(limit: Clock, { milliseconds, timer }: { readonly milliseconds: number; readonly timer: (delay: number) => NodeJS.Timeout }): void {
    if (this.#limit !== limit) return;
    const now = this.#cpuMs();
    const left = now === undefined || limit.cpuMs === undefined ? 0 : milliseconds - (now - limit.cpuMs);
    if (this.#ready && left > 0 && performance.now() - limit.startedAt < milliseconds * MOST_WAITING) {
      this.#timer = timer(Math.max(left, milliseconds / 20));
      return;
    }
    this.#timedOut = true;
    this.#started.kill();
  }

  #cpuMs(): number | undefined {
    const pid = this.#started.nodePid();
    return pid === undefined ? undefined : readProcessUsage(pid)?.cpuMs;
  }

  #stopClock(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    this.#limit = undefined;
  }

  #giveBack(): void {
    this.#slow = true;
    this.recall();
    this.#events.onSlow();
  }

  #end(): void {
    this.#stopClock();
    if (this.#gone) return;
    this.#gone = true;
    const waiting = [...this.#held.keys()].filter((id) => id !== this.#running);
    const reason = this.#timedOut ? "time" : this.#outOfMemory ? "memory" : "crash";
    this.#events.onGone({ reason, wasReady: this.#ready, running: this.#running, waiting });
  }
}

interface Clock {
  readonly startedAt: number;
  readonly cpuMs: number | undefined;
}
