// What the RPC is made of, as whoever composes it passes it in. Optional parts whose absence takes routes away say so.
import type { FastifyBaseLogger } from "fastify";
import type { ReadDataOptions } from "../data-options.ts";
import type { Host } from "../host.ts";
import type { Observe } from "../observe/observe.ts";
import type { Schedules } from "../queue/schedules.ts";
import type { WorkspaceSettings } from "../settings.ts";
import type { Origin } from "../snapshot/origin.ts";
import type { Tokens } from "./tokens.ts";

export interface ServerLimits {
  /** Of one request's body. Above `inputBytes` of any workspace, or inputs of that size cannot be sent. */
  readonly bodyBytes: number;
  /** Of all requests' bodies that are held at once; small ones are not counted. */
  readonly bodiesBytes: number;
  /** Until all headers are there. */
  readonly headersMs: number;
  /** Until the whole request is there; not how long its answer may take. */
  readonly requestMs: number;
  /** How long a connection may wait for its next request. Longer than that of a load balancer in front. */
  readonly keepAliveMs: number;
  /** Between two comments in a stream that has nothing to say. */
  readonly heartbeatMs: number;
  /** After which a reader of a stream who takes nothing is given up. */
  readonly stalledMs: number;
}

const MB = 1024 * 1024;

/** What else stands in a body that has an input. */
const AROUND_INPUT_BYTES = 8 * MB;

const DEFAULT_SERVER_LIMITS: ServerLimits = Object.freeze({
  bodyBytes: 40 * MB,
  bodiesBytes: 256 * MB,
  headersMs: 15_000,
  requestMs: 120_000,
  keepAliveMs: 75_000,
  heartbeatMs: 15_000,
  stalledMs: 60_000,
});

/** Settings of workspaces, as they are stored. */
export interface SettingsAccess extends Pick<Origin, "workspace" | "ownSettings" | "updateSettings"> {
  /** What holds where a workspace has nothing of its own. */
  readonly defaults: WorkspaceSettings;
}

export interface ServerParts {
  /** For a process that answers nothing else. All routes where absent. */
  readonly only?: "health" | undefined;
  readonly host: Host;
  readonly tokens: Tokens;
  /** No routes under /v1/workspaces where absent. */
  readonly settings?: SettingsAccess | undefined;
  /** No schedules where absent. */
  readonly schedules?: Schedules | undefined;
  /** No options of data providers where absent. */
  readonly dataOptions?: ReadDataOptions | undefined;
  /** For /metrics, which is not there where this is absent. */
  readonly metrics?: { readonly contentType: string; text(): Promise<string> } | undefined;
  readonly observe?: Observe | undefined;
  /** pino. */
  readonly log: FastifyBaseLogger;
  /** As `serverLimits` has them for what is absent. */
  readonly limits?: Partial<ServerLimits> | undefined;
}

/** The same with nothing left open. */
export interface RouteParts extends ServerParts {
  readonly observe: Observe;
  readonly limits: ServerLimits;
  /** Aborts when the server is to end: whoever listens for longer is sent home. */
  readonly closing: AbortSignal;
}

/** Where operators let inputs be larger than they are by default, bodies may be larger as well. */
export function serverLimits({ limits = {}, settings }: Pick<ServerParts, "limits" | "settings">): ServerLimits {
  const inputBytes = settings?.defaults.limits.inputBytes ?? 0;
  const bodyBytes = limits.bodyBytes ?? Math.max(DEFAULT_SERVER_LIMITS.bodyBytes, inputBytes + AROUND_INPUT_BYTES);
  return { ...DEFAULT_SERVER_LIMITS, bodiesBytes: Math.max(DEFAULT_SERVER_LIMITS.bodiesBytes, 2 * bodyBytes), ...limits, bodyBytes };
}
