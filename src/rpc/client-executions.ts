// Executions over the RPC: asking for them, and all that is told of them.
import type { Execution } from "../completion.ts";
import type { ExecutionPage, ExecutionState, ExecutionSummary } from "../executions/ledger.ts";
import { segment } from "./client-address.ts";
import type { Call, CallOptions, Calls } from "./client-calls.ts";
import { followLines, type FollowedLine } from "./client-lines.ts";
import type { ExecutionStateWithInput } from "./contract-execution.ts";
import type { ExecuteBody, ListQuery } from "./contract-executions.ts";
import type { LogPage, LogsQuery } from "./contract-logs.ts";

export interface ExecuteOptions extends Omit<ExecuteBody, "workflow" | "input" | "mode" | "waitMs">, CallOptions {
  /** The input as JSON text, in place of the input: sent as it stands. */
  readonly inputJson?: string | undefined;
}

export type ValidateOptions = Pick<ExecuteOptions, "inputJson" | "limits" | "snapshotId" | "signal">;

export interface LogOptions extends CallOptions {
  /** Number of the last line that is known already; 0 where absent. */
  readonly after?: number | undefined;
  /** How long to go on trying while the service is away, in milliseconds; 60,000 where absent. */
  readonly patienceMs?: number | undefined;
}

export interface Cancellation {
  readonly id: string;
  /** How far it had to go: not begun yet, told through `ctx.signal`, its isolate disposed of, its process killed. */
  readonly phase: "waiting" | "signal" | "dispose" | "kill";
}

/** Every method rejects with RpcFault. What was asked for twice with one `id`, or one `idempotencyKey`, is one execution. */
export interface ExecutionCalls {
  /**
   * Resolves however it ended, as soon as it has: however long that takes. Rejects where none began. A lost connection is made again
   * only where `id` or `idempotencyKey` is given: without, nobody could know whether it began.
   */
  run(workflow: string, input?: unknown, options?: ExecuteOptions): Promise<Execution>;
  /** Resolves when it is kept: it will have exactly one end. */
  start(workflow: string, input?: unknown, options?: ExecuteOptions): Promise<ExecutionState>;
  /** Everything but the call of the workflow's function. */
  validate(workflow: string, input?: unknown, options?: ValidateOptions): Promise<Execution>;
  get(id: string, options?: CallOptions): Promise<ExecutionStateWithInput>;
  /** Waits for the end. */
  result(id: string, options?: CallOptions): Promise<Execution>;
  /** Resolves when it has ended as cancelled. Rejects with ERR_EXECUTION_ENDED where it came to another end. */
  cancel(id: string, options?: CallOptions): Promise<Cancellation>;
  /** Newest first, page after page as they are wanted. */
  list(filter?: Omit<ListQuery, "cursor">, options?: CallOptions): AsyncIterable<ExecutionSummary>;
  page(filter?: ListQuery, options?: CallOptions): Promise<ExecutionPage>;
  /** Lines as they come, until it has ended; over a new connection where one is lost, without gaps and without repeating any. */
  logs(id: string, options?: LogOptions): AsyncIterable<FollowedLine>;
  /** Lines so far, or of the record; never those of executions inside. */
  logPage(id: string, query?: LogsQuery, options?: CallOptions): Promise<LogPage>;
}

/** How long one request waits for an end: what stands between client and service must not lose patience with it. */
const WAIT_MS = 50_000;

export function createExecutionCalls(calls: Calls): ExecutionCalls {
  async function result(id: string, { signal }: CallOptions = {}): Promise<Execution> {
    const call: Call = { method: "GET", path: `${at(id)}/result`, query: { waitMs: WAIT_MS }, waitMs: WAIT_MS, repeatable: true, signal };
    for (;;) {
      const answer = await askedFor(call);
      if (hasEnded(answer)) return answer;
    }
  }

  async function askedFor(call: Call): Promise<Execution | ExecutionState> {
    return (await calls.json(call)) as Execution | ExecutionState;
  }

  return {
    result,
    async run(workflow, input, options = {}) {
      const answer = await askedFor({ ...execution(workflow, input, { ...options, mode: "sync", waitMs: WAIT_MS }), waitMs: WAIT_MS });
      return hasEnded(answer) ? answer : await result(answer.id, options);
    },
    start: async (workflow, input, options = {}) => (await calls.json(execution(workflow, input, { ...options, mode: "async" }))) as ExecutionState,
    async validate(workflow, input, { signal, inputJson, ...options } = {}) {
      const body = bodyText({ workflow, ...options }, inputJson ?? JSON.stringify(input));
      return (await calls.json({ method: "POST", path: "/v1/validate", body, waitMs: WAIT_MS, repeatable: true, signal })) as Execution;
    },
    get: async (id, { signal } = {}) => (await calls.json({ method: "GET", path: at(id), repeatable: true, signal })) as ExecutionStateWithInput,
    cancel: async (id, { signal } = {}) => (await calls.json({ method: "POST", path: `${at(id)}/cancel`, repeatable: true, signal })) as Cancellation,
    async *list(filter = {}, options) {
      let cursor: string | undefined;
      do {
        const { executions, next } = await page({ ...filter, cursor }, options);
        yield* executions;
        cursor = next;
      } while (cursor !== undefined);
    },
    page,
    logs: (id, { after = 0, signal, patienceMs = 60_000 } = {}) =>
      followLines({
        url: calls.url,
        open: (last, signal) =>
          calls.open({
            method: "GET",
            path: `${at(id)}/logs`,
            headers: { accept: "text/event-stream", ...(last > 0 && { "last-event-id": String(last) }) },
            signal,
          }),
        after,
        signal,
        patienceMs,
      }),
    logPage: async (id, query = {}, { signal } = {}) =>
      (await calls.json({ method: "GET", path: `${at(id)}/logs`, query: { ...query }, repeatable: true, signal })) as LogPage,
  };

  async function page(filter: ListQuery = {}, { signal }: CallOptions = {}): Promise<ExecutionPage> {
    return (await calls.json({ method: "GET", path: "/v1/executions", query: filter, repeatable: true, signal })) as ExecutionPage;
  }
}

function at(id: string): string {
  return `/v1/executions/${segment(id)}`;
}

type Asked = ExecuteOptions & Pick<ExecuteBody, "mode" | "waitMs">;

function execution(workflow: string, input: unknown, { signal, inputJson, ...asked }: Asked): Call {
  const repeatable = asked.id !== undefined || asked.idempotencyKey !== undefined;
  return { method: "POST", path: "/v1/executions", body: bodyText({ workflow, ...asked }, inputJson ?? JSON.stringify(input)), repeatable, signal };
}

/** The input is not read again: its numbers keep their digits. */
function bodyText(request: Readonly<Record<string, unknown>>, inputJson: string | undefined): string {
  const text = JSON.stringify(request);
  return inputJson === undefined ? text : `${text.slice(0, -1)},"input":${inputJson}}`;
}

function hasEnded(answer: Execution | ExecutionState): answer is Execution {
  return "logs" in answer;
}
