// The environment, read once and here only, as one frozen Config. Which variables there are is told in variables.ts.
import { availableParallelism, homedir, hostname } from "node:os";
import { join } from "node:path";
import type { LayerName } from "./process/hardening/layers.ts";
import { DEFAULT_SETTINGS, type WorkspaceSettings } from "./settings.ts";
import { readVariableOf, type ShownLogLevel, type VariableName, type VariableValue } from "./variables.ts";
import type { SecretKeys } from "./workspace/secret-keys.ts";

export interface Config {
  /** PostgreSQL; undefined means the embedded database in `dataDirectory`. */
  readonly databaseUrl: string | undefined;
  /** Redis; undefined means an in-process store. */
  readonly redisUrl: string | undefined;
  readonly dataDirectory: string;
  readonly cacheDirectory: string;
  /** How many executions run at once. */
  readonly processes: number;
  /** How many executions a host takes from the queue at once. */
  readonly slots: number;
  /** What holds where a workspace has nothing of its own. */
  readonly defaults: WorkspaceSettings;
  /** Layers of protection around a child process without which none is started. */
  readonly required: readonly LayerName[];
  /** Where the service listens; port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** First admin token of the service; what commands show to it. */
  readonly token: string | undefined;
  /** What secrets of workspaces are encrypted with; undefined: none can be stored or read. */
  readonly secretKeys: SecretKeys | undefined;
  /** How long executions may go on once the host has been told to end. */
  readonly drainMs: number;
  readonly hostName: string;
  readonly logLevel: ShownLogLevel;
  /** The service that commands ask where they are not told otherwise. */
  readonly url: string | undefined;
  readonly noColor: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws ERR_CONFIG_INVALID, naming the variable and its value. */
export function readConfig(environment: Environment = process.env): Config {
  const read = <Name extends VariableName>(name: Name): VariableValue<Name> | undefined => readVariableOf(environment, name);
  const home = homeOf(environment);
  const processes = read("BIFROST_PROCESSES") ?? Math.max(2, availableParallelism());
  return Object.freeze({
    databaseUrl: read("DATABASE_URL"),
    redisUrl: read("REDIS_URL"),
    dataDirectory: read("BIFROST_DATA") ?? join(read("XDG_DATA_HOME") ?? join(home, ".local", "share"), "bifrost-executor"),
    cacheDirectory: join(read("XDG_CACHE_HOME") ?? join(home, ".cache"), "bifrost-executor"),
    processes,
    slots: read("BIFROST_SLOTS") ?? processes,
    defaults: read("BIFROST_DEFAULTS") ?? DEFAULT_SETTINGS,
    required: read("BIFROST_REQUIRE") ?? [],
    listen: Object.freeze({ host: read("BIFROST_HOST") ?? "127.0.0.1", port: read("BIFROST_PORT") ?? 8484 }),
    token: read("BIFROST_TOKEN"),
    secretKeys: read("BIFROST_SECRETS_KEY"),
    drainMs: read("BIFROST_DRAIN") ?? 30_000,
    hostName: read("BIFROST_HOST_NAME") ?? (hostname() || "host"),
    logLevel: read("BIFROST_LOG_LEVEL") ?? "info",
    url: read("BIFROST_URL"),
    noColor: read("NO_COLOR") ?? false,
  });
}

function homeOf({ HOME = "" }: Environment): string {
  return HOME === "" ? homedir() : HOME;
}

/** One variable by the name that a user gives: for values that are no configuration. Undefined where it is not set. */
export function readVariable(name: string, environment: Environment = process.env): string | undefined {
  return environment[name];
}
