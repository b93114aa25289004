// One child process as the supervisor holds it: started with nothing but its own code, asked for one run at a time.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LinkError, RoomOutcome } from "../isolate/room-outcome.ts";
import { climbKillLadder, type StopReason } from "./kill-ladder.ts";
import type { LogEntry, Plan, RoomJob, RoomUsage, ImportReply } from "../isolate/room-job.ts";
import { parseFromChild, type FromChild, type RunMessage, type ToChild } from "./protocol.ts";

export interface RunRequest extends RoomJob {
  readonly plan: Plan;
  /** Code of the plan's modules by key; asked for only what the child lacks. */
  code(key: string): string;
  readonly signal?: AbortSignal | undefined;
  onLogs(entries: readonly LogEntry[]): void;
  /** Answers a dynamic import; must not reject. */
  onImport(specifier: string, referrer: string): Promise<ImportAnswer>;
}

export type ImportAnswer =
  /** `explain` says what the author is told where V8 will not link it. */
  | {
      readonly kind: "module";
      readonly plan: Plan;
      readonly zod: boolean;
      code(key: string): string;
      explain(error: LinkError): Extract<ImportAnswer, { kind: "failure" }>;
    }
  | { readonly kind: "sdk" }
  | { readonly kind: "failure"; readonly failure: NonNullable<ImportReply["failure"]> };

export type RunEnd =
  | { readonly kind: "outcome"; readonly outcome: RoomOutcome; readonly usage: RoomUsage }
  | { readonly kind: "stopped"; readonly reason: StopReason; readonly usage: RoomUsage }
  | { readonly kind: "crashed"; readonly exitCode: number | null; readonly signal: string | null; readonly lastWords: string; readonly usage: RoomUsage };

export interface ChildOptions {
  /** Where the room's own code is kept built. */
  readonly cacheDirectory: string;
  readonly memoryMb: number;
  readonly zodAhead: boolean;
  /** Where Node keeps its compile cache of our own files; undefined for none. */
  readonly compileCache: string | undefined;
}

type State = "starting" | "idle" | "running" | "cleaning" | "ended";

const LIBC = existsSync("/etc/alpine-release") ? "musl" : "glibc";

/** Above this much code a child forgets all it holds. */
const MAX_HELD_CODE_CHARACTERS = 64 * 1024 * 1024;
const MAX_LAST_WORDS = 2000;
/** Nothing says that an import has been linked well, and author code may import for as long as it may run. */
const MAX_EXPLAINERS = 1000;
/** A child that cannot dispose of a finished room within this is stuck in author code and is ended. */
const CLEANING_MS = 1000;

interface CurrentRun {
  readonly runId: number;
  readonly request: RunRequest;
  /** Of imports that were answered with modules, by id. */
  readonly explainers: Map<number, (error: LinkError) => Extract<ImportAnswer, { kind: "failure" }>>;
  finish(end: FromChild & { type: "done" }): void;
  crash(exitCode: number | null, signal: string | null): void;
}

export class ChildHandle {
  /** Whose code this child has run; a child never serves a second tenant. */
  tenant: string | undefined;
  readonly ready: Promise<void>;
  onChange: () => void = () => {};
  #process: ChildProcess;
  #state: State = "starting";
  #current: CurrentRun | undefined;
  #runs = 0;
  #heldCode = new Set<string>();
  #heldCharacters = 0;
  #heldPlans = new Set<number>();
  #lastWords = "";
  #cleaning: NodeJS.Timeout | undefined;
  #closing = false;
  readonly #ended: Promise<void>;

  constructor(options: ChildOptions) {
    const entry = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "./child-main.ts" : "./child-main.js", import.meta.url));
    this.#process = spawn(process.execPath, ["--no-warnings", entry], {
      // Nothing of ours is inherited: no environment (LIBC spares node-gyp-build a look at the disk), no descriptor but the channel.
      env: { LIBC, ...(options.compileCache === undefined ? {} : { NODE_COMPILE_CACHE: options.compileCache }) },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "advanced",
    });
    const ready = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.ready.catch(() => {});
    this.#ended = ended.promise;
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-MAX_LAST_WORDS);
    });
    this.#process.on("error", (error) => {
      ready.reject(error);
      this.#end(null, null);
      ended.resolve();
    });
    // "close" and not "exit": what the child had written to its pipes before it died is read first.
    this.#process.on("close", (exitCode, signal) => {
      ready.reject(new Error(`the child ended before it was ready (${signal ?? exitCode}): ${this.#lastWords.trim()}`));
      this.#end(exitCode, signal);
      ended.resolve();
    });
    this.#process.on("message", (message) => this.#receive(parseFromChild(message), ready.resolve));
    this.#send({ type: "setup", cacheDirectory: options.cacheDirectory, memoryMb: options.memoryMb, zodAhead: options.zodAhead });
    this.unref();
  }

  /** Whether it can take a run now. */
  get idle(): boolean {
    return this.#state === "idle" && !this.#closing;
  }

  get live(): boolean {
    return this.#state !== "ended";
  }

  get runs(): number {
    return this.#runs;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async run(runId: number, request: RunRequest): Promise<RunEnd> {
    const { promise, resolve } = Promise.withResolvers<RunEnd>();
    const startedAt = performance.now();
    this.#state = "running";
    this.#runs++;
    this.#process.ref();
    this.#process.channel?.ref();
    using ladder = climbKillLadder({
      pid: this.#process.pid ?? 0,
      wallMs: request.wallMs,
      cpuMs: request.cpuMs,
      memoryBytes: request.memoryMb * 1024 * 1024,
      signal: request.signal,
      ask: () => this.#send({ type: "stop", runId }),
      kill: () => this.#process.kill("SIGKILL"),
    });
    const measured = (): RoomUsage => ({ wallMs: performance.now() - startedAt, cpuMs: ladder.cpuMs, peakMemoryBytes: Math.max(0, ladder.peakGrowthBytes) });
    this.#current = {
      runId,
      request,
      explainers: new Map(),
      finish: ({ outcome, usage }) => {
        const whole = { ...usage, peakMemoryBytes: Math.max(usage.peakMemoryBytes, ladder.peakGrowthBytes) };
        resolve(ladder.reason === undefined ? { kind: "outcome", outcome, usage: whole } : { kind: "stopped", reason: ladder.reason, usage: whole });
      },
      crash: (exitCode, signal) => {
        const lastWords = this.#lastWords.trim();
        if (ladder.reason !== undefined) resolve({ kind: "stopped", reason: ladder.reason, usage: measured() });
        else if (/out of memory|heap limit|allocation failed/i.test(lastWords)) resolve({ kind: "stopped", reason: "memory", usage: measured() });
        else resolve({ kind: "crashed", exitCode, signal, lastWords, usage: measured() });
      },
    };
    this.#send(this.#runMessage(runId, request));
    return await promise;
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    // Its word that it is idle may be on the way still: it must not be given a run that then dies with it.
    this.#closing = true;
    // Who waits for this must live to see it: an unreferenced child would let the process end first.
    this.#process.ref();
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  unref(): void {
    this.#process.unref();
    this.#process.channel?.unref();
    (this.#process.stderr as unknown as { unref?(): void } | null)?.unref?.();
  }

  #runMessage(runId: number, request: RunRequest): RunMessage {
    const reset = this.#heldCharacters > MAX_HELD_CODE_CHARACTERS;
    if (reset) {
      this.#heldCode.clear();
      this.#heldPlans.clear();
      this.#heldCharacters = 0;
    }
    const { plan, zod, mode, exportName, input, context, wallMs, cpuMs, memoryMb } = request;
    return {
      type: "run",
      runId,
      zod,
      mode,
      exportName,
      input,
      context,
      wallMs,
      cpuMs,
      memoryMb,
      ...this.#planPart(plan, (key) => request.code(key)),
      ...(reset ? { reset } : {}),
    };
  }

  #planPart(plan: Plan, code: (key: string) => string): { planId: number; plan?: Plan; code: [string, string][] } {
    if (this.#heldPlans.has(plan.id)) return { planId: plan.id, code: [] };
    this.#heldPlans.add(plan.id);
    const lacking: [string, string][] = [];
    for (const { key } of plan.modules) {
      if (this.#heldCode.has(key)) continue;
      const js = code(key);
      this.#heldCode.add(key);
      this.#heldCharacters += js.length;
      lacking.push([key, js]);
    }
    return { planId: plan.id, plan, code: lacking };
  }

  #receive(message: FromChild | undefined, ready: () => void): void {
    if (message === undefined) return void this.#process.kill("SIGKILL");
    if (message.type === "ready" || message.type === "idle") {
      ready();
      if (this.#state === "starting" || this.#state === "cleaning") this.#setState("idle");
      return;
    }
    const current = this.#current;
    if (current === undefined || current.runId !== message.runId) return;
    if (message.type === "logs") return current.request.onLogs(message.entries);
    if (message.type === "import") return void this.#answerImport(current, message);
    if (message.type === "unlinked") return this.#explainImport(current, message);
    this.#current = undefined;
    this.#setState("cleaning");
    this.unref();
    current.finish(message);
  }

  async #answerImport(current: CurrentRun, { importId, specifier, referrer }: { importId: number; specifier: string; referrer: string }): Promise<void> {
    const answer = await current.request.onImport(specifier, referrer);
    if (this.#current !== current) return;
    const head = { type: "imported", runId: current.runId, importId } as const;
    if (answer.kind === "failure") this.#send({ ...head, failure: answer.failure });
    else if (answer.kind === "sdk") this.#send({ ...head, sdk: true, zod: true });
    else {
      current.explainers.set(importId, (error) => answer.explain(error));
      const [oldest] = current.explainers.keys();
      if (current.explainers.size > MAX_EXPLAINERS && oldest !== undefined) current.explainers.delete(oldest);
      const { plan, code } = { plan: answer.plan, ...this.#planPart(answer.plan, (key) => answer.code(key)) };
      this.#send({ ...head, plan, code, zod: answer.zod });
    }
  }

  #explainImport({ runId, explainers }: CurrentRun, { importId, error }: { importId: number; error: string }): void {
    const refused = JSON.parse(error) as LinkError;
    const failure = explainers.get(importId)?.(refused).failure ?? { name: "SyntaxError", message: refused.message, code: "ERR_MODULE_SYNTAX" };
    this.#send({ type: "imported", runId, importId, failure });
  }

  #send(message: ToChild): void {
    // A child that has just died cannot be written to; its "close" event tells the rest.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  #setState(state: State): void {
    this.#state = state;
    clearTimeout(this.#cleaning);
    if (state === "cleaning") this.#cleaning = setTimeout(() => this.#process.kill("SIGKILL"), CLEANING_MS).unref();
    this.onChange();
  }

  #end(exitCode: number | null, signal: string | null): void {
    if (this.#state === "ended") return;
    const current = this.#current;
    this.#current = undefined;
    this.#setState("ended");
    current?.crash(exitCode, signal);
  }
}
