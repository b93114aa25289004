// What `serve` and `work` have in common: one process that starts, says so, and ends when it is told to.
import type { Config } from "../config.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { listenForInterruption } from "./interruption.ts";
import type { World } from "./command.ts";
import type { ServiceLog } from "../observe/logging.ts";
import type { Serving } from "../open-serving.ts";
import { columns, usageFault } from "./arguments.ts";
import { readVersion } from "./version.ts";
import { VARIABLES } from "../variables.ts";

/** How often it is looked whether who started this process is still there. */
const LOOK_FOR_LAUNCHER_MS = 1000;

export async function openLog({ terminal, variable }: World, config: Config): Promise<ServiceLog> {
  const [{ createLog }, { passwordOf }] = await Promise.all([import("../observe/logging.ts"), import("../observe/log-lines.ts")]);
  const passwords = [config.databaseUrl, config.redisUrl].flatMap((url) => passwordOf(url));
  return createLog({
    level: config.logLevel,
    readable: terminal.errIsTerminal,
    write: (text) => terminal.err(text),
    secrets: [config.token, variable("BIFROST_SECRETS_KEY"), variable("PGPASSWORD"), ...passwords],
    facts: { host: config.hostName, pid: process.pid },
  });
}

export interface Life {
  readonly service: Serving;
  readonly world: World;
  readonly config: Config;
  readonly log: ServiceLog;
  /** What it is, for the first line of the log. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Until a signal comes, or who has started it is gone. Whoever is told twice ends at once. */
export async function live({ service, world, config, log, facts }: Life): Promise<number> {
  using interruption = listenForInterruption();
  using _launcher = watchLauncher(world, () => process.kill(process.pid, "SIGTERM"));
  const redis = config.redisUrl === undefined ? "none" : URL.parse(config.redisUrl)?.host;
  log.info("started", { url: service.url, id: service.host.id, ...facts, database: service.database, redis, version: readVersion() });
  if (!interruption.signal.aborted) await new Promise((resolve) => interruption.signal.addEventListener("abort", resolve, { once: true }));
  log.info("stopping: nothing more is taken", { graceMs: config.drainMs });
  await service.stop(config.drainMs);
  log.info("stopped");
  return EXIT_SUCCESS;
}

/** An older Node cannot become this process, and stands beside it: what kills that one must end this one too. */
function watchLauncher({ variable }: World, onGone: () => void): Disposable {
  const launcher = Number(variable("BIFROST_LAUNCHER"));
  if (launcher !== process.ppid) return { [Symbol.dispose]: () => undefined };
  const timer = setInterval(() => {
    if (process.ppid === launcher) return;
    clearInterval(timer);
    onGone();
  }, LOOK_FOR_LAUNCHER_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Of an option that gives a port. */
export function portOf(text: string, option: string): number {
  const port = VARIABLES.BIFROST_PORT.read(text, option);
  if (port !== undefined) return port;
  const expected = VARIABLES.BIFROST_PORT.form;
  throw usageFault(`${option} is ${JSON.stringify(text)}; ${expected} is wanted.`, { path: option, expected, received: text });
}

/** Of an option that gives an address. */
export function hostOf(text: string, option: string): string {
  const host = VARIABLES.BIFROST_HOST.read(text, option);
  if (host !== undefined) return host;
  const expected = VARIABLES.BIFROST_HOST.form;
  throw usageFault(`${option} is ${JSON.stringify(text)}; ${expected} is wanted.`, { path: option, expected, received: text });
}

/** For the help: what the environment says, by name. */
export function variablesText(names: readonly (keyof typeof VARIABLES)[]): string {
  const rows = names.map((name) => [name, `${VARIABLES[name].meaning} (${VARIABLES[name].standard})`.replaceAll("`", "")] as const);
  return `environment:\n${columns(rows)}`;
}
