// The client of the RPC, put together from its topics. Reaches no engine: it needs fetch and nothing else.
import type { Execution } from "../completion.ts";
import { segment } from "./client-address.ts";
import { createCalls, type CallOptions, type ClientOptions } from "./client-calls.ts";
import { createExecutionCalls, type ExecutionCalls } from "./client-executions.ts";
import { createAdminCalls, type AdminCalls } from "./client-admin.ts";
import { createFileCalls, type FileCalls } from "./client-files.ts";
import type { DataOptionsAnswer, WorkflowEntry } from "./contract-workflows.ts";

export interface WorkflowFilter extends CallOptions {
  readonly kind?: WorkflowEntry["kind"] | undefined;
  /** False for what was deleted; both where absent. */
  readonly active?: boolean | undefined;
}

/** Every method rejects with RpcFault, and with the reason of the signal that ended it. */
export interface Client extends AdminCalls {
  readonly executions: ExecutionCalls;
  readonly files: FileCalls;
  readonly workflows: {
    list(filter?: WorkflowFilter): Promise<readonly WorkflowEntry[]>;
    /** By UUID, `path::export`, path or name. */
    get(reference: string, options?: CallOptions): Promise<WorkflowEntry>;
  };
  /** What a data provider offers; the execution where it failed to tell: `"options" in answer` says which. */
  options(dataProvider: string, input?: unknown, options?: CallOptions): Promise<DataOptionsAnswer | Execution>;
  /** Resolves where the service is there; needs no token. */
  health(options?: CallOptions): Promise<{ readonly status: "ok" }>;
}

/** Opens nothing: each call is a request. Throws RpcFault (ERR_INPUT_INVALID) for a URL or a token that cannot be one. */
export function createClient(options: ClientOptions): Client {
  const calls = createCalls(options);
  return {
    executions: createExecutionCalls(calls),
    files: createFileCalls(calls),
    workflows: {
      async list({ kind, active, signal } = {}) {
        const answer = await calls.json({ method: "GET", path: "/v1/workflows", query: { kind, active }, repeatable: true, signal });
        return (answer as { readonly workflows: readonly WorkflowEntry[] }).workflows;
      },
      get: async (reference, { signal } = {}) =>
        (await calls.json({ method: "GET", path: `/v1/workflows/${segment(reference)}`, repeatable: true, signal })) as WorkflowEntry,
    },
    options: async (dataProvider, input, { signal } = {}) => {
      const path = `/v1/data-providers/${segment(dataProvider)}/options`;
      return (await calls.json({ method: "POST", path, body: JSON.stringify({ input }), repeatable: true, signal })) as DataOptionsAnswer | Execution;
    },
    health: async ({ signal } = {}) => (await calls.json({ method: "GET", path: "/health", repeatable: true, signal })) as { readonly status: "ok" },
    ...createAdminCalls(calls),
  };
}
