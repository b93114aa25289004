// A room: one isolate with one realm, made ahead of need, used for one run, then thrown away.
//
// Until author code runs, everything is synchronous (fewer thread hops); from then on only the asynchronous API is used,
// because a synchronous call would drain the guest's microtasks on this thread without any limit.
import ivm from "isolated-vm";
import type { PlanModule, RoomGrants, RoomUsage, RoomJob, ImportReply, LogEntry, Plan } from "./room-job.ts";
import { callCapability, isAnsweredHere } from "./capabilities.ts";
import { startDeadline } from "./deadline.ts";
import { parseLogParts } from "./host-call-shapes.ts";
import { answerWithin, boundsText, type Exceeded, RoomCounts } from "./room-counts.ts";
import { describeSurfaced, isDisposal } from "./surfaced-error.ts";
import { IsolateUsage } from "./isolate-usage.ts";
import { ModuleGraph } from "./module-graph.ts";
import { type HostPart, makeRealm, type Realm } from "./realm.ts";
import type { SandboxBundle } from "./sandbox-bundle.ts";
import { ErrorAttribution } from "./error-attribution.ts";
import { RoomTimers } from "./room-timers.ts";
import type { RoomOutcome } from "./room-outcome.ts";

export interface RoomHost {
  onLog(entry: LogEntry): void;
  onImport(importId: number, specifier: string, referrer: string): void;
  /** A host function that this process does not know; answered with Room.settle. */
  onCall(callId: number, name: string, argument: string): void;
  /** The room behaved as its own code never does: what runs in it may have got further than it must. Text for the operator. */
  onDefect(message: string): void;
  /** V8 would not link an import's modules; answered like the import itself. JSON of {name, message, stack}. */
  onUnlinked(importId: number, error: string): void;
  code(key: string): string;
}

/** How often limits are looked at, and how long a rejected top-level await may stay unseen. */
const TICK_MS = 25;

export class Room {
  readonly memoryMb: number;
  readonly hasZod: boolean;
  readonly #isolate: ivm.Isolate;
  readonly #usage: IsolateUsage;
  readonly #realm: Realm;
  readonly #code: SandboxBundle;
  readonly #timers = new RoomTimers((id) => this.#tell("fireTimer", [id]));
  readonly #ended = Promise.withResolvers<RoomOutcome>();
  #counts: RoomCounts | undefined;
  #graph: ModuleGraph | undefined;
  #host: RoomHost | undefined;
  #enteredAt = performance.now();
  #linkedMs: number | undefined;
  #ownTimeout: NodeJS.Timeout | undefined;
  #entered: Promise<void> = Promise.resolve();
  #over = false;
  /** Nobody takes log lines any more. */
  #left = false;
  #asking = false;
  readonly #errors: ErrorAttribution;

  constructor(code: SandboxBundle, options: { readonly memoryMb: number; readonly zod: boolean; readonly grants: RoomGrants }) {
    this.#code = code;
    this.memoryMb = options.memoryMb;
    this.hasZod = options.zod;
    this.#isolate = new ivm.Isolate({ memoryLimit: options.memoryMb, onCatastrophicError: () => this.#end({ kind: "terminated", reason: "memory" }) });
    this.#usage = new IsolateUsage(this.#isolate);
    this.#realm = makeRealm(this.#isolate, code, {
      zod: options.zod,
      grants: options.grants,
      host: this.#hostPart(),
    });
    this.#errors = new ErrorAttribution({
      takeThrown: (...args) => this.#realm.takeThrown(...args),
      probe: async (path) => await this.#graph?.probe(path),
      failImport: (importId, error, thrown) => this.#tell("importFailed", [importId, error, thrown]),
      end: (outcome) => this.#end(outcome),
      isGone: (error) => this.#isGone(error),
    });
  }

  /** Links, evaluates and calls; resolves with the first end, never rejects. */
  async run(message: RoomJob, plan: Plan, host: RoomHost): Promise<{ outcome: RoomOutcome; usage: RoomUsage }> {
    this.#enteredAt = performance.now();
    this.#usage.begin();
    this.#host = host;
    this.#counts = new RoomCounts(message.bounds, () => this.#timers.size);
    const wallTimer = startDeadline(message.wallMs, () => this.stop("wall"));
    const watch = setInterval(() => this.#watch(message), TICK_MS);
    try {
      this.#entered = this.#enter(message, plan, host).then(
        (outcome) => this.#end(outcome),
        (error: unknown) => this.#surfaced(error),
      );
      const outcome = await this.#ended.promise;
      const wallMs = performance.now() - this.#enteredAt;
      const peakMemoryBytes = outcome.kind === "terminated" ? 0 : await this.#usage.heapBytes();
      return { outcome, usage: { wallMs, cpuMs: this.#usage.cpuMs(), peakMemoryBytes, linkedMs: this.#linkedMs } };
    } finally {
      this.#left = true;
      clearTimeout(wallTimer);
      clearTimeout(this.#ownTimeout);
      clearInterval(watch);
      this.#timers.clear();
    }
  }

  /** Ends the run from inside this process; what does not end by it is killed by the supervisor. */
  stop(reason: "wall" | "cpu" | "cancelled", limitMs?: number): void {
    this.#finish({ kind: "terminated", reason, ...(limitMs === undefined ? {} : { limitMs }) });
  }

  #finish(outcome: RoomOutcome): void {
    if (this.#over) return;
    this.#end(outcome);
    // The outcome is on its way to the supervisor before this call, which author code can hold up.
    setImmediate(() => this.dispose());
  }

  /** The answer to RoomHost.onCall: ok → `text` is the answer; otherwise JSON of {name, message, code?}. */
  settle(callId: number, ok: boolean, text: string): void {
    if (this.#counts?.callAnswered(callId) === true) this.#tell("settle", [callId, ok, text]);
  }

  /**
   * Aborts `ctx.signal`. True when author code has read it, so that it may be listening; false otherwise. Never rejects, and
   * stays pending for as long as author code holds the isolate.
   */
  async cancel(): Promise<boolean> {
    if (this.#over || this.#host === undefined) return false;
    try {
      return await this.#realm.cancel();
    } catch (error) {
      // What a listener threw ends the run, as an uncaught error does in Node.
      this.#surfaced(error);
      return !this.#isGone(error);
    }
  }

  async answerImport(message: ImportReply): Promise<void> {
    const { importId, failure, plan, sdk } = message;
    this.#counts?.importAnswered(importId);
    if (failure !== undefined) return this.#tell("importFailed", [importId, JSON.stringify(failure), -1]);
    try {
      if (message.zod === true) await this.#realm.ensureZod(this.#code.zod);
      const graph = this.#graph as ModuleGraph;
      const path = sdk === true ? "bifrost" : ((plan as Plan).modules[(plan as Plan).entry]?.path ?? "");
      const failedBefore = this.#errors.knownFailure(path);
      if (failedBefore !== undefined) return this.#errors.failImport(importId, failedBefore);
      const root = await this.#linked(graph, importId, sdk === true ? undefined : plan);
      if (root === undefined) return;
      this.#errors.importBegins(importId, path);
      await root.evaluate().catch((error: unknown) => this.#surfaced(error, path));
    } catch (error) {
      this.#surfaced(error);
    }
  }

  /** The workflow's own timeout. Where it is longer than the execution's limit, that one comes first. */
  #limitWall(milliseconds: number): void {
    clearTimeout(this.#ownTimeout);
    if (!this.#over) this.#ownTimeout = startDeadline(milliseconds, () => this.stop("wall", milliseconds));
  }

  /**
   * After `dispose`: resolves once nothing of the run is at work any more. Never, where author code is in a function of
   * V8's that cannot be interrupted: its thread goes on, and only the end of the process ends it.
   */
  get gone(): Promise<void> {
    return this.#entered;
  }

  dispose(): void {
    this.#over = true;
    try {
      this.#isolate.dispose();
    } catch (error) {
      if (!isDisposal(error)) throw error;
    }
  }

  #hostPart(): HostPart {
    return {
      log: (level, parts, data) => this.#log(level, parts, data),
      startTimer: (id, milliseconds) => this.#startTimer(id, milliseconds),
      stopTimer: (id) => this.#timers.stop(id),
      limitWall: (milliseconds) => this.#limitWall(milliseconds),
      call: (callId, name, argument) => this.#call(callId, name, argument),
      importModule: (importId, specifier, referrer) => {
        if (this.#may(this.#counts?.addImport(importId))) this.#host?.onImport(importId, specifier, referrer);
      },
      exceeded: (limit, amount) => void this.#may({ kind: "exceeded", limit, amount }),
      now: () => performance.now() - this.#enteredAt,
      misused: (name) => this.#misused(`the host's function ${name} was called with what its room never sends`),
    };
  }

  /** Whether what the room asks for is done: not when the run is over, and not when it passes a limit, which ends it. */
  #may(exceeded: Exceeded | undefined): boolean {
    if (exceeded !== undefined) this.#finish(exceeded);
    return !this.#over;
  }

  #misused(what: string): void {
    if (this.#over) return;
    this.#host?.onDefect(what);
    this.#finish({ kind: "terminated", reason: "cancelled" });
  }

  #log(level: LogEntry["level"], text: string, data: string | undefined): void {
    const parts = parseLogParts(text);
    if (parts === undefined) return this.#misused("a log line is not JSON of a list of texts");
    // Not "over": what was logged last may come behind the answer, by another queue.
    if (this.#left || this.#counts?.takesLine(parts, data) !== true) return;
    this.#host?.onLog({ level, parts, at: Date.now(), ...(data === undefined ? {} : { data }) });
  }

  #startTimer(id: number, milliseconds: number): void {
    if (this.#timers.has(id)) return this.#misused("one timer was started twice");
    if (this.#may(this.#counts?.addTimer())) this.#timers.start(id, milliseconds);
  }

  async #enter(message: RoomJob, plan: Plan, host: RoomHost): Promise<RoomOutcome> {
    this.#realm.begin(boundsText(message.bounds));
    if (message.zod && !this.hasZod) await this.#realm.ensureZod(this.#code.zod);
    this.#graph = new ModuleGraph(this.#isolate, this.#realm, (module: PlanModule) => host.code(module.key));
    try {
      await this.#graph.linkEntry(plan);
    } catch (error) {
      if (this.#isGone(error)) throw error;
      const { name, message: text, stack } = error as Error;
      return { kind: "rejected-link", error: JSON.stringify({ name, message: text, stack, path: this.#graph.compiling }) };
    }
    this.#linkedMs = performance.now() - this.#enteredAt;
    await this.#graph.evaluateEntry();
    const text =
      message.mode === "describe"
        ? await this.#realm.describe(message.exportName)
        : await this.#realm.invoke(message.exportName, message.input, message.context, message.mode);
    return answerWithin(message.bounds, text);
  }

  #call(callId: number, name: string, argument: string): void {
    if (this.#counts?.refusesCall(callId, argument.length) === true) return this.#misused("more was sent in host calls than a room sends");
    if (!this.#may(this.#counts?.addCall(callId, argument.length))) return;
    if (!isAnsweredHere(name)) return this.#host?.onCall(callId, name, argument);
    const { ok, text } = callCapability(name, argument);
    this.settle(callId, ok, text);
  }

  /** Calls into the room without waiting; what author code throws in there ends the run, as an uncaught error does in Node. */
  #tell(name: "fireTimer" | "settle" | "importFailed", args: readonly unknown[]): void {
    if (this.#over) return;
    this.#realm.tell(name, args).catch((error: unknown) => this.#surfaced(error));
  }

  /** Undefined where V8 would not link it: then the host is asked what the author is to be told. */
  async #linked(graph: ModuleGraph, importId: number, plan: Plan | undefined): Promise<ivm.Module | undefined> {
    try {
      return await graph.linkImport(importId, plan);
    } catch (error) {
      if (this.#isGone(error)) throw error;
      const { name, message, stack } = describeSurfaced(error);
      this.#host?.onUnlinked(importId, JSON.stringify({ name, message, stack }));
      return undefined;
    }
  }

  #surfaced(error: unknown, importing?: string): void {
    if (!this.#over) this.#errors.surfaced(error, importing);
  }

  #watch(message: RoomJob): void {
    // An isolate out of memory disposes of itself, though what runs in it may be deep in V8 and not notice.
    if (this.#isolate.isDisposed) return this.#end({ kind: "terminated", reason: "memory" });
    if (message.cpuMs > 0 && this.#usage.cpuMs() > message.cpuMs) return this.stop("cpu");
    // Where a top-level await rejects late, V8 says so only at the end of the next call.
    if (this.#asking || this.#over) return;
    this.#asking = true;
    this.#realm.tell("idle", []).then(
      () => {
        this.#asking = false;
      },
      (error: unknown) => {
        this.#asking = false;
        this.#surfaced(error);
      },
    );
  }

  #isGone(error: unknown): boolean {
    return this.#isolate.isDisposed && isDisposal(error);
  }

  #end(outcome: RoomOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended.resolve(outcome);
  }
}
