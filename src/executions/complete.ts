// From how the child's run ended to how the execution ended: status, result or error.
import type { InputProblem } from "../../sandbox/host.d.ts";
import type { ExecutionError, TerminalStatus } from "../completion.ts";
import type { Fault } from "../errors.ts";
import { fromFault, fromGuestError, simpleError, type MapStack } from "../execution-error.ts";
import type { RoomUsage } from "../isolate/room-job.ts";
import type { LinkError } from "../isolate/room-outcome.ts";
import type { RunEnd } from "../process/run-request.ts";
import type { StopPhase, StopReason } from "../process/kill-ladder.ts";
import { isLongerThan, type Limits } from "../limits.ts";
import { readData, readError, readExports, readLinkError, readOptionsProblem, readProblems, readRefusal } from "./room-texts.ts";

export interface Completion {
  readonly status: TerminalStatus;
  /** Where the workflow returned. */
  readonly result?: unknown;
  readonly error?: ExecutionError;
}

export interface CompletionContext {
  readonly entry: { readonly path: string; readonly exportName: string };
  readonly limits: Limits;
  readonly mapStack: MapStack;
  readonly hashOf: (path: string) => string | undefined;
  /** What the author must read when V8 refused to link: computed from the sources, since V8 does not name the importer. */
  readonly explainLink: (error: LinkError) => Fault;
}

/** Never throws: the text of an answer was written in a process that runs untrusted code. */
export function complete(end: RunEnd, context: CompletionContext): Completion {
  try {
    return completionOf(end, context);
  } catch {
    return failed(simpleError("ERR_INTERNAL", "Error", "The room gave an answer that nobody understands."));
  }
}

function completionOf(end: RunEnd, context: CompletionContext): Completion {
  if (end.kind === "stopped") return stopped(end.reason, { limits: context.limits, phase: end.phase, usage: end.usage });
  if (end.kind === "crashed") return failed(crashError(end));
  const { outcome } = end;
  switch (outcome.kind) {
    case "terminated":
      return outcome.limitMs === undefined
        ? stopped(outcome.reason, { limits: context.limits, phase: "dispose", usage: end.usage })
        : timedOut("the workflow's own timeout", { limit: outcome.limitMs, amount: end.usage.wallMs });
    case "exceeded":
      return failed(outcome.limit === "resultBytes" ? tooLarge(outcome.amount, context.limits) : tooManyCalls(outcome, context.limits));
    case "threw":
      return failed(fromThrown(outcome.error, { ...context, usage: end.usage }));
    case "rejected-link":
      return failed(fromFault(context.explainLink(readLinkError(outcome.error)), context.hashOf));
    case "answered":
      return answered(outcome.text, { ...context, usage: end.usage });
  }
}

export function failed(error: ExecutionError): Completion {
  return { status: "Failed", error };
}

interface Stop {
  readonly limits: Limits;
  readonly phase: StopPhase;
  readonly usage: RoomUsage;
}

function stopped(reason: StopReason, { limits, phase, usage }: Stop): Completion {
  switch (reason) {
    case "wall":
      return timedOut("its wall-clock limit", { limit: limits.wallMs, amount: usage.wallMs });
    case "cpu":
      return {
        status: "Timeout",
        error: simpleError(
          "ERR_TIMEOUT_CPU",
          "TimeoutError",
          `The execution used more processor time than its limit of ${limits.cpuMs} ms. Look for a loop that does not end, or raise the limit.`,
          { limit: limits.cpuMs, amount: Math.ceil(usage.cpuMs) },
        ),
      };
    case "memory":
      return failed(memoryError(limits, usage));
    case "cancelled":
      return { status: "Cancelled", error: simpleError("ERR_CANCELLED", "CancelledError", `The execution was cancelled${HOW[phase]}.`, { phase }) };
  }
}

const HOW: Readonly<Record<StopPhase, string>> = {
  signal: ": it ended by itself when it was told",
  dispose: "",
  kill: " and its process killed, because it did not stop otherwise",
};

function timedOut(what: string, { limit, amount }: { readonly limit: number; readonly amount: number }): Completion {
  const message = `The execution did not end within ${what} of ${limit} ms. Make it shorter, or raise that limit.`;
  return { status: "Timeout", error: simpleError("ERR_TIMEOUT_WALL", "TimeoutError", message, { limit, amount: Math.ceil(amount) }) };
}

function memoryError(limits: Limits, { peakMemoryBytes: amount }: RoomUsage): ExecutionError {
  const limit = limits.memoryBytes === 0 ? "one process can have" : `its limit of ${limits.memoryBytes} bytes`;
  return simpleError("ERR_MEMORY_LIMIT", "MemoryLimitError", `The execution used more memory than ${limit}. Hold less at once, or raise the limit.`, {
    limit: limits.memoryBytes,
    // What was seen of it: it may have asked for much more at once.
    amount,
  });
}

function tooLarge(amount: number, { resultBytes: limit }: Limits): ExecutionError {
  const message = `The result is ${amount} bytes of JSON; at most ${limit} are kept. Return less, or store it elsewhere and return where.`;
  return simpleError("ERR_RESULT_TOO_LARGE", "ResultError", message, { limit, amount });
}

function tooManyCalls(
  { limit, amount }: { readonly limit: "pendingCalls" | "totalCalls" | "resultBytes"; readonly amount: number },
  limits: Limits,
): ExecutionError {
  const most = limits[limit];
  const message =
    limit === "pendingCalls"
      ? `The execution waited for ${amount} timers, imports and host calls at once; at most ${most} may be open. Start them in smaller batches, each after the one before.`
      : `The execution called the host ${amount} times; at most ${most} calls are allowed. Do more with each call, or split the work over several executions.`;
  return simpleError("ERR_HOST_CALL_LIMIT", "HostCallLimitError", message, { limit: most, amount, which: limit });
}

const SHARED_FATE: Readonly<Record<StopReason, string>> = {
  wall: "did not end within its wall-clock limit",
  cpu: "used up its processor time",
  memory: "used more memory than its limit",
  cancelled: "did not stop when it was cancelled",
};

type Crash = Extract<RunEnd, { kind: "crashed" }>;

function crashError({ exitCode, signal, because }: Crash): ExecutionError {
  const how = signal === null ? `exit code ${exitCode}` : `signal ${signal}`;
  if (because !== undefined)
    return simpleError(
      "ERR_PROCESS_CRASH",
      "ProcessCrashError",
      `The process was killed because another execution of this workspace that shared it ${SHARED_FATE[because]}. Run it again; executions share a process only where the workspace's concurrency is above 1.`,
      { exitCode, signal, because },
    );
  return simpleError(
    "ERR_PROCESS_CRASH",
    "ProcessCrashError",
    `The process that ran the execution died (${how}). Other executions are not affected; run it again, and look for heavy native work such as huge arrays.`,
    { exitCode, signal },
  );
}

const BUFFERS_EXHAUSTED = /^RangeError: Array buffer allocation failed\n {4}at [^\n]*\(<anonymous>\)(?:\n|$)/;

function fromThrown(text: string, { mapStack, limits, usage }: CompletionContext & { readonly usage: RoomUsage }): ExecutionError {
  const error = readError(text);
  // V8 reports an exhausted buffer allocator as an ordinary RangeError; to the author it is the memory limit. One that
  // the author throws by that name stands in no function of V8's own.
  const isV8s = error.name === "RangeError" && error.message === "Array buffer allocation failed" && BUFFERS_EXHAUSTED.test(error.stack);
  if (isV8s) return { ...fromGuestError(error, mapStack), ...memoryError(limits, usage) };
  return fromGuestError(error, mapStack);
}

function answered(text: string, context: CompletionContext & { readonly usage: RoomUsage }): Completion {
  const body = text.slice(1);
  switch (text[0]) {
    case "R":
    case "F":
      if (isLongerThan(body, context.limits.resultBytes)) return failed(tooLarge(Buffer.byteLength(body), context.limits));
      return { status: text[0] === "R" ? "Success" : "CompletedWithErrors", result: readData(body) };
    case "D":
      return { status: "Success", result: readData(body) };
    case "I":
      return failed(inputError(readProblems(body)));
    case "S": {
      const { path, found, message } = readRefusal(body);
      return failed(simpleError("ERR_RESULT_NOT_SERIALIZABLE", "ResultError", message, { path, found }));
    }
    case "O":
      return failed(optionsError(readOptionsProblem(body)));
    case "X": {
      const { exports, found } = readExports(body);
      return failed(notExecutable(context.entry, exports, found));
    }
    case "E":
      return failed(fromThrown(body, context));
    default:
      throw new Error(`unknown outcome ${String(text[0])}`);
  }
}

function inputError(problems: readonly InputProblem[]): ExecutionError {
  const lines = problems.map(
    ({ path, expected, received, message }) => `  ${path}: expected ${expected}, received ${received}${message === "" ? "" : ` (${message})`}`,
  );
  return simpleError("ERR_INPUT_INVALID", "InputError", `The input does not fit the workflow's parameters:\n${lines.join("\n")}`, { problems });
}

function optionsError({ path, expected, received }: ReturnType<typeof readOptionsProblem>): ExecutionError {
  const message = `A data provider returns a list of { label, value, metadata? }: at ${path}, ${expected} is expected, and there is ${received}.`;
  return simpleError("ERR_RESULT_INVALID", "ResultError", message, { path, expected, received });
}

export function notExecutable(entry: { readonly path: string; readonly exportName: string }, exports: readonly string[], found: string): ExecutionError {
  const { path, exportName } = entry;
  const what =
    found === "undefined"
      ? `${path} has no export ${JSON.stringify(exportName)}`
      : `The export ${JSON.stringify(exportName)} of ${path} is ${/^[aeiou]/.test(found) ? "an" : "a"} ${found}, not a workflow, tool or data provider`;
  const has = exports.length === 0 ? "It exports nothing." : `It exports: ${exports.join(", ")}.`;
  const advice = found === "undefined" ? "" : " Wrap it: export default workflow(async (params, ctx) => { … }).";
  return simpleError("ERR_EXECUTABLE_NOT_FOUND", "NotFoundError", `${what}. ${has}${advice}`, { path, exportName, exports, found });
}
