// One run in a child, as the supervisor follows it: its limits from outside, its imports and calls, its one end.
import type { RoomUsage } from "../isolate/room-job.ts";
import type { LinkError, RoomOutcome } from "../isolate/room-outcome.ts";
import type { HeldCode } from "./held-code.ts";
import { climbKillLadder, type Ladder, type LadderOptions, type StopReason } from "./kill-ladder.ts";
import type { FromRun, RunMessage, ToChild } from "./protocol.ts";
import type { ImportFailure, RunEnd, RunRequest } from "./run-request.ts";

/** What a run needs of the child it runs in. */
export interface RunGround {
  readonly pid: number;
  readonly held: HeldCode;
  share: LadderOptions["share"];
  send(message: ToChild): void;
  kill(reason: StopReason): void;
  /** Ends a child that does what ours never does. */
  distrust(what: string): void;
}

export interface ProcessDeath {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly lastWords: string;
  /** The kernel or V8 ended it for its memory. */
  readonly outOfMemory: boolean;
  readonly because: StopReason | undefined;
}

/** Nothing says that an import has been linked well, and author code may import for as long as it may run. */
const MAX_EXPLAINERS = 1000;
/** Who is told so often why V8 links none of it needs no longer story; each takes a walk through the whole closure. */
const MAX_EXPLAINED = 200;

export class ChildRun {
  readonly runId: number;
  readonly request: RunRequest;
  readonly #ground: RunGround;
  readonly #ladder: Ladder;
  readonly #startedAt = performance.now();
  readonly #end = Promise.withResolvers<RunEnd>();
  /** Of imports that were answered with modules, by id. */
  readonly #explainers = new Map<number, (error: LinkError) => ImportFailure>();
  #asked = 0;
  #explained = 0;
  #over = false;

  constructor(runId: number, request: RunRequest, ground: RunGround) {
    this.runId = runId;
    this.request = request;
    this.#ground = ground;
    this.#ladder = climbKillLadder({
      pid: ground.pid,
      wallMs: request.wallMs,
      cpuMs: request.cpuMs,
      memoryBytes: this.memoryBytes,
      signal: request.signal,
      share: ground.share,
      tell: () => ground.send({ type: "cancel", runId }),
      ask: () => ground.send({ type: "stop", runId }),
      kill: (reason) => ground.kill(reason),
    });
  }

  get ended(): Promise<RunEnd> {
    return this.#end.promise;
  }

  get memoryBytes(): number {
    return this.request.memoryMb * 1024 * 1024;
  }

  /** Only who was asked to may say that a run was cancelled. */
  mayEndWith(outcome: RoomOutcome): boolean {
    return outcome.kind !== "terminated" || outcome.reason !== "cancelled" || this.#ladder.reason !== undefined;
  }

  message(reset: boolean): RunMessage {
    const { plan, zod, mode, exportName, input, context, wallMs, cpuMs, memoryMb, bounds, grants } = this.request;
    const { runId } = this;
    const held = this.#ground.held.lacking(plan, (key) => this.request.code(key));
    return { type: "run", runId, zod, mode, exportName, input, context, wallMs, cpuMs, memoryMb, bounds, grants, ...held, ...(reset ? { reset } : {}) };
  }

  receive(message: Exclude<FromRun, { type: "clean" | "done" }>): void {
    // The room ends a run that asks too often before it gets here; this is for a child that has another master by now.
    const asks = message.type === "import" || message.type === "call" || message.type === "unlinked";
    if (asks && ++this.#asked > 2 * this.request.bounds.totalCalls + 1) return this.#ground.distrust("it called the host more often than a run may");
    switch (message.type) {
      case "logs":
        return this.request.onLogs(message.entries);
      case "cancelling":
        return this.#ladder.told(message.listens);
      case "import":
        return this.#answer(this.#answerImport(message));
      case "unlinked":
        return this.#explainImport(message);
      case "call":
        return this.#answer(this.#answerCall(message));
    }
  }

  finish({ outcome, usage }: Extract<FromRun, { type: "done" }>): void {
    const { reason, phase, peakGrowthBytes } = this.#ladder;
    const whole = { ...usage, peakMemoryBytes: Math.max(usage.peakMemoryBytes, peakGrowthBytes) };
    this.#settle(reason === undefined ? { kind: "outcome", outcome, usage: whole } : { kind: "stopped", reason, phase, usage: whole });
  }

  crash({ exitCode, signal, lastWords, outOfMemory, because }: ProcessDeath): void {
    const { reason, phase } = this.#ladder;
    const usage = this.#measured();
    if (reason !== undefined) this.#settle({ kind: "stopped", reason, phase, usage });
    else if (outOfMemory && because === undefined) this.#settle({ kind: "stopped", reason: "memory", phase: "kill", usage });
    else this.#settle({ kind: "crashed", exitCode, signal, lastWords, because, usage });
  }

  #answer(work: Promise<void>): void {
    work.catch((error: unknown) => this.#ground.distrust(`it could not be answered: ${error instanceof Error ? error.message : String(error)}`));
  }

  #measured(): RoomUsage {
    return { wallMs: performance.now() - this.#startedAt, cpuMs: this.#ladder.cpuMs, peakMemoryBytes: Math.max(0, this.#ladder.peakGrowthBytes) };
  }

  #settle(end: RunEnd): void {
    this.#over = true;
    this.#ladder[Symbol.dispose]();
    this.#end.resolve(end);
  }

  async #answerImport({ importId, specifier, referrer }: Extract<FromRun, { type: "import" }>): Promise<void> {
    const answer = await this.request.onImport(specifier, referrer);
    if (this.#over) return;
    const head = { type: "imported", runId: this.runId, importId } as const;
    if (answer.kind === "failure") this.#ground.send({ ...head, failure: answer.failure });
    else if (answer.kind === "sdk") this.#ground.send({ ...head, sdk: true, zod: true });
    else {
      this.#explainers.set(importId, (error) => answer.explain(error));
      const [oldest] = this.#explainers.keys();
      if (this.#explainers.size > MAX_EXPLAINERS && oldest !== undefined) this.#explainers.delete(oldest);
      const { code } = this.#ground.held.lacking(answer.plan, (key) => answer.code(key));
      this.#ground.send({ ...head, plan: answer.plan, code, zod: answer.zod });
    }
  }

  #explainImport({ importId, error }: Extract<FromRun, { type: "unlinked" }>): void {
    const refused = JSON.parse(error) as LinkError;
    const explain = this.#explained++ < MAX_EXPLAINED ? this.#explainers.get(importId) : undefined;
    this.#explainers.delete(importId);
    const failure = explain?.(refused).failure ?? { name: "SyntaxError", message: refused.message, code: "ERR_MODULE_SYNTAX" };
    this.#ground.send({ type: "imported", runId: this.runId, importId, failure });
  }

  async #answerCall({ callId, name, argument }: Extract<FromRun, { type: "call" }>): Promise<void> {
    const { ok, text } = await this.request.onCall(name, argument);
    if (!this.#over) this.#ground.send({ type: "answered", runId: this.runId, callId, ok, text });
  }
}
