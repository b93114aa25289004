// Workflows that an execution runs from inside, through `workflows.execute`: in its slot and its snapshot, in a process of
// their own, one after the other, and never longer than it lasts itself. What the author is told of their ends is data.
import { randomUUIDv7 } from "node:crypto";
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import type { Execution, ExecutionError } from "../completion.ts";
import { FAULTS, Fault, type FaultCode } from "../errors.ts";
import { isLongerThan } from "../limits.ts";
import type { Completion } from "./complete.ts";
import type { Order, PinnedSnapshot } from "./order.ts";
import { scrubOutcome } from "./scrub.ts";
import type { Reader } from "../workspace/config-grants.ts";

export interface NestedPowers {
  /** Runs the order in this snapshot and records it. Secrets stand in what it resolves to, though not in what is recorded. */
  run(order: Order, pinned: PinnedSnapshot): Promise<Execution>;
}

export interface NestedScene {
  readonly order: Order;
  readonly pinned: PinnedSnapshot;
  /** What runs in the execution that asks. */
  readonly entry: Reader;
  readonly powers: NestedPowers;
}

/** JSON, as sandbox/sdk/workflows.ts reads it. */
export type NestedAnswer = { readonly result: unknown } | { readonly error: NestedError };

export interface NestedError {
  readonly name: string;
  readonly message: string;
  /** Of the table; the author reads it as `error.code`. */
  readonly code?: FaultCode | undefined;
  /** The code that the execution which asked fails with, if nobody catches the error. */
  readonly faultCode?: FaultCode | undefined;
  readonly userFacing?: true | undefined;
  /** Of the execution that failed; undefined where none began. */
  readonly executionId?: string | undefined;
}

/** Disposing of it cancels what runs, and waits until that has ended and is recorded. */
export interface NestedRuns extends AsyncDisposable {
  /** Does what it is given when all before it have had their turn; undefined where the execution has ended by then. Never rejects, if that does not. */
  inTurn<Answer>(act: () => Promise<Answer>): Promise<Answer | undefined>;
  /** Rejects only with a defect of ours. */
  execute(asked: { readonly reference: string; readonly input?: unknown }): Promise<NestedAnswer>;
  /** Of an error that one of these runs left with the author: where it came from, which the author was not told. */
  explain(completion: Completion): Completion;
}

/** Nobody is there any more to be told. */
const TOO_LATE: NestedAnswer = { error: { name: "CancelledError", message: "The execution is ending.", code: "ERR_CANCELLED" } };
/** An author may fail at these for as long as the execution may last. */
const MAX_KEPT_ERRORS = 50;
const MAX_KEPT_CHARACTERS = 10_000;
const MAX_KEPT_FRAMES = 50;

export function createNestedRuns({ order, pinned, entry, powers }: NestedScene): NestedRuns {
  const beganAt = performance.now();
  const stop = new AbortController();
  const failures = new Map<string, ExecutionError>();
  const chain = [...(order.parent?.chain ?? []), `${entry.path}::${entry.exportName}`];
  let last: Promise<unknown> = Promise.resolve();

  // Before the process of this execution hears of it: who waits is told after what it waits for.
  const onAbort = (): void => stop.abort();
  if (order.signal?.aborted === true) onAbort();
  else order.signal?.addEventListener("abort", onAbort, { once: true });

  function inTurn<Answer>(act: () => Promise<Answer>): Promise<Answer | undefined> {
    const turn = last.then(async () => {
      if (stop.signal.aborted) return undefined;
      // The event loop turns in between: a thousand that fail at once must not be one stretch of work to everybody else.
      await setImmediate();
      return await act();
    });
    last = turn.catch(() => {});
    return turn;
  }

  async function execute({ reference, input = {} }: { readonly reference: string; readonly input?: unknown }): Promise<NestedAnswer> {
    const { callDepth, inputBytes } = order.limits;
    if (stop.signal.aborted) return TOO_LATE;
    if (chain.length > callDepth) return { error: { ...factsOf(depthFault(chain, callDepth)), faultCode: "ERR_CALL_DEPTH" } };
    const inputJson = JSON.stringify(input);
    if (isLongerThan(inputJson, inputBytes)) {
      const message = `The input for ${JSON.stringify(reference)} is longer than ${inputBytes} bytes of JSON. Send less, or send where it is stored.`;
      return { error: factsOf(new Fault("ERR_INPUT_TOO_LARGE", message)) };
    }
    try {
      const execution = await powers.run(orderFor(reference, inputJson), pinned);
      // It had what was left of the time: then that of this execution is over too, and how it ends is not for author code to say.
      if (execution.error?.code === "ERR_TIMEOUT_WALL" && timeLeft() === 1) return await stopped();
      return answerTo(execution);
    } catch (error) {
      if (error instanceof Fault) return { error: factsOf(error) };
      throw error;
    }
  }

  /** 0 for no limit, as everywhere. */
  function timeLeft(): number {
    const { wallMs } = order.limits;
    return wallMs === 0 ? 0 : Math.max(1, Math.floor(wallMs - (performance.now() - beganAt)));
  }

  async function stopped(): Promise<NestedAnswer> {
    if (!stop.signal.aborted) await once(stop.signal, "abort");
    return TOO_LATE;
  }

  function orderFor(reference: string, inputJson: string): Order {
    const { workspace, limits, handed, id: parentId, onNestedLog, onHostCall } = order;
    const id = randomUUIDv7();
    return {
      id,
      workspace,
      reference,
      inputJson,
      mode: "call",
      limits: { ...limits, wallMs: timeLeft() },
      nested: true,
      parent: { id: parentId, chain },
      handed,
      signal: stop.signal,
      onLog: onNestedLog === undefined ? undefined : (line) => onNestedLog(line, { id, parentId, reference }),
      onNestedLog,
      onHostCall,
    };
  }

  /** Secrets pass between workflows that may both read them; what was granted to the other alone is not passed on. */
  function answerTo(execution: Execution): NestedAnswer {
    const { id, error, result } = scrubOutcome(execution, order.handed.withheldFrom(entry));
    if (error === undefined) return { result: result ?? null };
    failures.set(id, shortened(error));
    const [oldest] = failures.keys();
    if (failures.size > MAX_KEPT_ERRORS && oldest !== undefined) failures.delete(oldest);
    const { name, message, code } = error;
    return {
      error: {
        ...(code !== undefined && isOurs(code) ? hidden(code) : { name, message, code }),
        ...(code === "ERR_CALL_DEPTH" ? { faultCode: code } : {}),
        ...(error.userFacing === true ? { userFacing: true } : {}),
        executionId: id,
      },
    };
  }

  function explained(error: ExecutionError): ExecutionError {
    const { cause: ownCause, details, ...told } = error;
    const { executionId, ...others } = details ?? {};
    const failure = typeof executionId === "string" ? failures.get(executionId) : undefined;
    const depth = told.code === "ERR_CALL_DEPTH" ? { limit: order.limits.callDepth, amount: order.limits.callDepth + 1 } : {};
    const known = { ...others, ...depth, ...(failure === undefined ? {} : { executionId, ...(failure.code === undefined ? {} : { code: failure.code }) }) };
    const cause = ownCause === undefined ? failure : explained(ownCause);
    return { ...told, ...(cause === undefined ? {} : { cause }), ...(Object.keys(known).length === 0 ? {} : { details: known }) };
  }

  return {
    inTurn,
    execute,
    explain: (completion) => (completion.error === undefined ? completion : { ...completion, error: explained(completion.error) }),
    async [Symbol.asyncDispose]() {
      order.signal?.removeEventListener("abort", onAbort);
      stop.abort();
      await last;
    },
  };
}

function depthFault(chain: readonly string[], limit: number): Fault {
  const shown = chain.length > 8 ? [...chain.slice(0, 3), "…", ...chain.slice(-4)] : chain;
  return new Fault(
    "ERR_CALL_DEPTH",
    `Workflows execute one another ${chain.length} deep; at most ${limit} are allowed (${shown.join(" → ")} → …). Look for workflows that execute each other in a circle.`,
    { name: "CallDepthError" },
  );
}

/** Neither the author's nor the limits' doing: its message speaks of servers and of ourselves. */
function isOurs(code: FaultCode): boolean {
  const { owner } = FAULTS[code];
  return owner === "operator" || owner === "project";
}

function hidden(code: FaultCode): NestedError {
  return { name: "Error", message: `The workflow could not be executed: ${FAULTS[code].meaning}`, code };
}

function factsOf({ code, name, message }: Fault): NestedError {
  return isOurs(code) ? hidden(code) : { name: name === "Fault" ? "Error" : name, message, code };
}

/** What is kept of it beside the record. */
function shortened(error: ExecutionError): ExecutionError {
  const { name, message, stack, frames, cause } = error;
  return {
    ...error,
    name: cut(name),
    message: cut(message),
    stack: cut(stack),
    frames: frames.slice(0, MAX_KEPT_FRAMES),
    ...(cause === undefined ? {} : { cause: shortened(cause) }),
  };
}

function cut(text: string): string {
  return text.length > MAX_KEPT_CHARACTERS ? `${text.slice(0, MAX_KEPT_CHARACTERS)}…` : text;
}
