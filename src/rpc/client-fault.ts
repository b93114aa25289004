// What a call to the RPC fails with: the problem that the service answered with, or why there was no answer. A Fault like
// any other, so that whoever handles those handles this one too.
import { Fault, FAULTS, isFaultCode, type FaultDetails, type FaultOwner } from "../errors.ts";

/** The body of an answer of `application/problem+json`, as far as it is relied on. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly name?: string | undefined;
  readonly retryable?: boolean | undefined;
  readonly details?: FaultDetails | undefined;
}

interface RpcFaultOptions {
  /** Of the answer; absent where none came. */
  readonly status?: number | undefined;
  readonly retryable?: boolean | undefined;
  readonly details?: FaultDetails | undefined;
  readonly name?: string | undefined;
  readonly cause?: unknown;
  readonly retryAfterMs?: number | undefined;
}

/** `code` is one of the fault table, or one that a newer service has added to it. */
export class RpcFault extends Fault {
  /** HTTP status of the answer; undefined where none came. */
  readonly status: number | undefined;
  /** How long the service asks to be left alone, at most 30 s. */
  readonly retryAfterMs: number | undefined;
  readonly #retryable: boolean | undefined;

  constructor(code: string, message: string, { status, retryable, details, name, cause, retryAfterMs }: RpcFaultOptions = {}) {
    super(code as Fault["code"], message, { name: name ?? "Fault", cause, ...(details === undefined ? {} : { details }) });
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.#retryable = retryable;
  }

  override get owner(): FaultOwner {
    if (isFaultCode(this.code)) return FAULTS[this.code].owner;
    return (this.status ?? 500) < 500 ? "caller" : "operator";
  }

  /** Whether the same call may succeed later without any change. */
  override get retryable(): boolean {
    return this.#retryable ?? (isFaultCode(this.code) && FAULTS[this.code].retryable);
  }
}

/** What is no problem of ours was answered by something else: a proxy whose service is away (retryable), or a wrong address. */
export async function faultOf(response: Response, url: string): Promise<RpcFault> {
  const { status } = response;
  const retryAfterMs = retryAfterOf(response);
  const problem = readProblem(await response.text());
  if (problem !== undefined) {
    const { code, detail, name, retryable, details } = problem;
    return new RpcFault(code, detail, { status, retryable, details, retryAfterMs, name });
  }
  if (status === 502 || status === 503 || status === 504 || status === 429) {
    const message = `The service at ${url} is away: what stands before it answered ${status}.`;
    return new RpcFault("ERR_RPC_UNAVAILABLE", message, { status, retryable: true, retryAfterMs, details: { url } });
  }
  if (status === 413) {
    const message = `What stands before the RPC at ${url} takes no request of this size. Have its limit raised, or send less at once.`;
    return new RpcFault("ERR_INPUT_TOO_LARGE", message, { status, retryable: false, details: { url } });
  }
  return notOurs(response, url);
}

/** For an answer that bifrost-executor does not give. */
export function notOurs({ status, headers }: Response, url: string): RpcFault {
  const type = headers.get("content-type") ?? "no content type";
  const location = headers.get("location");
  const received = location === null ? `${status}, ${type}` : `${status}, to ${location}`;
  return new RpcFault("ERR_INPUT_INVALID", `What is at ${url} is not the RPC of bifrost-executor: it answered ${received}. Correct the URL.`, {
    status,
    retryable: false,
    name: "UsageError",
    details: { path: "url", expected: "the URL of bifrost-executor serve, without /v1", received },
  });
}

/** Where no answer came: refused, no such host, cut off, or silent for too long. */
export function unreachable(url: string, thrown: unknown): RpcFault {
  const cause = innermost(thrown);
  const reason = cause instanceof Error ? cause.message || ("code" in cause ? String(cause.code) : "") : String(cause);
  const message = `The service at ${url} does not answer${reason === "" ? "" : `: ${reason}`}.`;
  return new RpcFault("ERR_RPC_UNAVAILABLE", message, { retryable: true, details: { url }, cause });
}

/** fetch says "fetch failed", and why further down; where a name has several addresses, in the first of several. */
function innermost(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const inner: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown.cause;
  return inner instanceof Error ? innermost(inner) : thrown;
}

/** Only where it is a number of seconds. */
function retryAfterOf({ headers }: Response): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? "none");
  return Number.isFinite(seconds) ? Math.min(30, Math.max(0, seconds)) * 1000 : undefined;
}

function readProblem(text: string): Problem | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const problem = value as Partial<Problem> | null;
  return typeof problem === "object" && typeof problem?.code === "string" && typeof problem.detail === "string" ? (problem as Problem) : undefined;
}
