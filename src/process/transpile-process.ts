// One transpile child as its host sees it: gives it jobs, times the one it is at, and ends it. Decides nothing about retries.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TranspileJob, TranspileNews, TranspileOrder } from "./transpile-protocol.ts";

export interface TranspileProcessOptions {
  readonly execPath: string;
  /** Directory for V8's code cache of the compiler; without it each child parses the compiler again. */
  readonly cacheDirectory: string | undefined;
  /** Wall-clock limit of one job. */
  readonly timeoutMs: number;
  /** After this long with one job the others are given back. */
  readonly slowMs: number;
  readonly memoryMb: number;
}

export type TranspileAnswer = Extract<TranspileNews, { readonly kind: "done" | "failed" }>;

export interface TranspileProcessEvents {
  onAnswer(answer: TranspileAnswer): void;
  /** Jobs that have not been begun and must go elsewhere. */
  onGivenBack(ids: readonly number[]): void;
  /** The child has ended without being asked to. `running` is the job it was at. */
  onGone(end: {
    readonly reason: "time" | "crash";
    readonly wasReady: boolean;
    readonly running: number | undefined;
    readonly waiting: readonly number[];
  }): void;
}

/** More would only make giving back dearer; fewer would leave the child idle between messages. */
const MAX_HELD = 8;

/** A machine under load may take seconds to start a process. */
const START_MS = 30_000;

const CHILD = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./transpile-child.ts" : "./transpile-child.js", import.meta.url));

export class TranspileProcess {
  readonly #options: TranspileProcessOptions;
  readonly #events: TranspileProcessEvents;
  readonly #child: ChildProcess;
  readonly #held = new Set<number>();
  readonly #exited: Promise<void>;
  #running: number | undefined;
  #ready = false;
  #slow = false;
  #gone = false;
  #timedOut = false;
  #limit: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(options: TranspileProcessOptions, events: TranspileProcessEvents) {
    this.#options = options;
    this.#events = events;
    this.#child = fork(CHILD, options.cacheDirectory === undefined ? [] : [options.cacheDirectory], {
      execPath: options.execPath,
      execArgv: ["--no-warnings", `--max-old-space-size=${options.memoryMb}`],
      env: {},
      serialization: "advanced",
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once("exit", () => resolve(this.#end()));
      // Without a process there is no exit. Messages to one that has just died fail here too, and its exit follows.
      this.#child.on("error", () => {
        if (this.#child.pid === undefined) resolve(this.#end());
      });
    });
    this.#child.on("message", (news: TranspileNews) => this.#hear(news));
    this.#child.unref();
    this.#child.channel?.unref();
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

  give(jobs: readonly TranspileJob[]): void {
    for (const { id } of jobs) this.#held.add(id);
    this.#send({ jobs });
    this.#keepAlive();
  }

  /** SIGKILL; resolves when the process is gone. No event follows. */
  async stop(): Promise<void> {
    this.#gone = true;
    this.#stopClock();
    this.#child.ref();
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #hear(news: TranspileNews): void {
    if (this.#gone) return;
    this.#stopClock();
    if (news.kind === "ready") this.#ready = true;
    else if (news.kind === "started") {
      this.#running = news.id;
      this.#startClock(this.#options.timeoutMs);
    } else {
      this.#running = undefined;
      this.#slow = false;
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
    // A host that was busy itself may find the answer waiting: it is read before the child is judged.
    const limit: NodeJS.Timeout = setTimeout(() => setImmediate(() => this.#killIf(limit)), milliseconds).unref();
    this.#limit = limit;
    if (this.#ready) this.#patience = setTimeout(() => this.#giveBack(), this.#options.slowMs).unref();
  }

  #killIf(limit: NodeJS.Timeout): void {
    if (this.#limit !== limit) return;
    this.#timedOut = true;
    this.#child.kill("SIGKILL");
  }

  #stopClock(): void {
    clearTimeout(this.#limit);
    clearTimeout(this.#patience);
    this.#limit = undefined;
  }

  #giveBack(): void {
    this.#slow = true;
    const waiting = [...this.#held].filter((id) => id !== this.#running);
    for (const id of waiting) this.#held.delete(id);
    this.#send({ withdraw: waiting });
    this.#events.onGivenBack(waiting);
  }

  #end(): void {
    this.#stopClock();
    if (this.#gone) return;
    this.#gone = true;
    const waiting = [...this.#held].filter((id) => id !== this.#running);
    this.#events.onGone({ reason: this.#timedOut ? "time" : "crash", wasReady: this.#ready, running: this.#running, waiting });
  }
}
