// What whoever runs the service does over the RPC: configuration, schedules, workspaces, tokens, and looking after it.
import { segment } from "./client-address.ts";
import type { CallOptions, Calls } from "./client-calls.ts";
import type { ConfigBody, ConfigEntryAnswer } from "./contract-config.ts";
import type { ScheduleAnswer, ScheduleBody, ScheduleEntry } from "./contract-schedules.ts";
import type { ChosenWorkspace, NewToken, TokenBody, TokenEntry, WorkspaceAnswer, WorkspaceBody } from "./contract-workspaces.ts";

export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly message?: string | undefined }[];
}

export interface SecretOptions extends CallOptions {
  /** Who may read it: `path::export`, a path, a directory that ends in `/`, or `*`. Absent: as it was, and of a new one nobody. */
  readonly grantedTo?: readonly string[] | undefined;
}

export interface AdminCalls {
  /** What `config.get(key)` gives to workflows. */
  readonly config: {
    list(options?: CallOptions): Promise<readonly ConfigEntryAnswer[]>;
    /** A secret's value is never given. */
    get(key: string, options?: CallOptions): Promise<ConfigEntryAnswer>;
    /** Any JSON but null, for every workflow to read. */
    set(key: string, value: unknown, options?: CallOptions): Promise<ConfigEntryAnswer>;
    setSecret(key: string, secret: string, options?: SecretOptions): Promise<ConfigEntryAnswer>;
    /** All that may read the secret from now on. */
    setGrants(key: string, grantedTo: readonly string[], options?: CallOptions): Promise<ConfigEntryAnswer>;
    /** Who may read it as well. */
    grant(key: string, references: readonly string[], options?: CallOptions): Promise<ConfigEntryAnswer>;
    /** Refused where one of them is not granted as it is written here. */
    revoke(key: string, references: readonly string[], options?: CallOptions): Promise<ConfigEntryAnswer>;
    delete(key: string, options?: CallOptions): Promise<void>;
  };
  readonly schedules: {
    list(options?: CallOptions): Promise<readonly ScheduleEntry[]>;
    get(name: string, options?: CallOptions): Promise<ScheduleAnswer>;
    /** Makes it, or replaces it. */
    set(name: string, schedule: ScheduleBody, options?: CallOptions): Promise<ScheduleAnswer>;
    delete(name: string, options?: CallOptions): Promise<void>;
  };
  readonly workspaces: {
    /** The one that this client's calls are about. */
    current(options?: CallOptions): Promise<ChosenWorkspace>;
    /** Names. */
    list(options?: CallOptions): Promise<readonly string[]>;
    get(name: string, options?: CallOptions): Promise<WorkspaceAnswer>;
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
  async function configure(key: string, body: ConfigBody, { signal }: CallOptions = {}): Promise<ConfigEntryAnswer> {
    // Revoked a second time, it is not granted.
    const repeatable = body.revoke === undefined;
    return (await calls.json({ method: "PUT", path: configAt(key), body: JSON.stringify(body), repeatable, signal })) as ConfigEntryAnswer;
  }

  return {
    config: {
      async list({ signal } = {}) {
        const answer = await calls.json({ method: "GET", path: "/v1/config", repeatable: true, signal });
        return (answer as { readonly entries: readonly ConfigEntryAnswer[] }).entries;
      },
      get: async (key, { signal } = {}) => (await calls.json({ method: "GET", path: configAt(key), repeatable: true, signal })) as ConfigEntryAnswer,
      set: (key, value, options) => configure(key, { value }, options),
      setSecret: (key, secret, { grantedTo, ...options } = {}) => configure(key, { secret, ...(grantedTo && { grantedTo: [...grantedTo] }) }, options),
      setGrants: (key, grantedTo, options) => configure(key, { grantedTo: [...grantedTo] }, options),
      grant: (key, references, options) => configure(key, { grant: [...references] }, options),
      revoke: (key, references, options) => configure(key, { revoke: [...references] }, options),
      delete: async (key, { signal } = {}) => void (await calls.json({ method: "DELETE", path: configAt(key), signal })),
    },
    schedules: {
      async list({ signal } = {}) {
        const answer = await calls.json({ method: "GET", path: "/v1/schedules", repeatable: true, signal });
        return (answer as { readonly schedules: readonly ScheduleEntry[] }).schedules;
      },
      get: async (name, { signal } = {}) => (await calls.json({ method: "GET", path: scheduleAt(name), repeatable: true, signal })) as ScheduleAnswer,
      set: async (name, schedule, { signal } = {}) =>
        (await calls.json({ method: "PUT", path: scheduleAt(name), body: JSON.stringify(schedule), repeatable: true, signal })) as ScheduleAnswer,
      delete: async (name, { signal } = {}) => void (await calls.json({ method: "DELETE", path: scheduleAt(name), signal })),
    },
    workspaces: {
      current: async ({ signal } = {}) => (await calls.json({ method: "GET", path: "/v1/workspace", repeatable: true, signal })) as ChosenWorkspace,
      async list({ signal } = {}) {
        const answer = await calls.json({ method: "GET", path: "/v1/workspaces", repeatable: true, signal });
        return (answer as { readonly workspaces: readonly { readonly name: string }[] }).workspaces.map(({ name }) => name);
      },
      get: async (name, { signal } = {}) => (await calls.json({ method: "GET", path: workspaceAt(name), repeatable: true, signal })) as WorkspaceAnswer,
      set: async (name, settings, { signal } = {}) => {
        const path = workspaceAt(name);
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

function configAt(key: string): string {
  return `/v1/config/${segment(key)}`;
}

function workspaceAt(name: string): string {
  return `/v1/workspaces/${segment(name)}`;
}

function scheduleAt(name: string): string {
  return `/v1/schedules/${segment(name)}`;
}
