// The environment, read once and here only, as one frozen Config.
import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { Fault } from "./errors.ts";
import { LAYER_NAMES, type LayerName } from "./process/hardening/layers.ts";
import { parseSettings } from "./settings-text.ts";
import { checkTogether, DEFAULT_SETTINGS, withOwnSettings, type WorkspaceSettings } from "./settings.ts";

export interface Config {
  /** PostgreSQL; undefined means the embedded database in `dataDirectory`. */
  readonly databaseUrl: string | undefined;
  /** Redis; undefined means an in-process store. */
  readonly redisUrl: string | undefined;
  readonly dataDirectory: string;
  readonly cacheDirectory: string;
  /** How many executions run at once. */
  readonly processes: number;
  /** What holds where a workspace has nothing of its own. */
  readonly defaults: WorkspaceSettings;
  /** Layers of protection around a child process without which none is started. */
  readonly required: readonly LayerName[];
  readonly noColor: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Throws ERR_CONFIG_INVALID, naming the variable and its value. */
export function readConfig(environment: Environment = process.env): Config {
  const databaseUrl = url(environment, "DATABASE_URL", ["postgres:", "postgresql:"]);
  const redisUrl = url(environment, "REDIS_URL", ["redis:", "rediss:"]);
  return Object.freeze({
    databaseUrl,
    redisUrl,
    dataDirectory:
      directory(environment["BIFROST_DATA"]) ?? join(directory(environment["XDG_DATA_HOME"]) ?? join(home(environment), ".local", "share"), "bifrost-executor"),
    cacheDirectory: join(directory(environment["XDG_CACHE_HOME"]) ?? join(home(environment), ".cache"), "bifrost-executor"),
    processes: count(environment, "BIFROST_PROCESSES") ?? Math.max(2, availableParallelism()),
    defaults: defaults(environment, "BIFROST_DEFAULTS"),
    required: requiredLayers(environment, "BIFROST_REQUIRE"),
    noColor: (environment["NO_COLOR"] ?? "") !== "",
  });
}

/** One variable by the name that a user gives: for values that are no configuration. Undefined where it is not set. */
export function readVariable(name: string, environment: Environment = process.env): string | undefined {
  return environment[name];
}

function home(environment: Environment): string {
  return directory(environment["HOME"]) ?? homedir();
}

function directory(value: string | undefined): string | undefined {
  return value === undefined || value === "" ? undefined : value;
}

function url(environment: Environment, name: string, protocols: readonly string[]): string | undefined {
  const value = directory(environment[name]);
  if (value === undefined) return undefined;
  if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value;
  // The value may hold a password: only what stands before "://" is shown.
  throw new Fault(
    "ERR_CONFIG_INVALID",
    `${name} is not a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")} (it begins with ${JSON.stringify(value.split("://")[0]?.slice(0, 20))}). Correct it, or unset it for the embedded default.`,
    { details: { setting: name } },
  );
}

function count(environment: Environment, name: string): number | undefined {
  const value = directory(environment[name]);
  if (value === undefined) return undefined;
  if (/^[1-9]\d{0,3}$/.test(value)) return Number(value);
  throw new Fault("ERR_CONFIG_INVALID", `${name} is ${JSON.stringify(value)}; a whole number from 1 to 9999 is wanted.`, {
    details: { setting: name, received: value },
  });
}

/** `uid,network`, or `all`. */
function requiredLayers(environment: Environment, name: string): readonly LayerName[] {
  const names = (environment[name] ?? "").split(/[\s,]+/).filter((each) => each !== "");
  const unknown = names.find((each) => each !== "all" && !LAYER_NAMES.includes(each as LayerName));
  if (unknown === undefined) return names.includes("all") ? LAYER_NAMES : LAYER_NAMES.filter((each) => names.includes(each));
  throw new Fault("ERR_CONFIG_INVALID", `${name} names ${JSON.stringify(unknown)}, which is no layer. The layers are: ${LAYER_NAMES.join(", ")}; or all.`, {
    details: { setting: name, received: unknown, expected: [...LAYER_NAMES, "all"].join(" ") },
  });
}

/** `memory=256mb,timeout=10m`: as `bifrost-executor workspace set` reads them, parted by commas or spaces. */
function defaults(environment: Environment, name: string): WorkspaceSettings {
  const assignments = (environment[name] ?? "").split(/[\s,]+/).filter((text) => text !== "");
  if (assignments.length === 0) return DEFAULT_SETTINGS;
  try {
    const change = Object.entries(parseSettings(assignments)).filter(([, value]) => value !== null);
    const settings = withOwnSettings(DEFAULT_SETTINGS, Object.fromEntries(change));
    checkTogether(settings);
    return settings;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { path, ...details } = error.details;
    throw new Fault("ERR_CONFIG_INVALID", `${name}: ${error.message}`, { cause: error, details: { setting: name, key: path, ...details } });
  }
}
