// What whoever runs the service does over the RPC: configuration, schedules, workspaces, tokens, and looking after it.
import { segment } from "./client-address.ts";
import type { CallOptions, Calls } from "./client-calls.ts";
import type { NewToken, TokenBody, TokenEntry, WorkspaceAnswer, WorkspaceBody } from "./contract-workspaces.ts";

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly message?: string | undefined }[];
}

export interface AdminCalls {
  readonly workspaces: {
    /** Names. */
    list(options?: CallOptions): Promise<readonly string[]>;
    /** Makes it where there is none. */
    set(name: string, settings?: WorkspaceBody["settings"], options?: CallOptions): Promise<WorkspaceAnswer>;
  };
  readonly tokens: {
    list(options?: CallOptions): Promise<readonly TokenEntry[]>;
    /** Its `token` is shown this once. */
    create(token: TokenBody, options?: CallOptions): Promise<NewToken>;
    delete(id: string, options?: CallOptions): Promise<void>;
  };
  /** Resolves also where it is not ready. */
  ready(options?: CallOptions): Promise<Readiness>;
  /** As Prometheus reads them. */
  metrics(options?: CallOptions): Promise<string>;
  /** The OpenAPI document. */
  openapi(options?: CallOptions): Promise<unknown>;
}

export function createAdminCalls(calls: Calls): AdminCalls {
  return {
    workspaces: {
      async list({ signal } = {}) {
        const answer = await calls.json({ method: "GET", path: "/v1/workspaces", repeatable: true, signal });
        return (answer as { readonly workspaces: readonly { readonly name: string }[] }).workspaces.map(({ name }) => name);
      },
      set: async (name, settings, { signal } = {}) => {
        const path = `/v1/workspaces/${segment(name)}`;
        return (await calls.json({ method: "PUT", path, body: JSON.stringify({ settings }), repeatable: true, signal })) as WorkspaceAnswer;
      },
    },
    tokens: {
      async list({ signal } = {}) {
        const answer = await calls.json({ method: "GET", path: "/v1/tokens", repeatable: true, signal });
        return (answer as { readonly tokens: readonly TokenEntry[] }).tokens;
      },
      create: async (token, { signal } = {}) => (await calls.json({ method: "POST", path: "/v1/tokens", body: JSON.stringify(token), signal })) as NewToken,
      delete: async (id, { signal } = {}) => void (await calls.json({ method: "DELETE", path: `/v1/tokens/${segment(id)}`, signal })),
    },
    ready: async ({ signal } = {}) => (await calls.json({ method: "GET", path: "/ready", alsoStatus: 503, repeatable: true, signal })) as Readiness,
    metrics: async ({ signal } = {}) => calls.text({ method: "GET", path: "/metrics", repeatable: true, signal }),
    openapi: async ({ signal } = {}) => calls.json({ method: "GET", path: "/openapi.json", repeatable: true, signal }),
  };
}
