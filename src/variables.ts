// Every environment variable: what it means, the form it takes, and how it is read. From this table the configuration, its
// errors, the help of the commands and the README's table are made.
import { parseDuration } from "./duration.ts";
import { Fault } from "./errors.ts";
import { LAYER_NAMES, type LayerName } from "./process/hardening/layers.ts";
import { parseSettings } from "./settings-text.ts";
import { checkTogether, DEFAULT_SETTINGS, withOwnSettings, type WorkspaceSettings } from "./settings.ts";
import { SecretKeys } from "./workspace/secret-keys.ts";

export interface Variable<Value> {
  /** Sentences for the README and the help. */
  readonly meaning: string;
  /** What is wanted, as it stands after "is wanted". */
  readonly form: string;
  /** What holds where it is not set, in words. */
  readonly standard: string;
  readonly example: string;
  /** Its value is in no message and no log. */
  readonly secret?: true;
  /** Undefined for what is not of the form. Throws a Fault where more can be said. */
  readonly read: (text: string, name: string) => Value | undefined;
}

/** Characters of a token that somebody made up: fewer could be guessed. */
export const LEAST_TOKEN = 24;

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type ShownLogLevel = (typeof LOG_LEVELS)[number];

export const VARIABLES = {
  DATABASE_URL: variable({
    meaning: "PostgreSQL. A password may be given apart, in `PGPASSWORD`.",
    form: "postgres://user:password@host:port/database",
    standard: "the embedded database in `BIFROST_DATA`",
    example: "postgres://bifrost:…@localhost:5432/bifrost",
    secret: true,
    read: urlOf("postgres:", "postgresql:"),
  }),
  REDIS_URL: variable({
    meaning: "Redis: cache, queue and live logs of many hosts. Needed by `serve` without `--work`, and by `work`.",
    form: "redis://user:password@host:port",
    standard: "a cache in the process; over a shared database HEAD is then asked for at every run",
    example: "redis://executor:…@localhost:6379",
    secret: true,
    read: urlOf("redis:", "rediss:"),
  }),
  BIFROST_DATA: variable({
    meaning:
      "Directory of the embedded database, made with mode 0700. One process at a time: a second one waits up to 10 s and then fails, and says who has it.",
    form: "a directory",
    standard: "`$XDG_DATA_HOME/bifrost-executor`",
    example: "/var/lib/bifrost",
    read: asIs,
  }),
  BIFROST_DEFAULTS: variable({
    meaning: "Settings of `--directory` runs, and of workspaces where they have none of their own, written as for `workspace set`.",
    form: "settings, parted by commas",
    standard: "the built-in ones",
    example: "memory=256mb,timeout=10m",
    read: defaultsOf,
  }),
  BIFROST_REQUIRE: variable({
    meaning: "Layers of protection without which nothing is started, as `doctor` names them.",
    form: "names, parted by commas, or all",
    standard: "none",
    example: "uid,network,seccomp",
    read: layersOf,
  }),
  BIFROST_PROCESSES: variable({
    meaning: "How many child processes run something at once.",
    form: "a whole number from 1 to 9999",
    standard: "the number of cores, at least 2",
    example: "8",
    read: whole(1, 9999),
  }),
  BIFROST_SLOTS: variable({
    meaning: "How many executions a host takes from the queue at once.",
    form: "a whole number from 1 to 9999",
    standard: "as many as `BIFROST_PROCESSES`",
    example: "8",
    read: whole(1, 9999),
  }),
  BIFROST_HOST: variable({
    meaning: "Address that `serve` listens on. Anything but this machine's own needs TLS in front of it.",
    form: "a name or an address",
    standard: "127.0.0.1",
    example: "0.0.0.0",
    read: (text) => (/^[\w.:-]{1,255}$/u.test(text) ? text : undefined),
  }),
  BIFROST_PORT: variable({
    meaning: "Port that `serve` listens on; 0 takes a free one.",
    form: "a whole number from 0 to 65535",
    standard: "8484",
    example: "8080",
    read: whole(0, 65_535),
  }),
  BIFROST_TOKEN: variable({
    meaning: "For `serve` the first admin token; for commands with `--url` the token they show. Make one with `openssl rand -hex 32`.",
    form: `${LEAST_TOKEN} to 200 letters, digits and any of - . _ ~ + / =`,
    standard: "none",
    example: "…",
    secret: true,
    read: (text) => (text.length >= LEAST_TOKEN && /^[\w.~+/=-]{1,200}$/u.test(text) ? text : undefined),
  }),
  BIFROST_SECRETS_KEY: variable({
    meaning:
      "Keys that secrets in the configuration of workspaces are encrypted with: the first encrypts, all decrypt. Make one with `openssl rand -base64 32`, and keep it: without it they are lost. To change it, put the new one first on every host, run `bifrost-executor config rotate`, then take the old one away.",
    form: "32 bytes in base64, or several of these parted by commas",
    standard: "none: no secrets can be stored or read",
    example: "…",
    secret: true,
    read: (text, name) => new SecretKeys(text, name),
  }),
  BIFROST_DRAIN: variable({
    meaning: "How long executions may go on after SIGTERM before they are handed back to the queue.",
    form: "a duration such as 500ms, 30s or 2m",
    standard: "30s",
    example: "2m",
    read: (text, name) => asConfiguration(name, () => parseDuration(text, name)),
  }),
  BIFROST_HOST_NAME: variable({
    meaning: "What this host is called in its log, and in the database's table of hosts.",
    form: "1 to 100 printable characters",
    standard: "the machine's name",
    example: "executor-1",
    read: (text) => (/^[\x20-\x7e]{1,100}$/u.test(text) ? text : undefined),
  }),
  BIFROST_LOG_LEVEL: variable({
    meaning: "What `serve` and `work` log, as JSON lines on stderr; as text where that is a terminal.",
    form: `one of ${LOG_LEVELS.join(" ")}`,
    standard: "info",
    example: "warn",
    read: (text) => LOG_LEVELS.find((level) => level === text),
  }),
  BIFROST_URL: variable({
    meaning: "The service that commands which can be asked with `--url` talk to.",
    form: "http://host:port or https://host",
    standard: "none: they open the database themselves",
    example: "https://bifrost.example.org",
    read: urlOf("http:", "https:"),
  }),
  XDG_DATA_HOME: variable({ meaning: "Where data of this user is kept.", form: "a directory", standard: "`~/.local/share`", example: "/srv/data", read: asIs }),
  XDG_CACHE_HOME: variable({
    meaning:
      "Where compiled code of `--directory` runs is kept, and what children read when they start; safe to delete. A host that is root and whose home is closed keeps the latter in `/var/cache/bifrost-executor`, where its children's users can read it.",
    form: "a directory",
    standard: "`~/.cache`",
    example: "/var/cache",
    read: asIs,
  }),
  NO_COLOR: variable({ meaning: "Set to anything, it turns colour off.", form: "any text", standard: "colour on a terminal", example: "1", read: () => true }),
} as const;

export type VariableName = keyof typeof VARIABLES;
export type VariableValue<Name extends VariableName> = NonNullable<ReturnType<(typeof VARIABLES)[Name]["read"]>>;

/** Undefined where it is not set, or empty. Throws ERR_CONFIG_INVALID, naming the variable and, unless it is secret, its value. */
export function readVariableOf<Name extends VariableName>(
  environment: Readonly<Record<string, string | undefined>>,
  name: Name,
): VariableValue<Name> | undefined {
  const text = environment[name];
  if (text === undefined || text === "") return undefined;
  const { form, secret, read }: Variable<unknown> = VARIABLES[name];
  const value = read(text, name);
  if (value !== undefined) return value as VariableValue<Name>;
  const shown = secret === true ? { said: "is set to something else", details: {} } : { said: `is ${JSON.stringify(text)}`, details: { received: text } };
  throw new Fault("ERR_CONFIG_INVALID", `${name} ${shown.said}; ${form} is wanted.`, { details: { setting: name, expected: form, ...shown.details } });
}

/** Rows of the README's table: a line for each variable. */
export function variablesTable(): string {
  const rows = Object.entries<Variable<unknown>>(VARIABLES).map(([name, { meaning, form, standard, example, secret }]) => {
    const cells = [`\`${name}\``, secret === true ? `${meaning} Secret.` : meaning, form, standard, example === "…" ? "" : `\`${example}\``];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return ["| variable | meaning | form | where it is not set | example |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function variable<Value>(about: Variable<Value>): Variable<Value> {
  return Object.freeze(about);
}

function asIs(text: string): string {
  return text;
}

function whole(from: number, to: number): (text: string) => number | undefined {
  return (text) => (/^(0|[1-9]\d{0,8})$/u.test(text) && Number(text) >= from && Number(text) <= to ? Number(text) : undefined);
}

function urlOf(...protocols: readonly string[]): (text: string, name: string) => string {
  return (text, name) => {
    if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text;
    // The value may hold a password: only what stands before "://" is shown.
    const scheme = /^([a-z][a-z0-9+.-]{0,19}):\/\//iu.exec(text)?.[1];
    const wanted = protocols.map((protocol) => `${protocol}//`).join(" or ");
    throw new Fault(
      "ERR_CONFIG_INVALID",
      `${name} is not a URL that begins with ${wanted} (${scheme === undefined ? "it has no ://" : `it begins with "${scheme}"`}). Correct it, or unset it.`,
      { details: { setting: name } },
    );
  };
}

/** `uid,network`, or `all`. */
function layersOf(text: string, name: string): readonly LayerName[] {
  const names = text.split(/[\s,]+/u).filter((each) => each !== "");
  const unknown = names.find((each) => each !== "all" && !LAYER_NAMES.includes(each as LayerName));
  if (unknown === undefined) return names.includes("all") ? LAYER_NAMES : LAYER_NAMES.filter((each) => names.includes(each));
  throw new Fault("ERR_CONFIG_INVALID", `${name} names ${JSON.stringify(unknown)}, which is no layer. The layers are: ${LAYER_NAMES.join(", ")}; or all.`, {
    details: { setting: name, received: unknown, expected: [...LAYER_NAMES, "all"].join(" ") },
  });
}

/** `memory=256mb,timeout=10m`: as `bifrost-executor workspace set` reads them, parted by commas or spaces. */
function defaultsOf(text: string, name: string): WorkspaceSettings {
  const assignments = text.split(/[\s,]+/u).filter((each) => each !== "");
  if (assignments.length === 0) return DEFAULT_SETTINGS;
  return asConfiguration(name, () => {
    const change = Object.entries(parseSettings(assignments)).filter(([, value]) => value !== null);
    const settings = withOwnSettings(DEFAULT_SETTINGS, Object.fromEntries(change));
    checkTogether(settings);
    return settings;
  });
}

/** What reads arguments of commands blames the caller; here the operator wrote them. */
function asConfiguration<Value>(name: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { path, ...details } = error.details;
    const message = path === name ? error.message : `${name}: ${error.message}`;
    throw new Fault("ERR_CONFIG_INVALID", message, { cause: error, details: { setting: name, ...(path === name ? {} : { key: path }), ...details } });
  }
}
