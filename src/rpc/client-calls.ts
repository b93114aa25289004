// One request and its answer: retries, and how long an answer may take. Knows HTTP, and nothing of what is called.
import { checkToken, checkUrl } from "./client-address.ts";
import { faultOf, notOurs, RpcFault, unreachable } from "./client-fault.ts";
import { backOffMs, patienceOf, pause } from "./client-time.ts";
import type * as Contract from "./contract.ts";

export interface ClientOptions {
  /** Where `bifrost-executor serve` is reached; a path before /v1 is kept. */
  readonly url: string;
  readonly token?: string | undefined;
  /** The token's own, or "default", where absent. */
  readonly workspace?: string | undefined;
  /** The runtime's own where absent. */
  readonly fetch?: typeof fetch | undefined;
  /** How often a call that may be repeated is, after a lost connection or a retryable fault; 3 where absent. */
  readonly retries?: number | undefined;
}

export interface CallOptions {
  /** Ends the call, and nothing that the call has begun. The promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface Request extends CallOptions {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** From /v1, or /health, on; encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>> | undefined;
  /** JSON text. */
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long the service may take on purpose, in milliseconds. */
  readonly waitMs?: number | undefined;
  /** Status that is an answer, and no failure, beside those of success. */
  readonly alsoStatus?: number | undefined;
}

export interface Call extends Request {
  /** Whether it may arrive twice; absent: no. */
  readonly repeatable?: boolean | undefined;
}

export interface Calls {
  readonly url: string;
  /** The answer's JSON. Rejects with RpcFault for everything but success, and where no answer came. */
  json(call: Call): Promise<unknown>;
  text(call: Call): Promise<string>;
  /** The answer as soon as it begins, asked for once: its body may take as long as it likes. */
  open(request: Request): Promise<Response>;
}

/** Named in contract.ts too, which is not loaded here. */
const WORKSPACE_HEADER: typeof Contract.WORKSPACE_HEADER = "bifrost-workspace";

/** What an answer may take beside what the service was asked to wait: after that nobody is there any more. */
const PATIENCE_MS = 60_000;

/** Throws RpcFault (ERR_INPUT_INVALID) for a URL or token that cannot be one. */
export function createCalls({ url, token, workspace, fetch: given, retries = 3 }: ClientOptions): Calls {
  const base = checkUrl(url);
  const fetched = given ?? fetch;
  const standing: Readonly<Record<string, string>> = {
    accept: "application/json",
    ...(token === undefined ? {} : { authorization: `Bearer ${checkToken(token)}` }),
    ...(workspace === undefined ? {} : { [WORKSPACE_HEADER]: encodeURIComponent(workspace) }),
  };

  async function ask({ method, path, query, body, headers, alsoStatus }: Request, signal: AbortSignal): Promise<Response> {
    const response = await fetched(`${base}${path}${queryText(query)}`, {
      method,
      headers: { ...standing, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      // A redirect would take the token elsewhere, and make a GET of a POST.
      redirect: "manual",
      signal,
      ...(body === undefined ? {} : { body }),
    });
    if (response.ok || response.status === alsoStatus) return response;
    throw await faultOf(response, url);
  }

  async function once<Answer>(request: Request, read: (response: Response) => Promise<Answer>): Promise<Answer> {
    const patience = patienceOf(PATIENCE_MS + (request.waitMs ?? 0), request.signal);
    try {
      return await read(await ask(request, patience.signal));
    } catch (thrown) {
      if (request.signal?.aborted === true) throw request.signal.reason;
      throw thrown instanceof RpcFault ? thrown : unreachable(url, thrown);
    } finally {
      patience.end();
    }
  }

  async function often<Answer>(call: Call, read: (response: Response) => Promise<Answer>): Promise<Answer> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await once(call, read);
      } catch (thrown) {
        if (call.repeatable !== true || attempt >= retries || !(thrown instanceof RpcFault && thrown.retryable)) throw thrown;
        await pause(Math.max(backOffMs(attempt), thrown.retryAfterMs ?? 0), call.signal);
      }
    }
  }

  async function readJson(response: Response): Promise<unknown> {
    const text = await response.text();
    if (text === "") return undefined;
    try {
      return JSON.parse(text);
    } catch {
      throw notOurs(response, url);
    }
  }

  return {
    url,
    json: (call) => often(call, readJson),
    text: (call) => often(call, (response) => response.text()),
    open: (request) => once(request, async (response) => response),
  };
}

/** "" where there is nothing to ask for; a list is one parameter for each. */
function queryText(query: Request["query"] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? (value as readonly string[]) : [value]) if (each !== undefined) parameters.append(name, String(each));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
