// `bifrost-executor serve`: the RPC, alone or with an executor in the same process, over servers or all in one.
import type { Config } from "../config.ts";
import { Fault } from "../errors.ts";
import { helpText, parseArguments, usageFault, type Arguments, type CommandSpec } from "./arguments.ts";
import type { World } from "./command.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { hostOf, live, openLog, portOf, variablesText } from "./serving.ts";

const SPEC: CommandSpec = {
  name: "bifrost-executor serve",
  summary: "Answers over HTTP: executions, files, workflows, logs. Runs until SIGTERM or SIGINT; then ends in order, and at once at the second.",
  operands: [],
  options: {
    work: { help: "also take executions, in this process" },
    embedded: { help: "all in one, without servers: a database in --data that is this process's alone; takes executions" },
    data: { value: "DIR", help: "with --embedded: directory of the database, made where there is none (BIFROST_DATA)" },
    host: { value: "H", help: "address to listen on (BIFROST_HOST, 127.0.0.1)" },
    port: { value: "N", help: "port to listen on, 0 for a free one (BIFROST_PORT, 8484)" },
  },
};

const NOTES = `Needs DATABASE_URL and REDIS_URL, REDIS_URL not with --work, and neither with --embedded. Nothing is open without a token but
/health: BIFROST_TOKEN gives the first, and \`bifrost-executor tokens\` makes others. TLS is for a proxy in front.
exit codes: 0 ended as told  2 usage  69 the configuration, the port or a server is in the way

`;

export async function serveCommand(argv: readonly string[], world: World): Promise<number> {
  const parsed = await parseArguments(SPEC, argv);
  if (parsed.has("help")) {
    const notes =
      NOTES +
      variablesText([
        "DATABASE_URL",
        "REDIS_URL",
        "BIFROST_TOKEN",
        "BIFROST_SECRETS_KEY",
        "BIFROST_SLOTS",
        "BIFROST_PROCESSES",
        "BIFROST_DRAIN",
        "BIFROST_HOST_NAME",
        "BIFROST_LOG_LEVEL",
        "BIFROST_REQUIRE",
        "BIFROST_DEFAULTS",
      ]);
    world.terminal.out(helpText({ ...SPEC, notes }));
    return EXIT_SUCCESS;
  }
  const config = configOf(parsed, world.config());
  const works = parsed.has("work") || parsed.has("embedded");
  const log = await openLog(world, config);
  const { openServing } = await import("../open-serving.ts");
  await using service = await openServing({ config, works, answers: "all", log });
  if (config.databaseUrl === undefined && service.url !== undefined) {
    const { tellHolder } = await import("../../db/directory-lock.ts");
    tellHolder(config.dataDirectory, service.url);
  }
  return await live({ service, world, config, log, facts: { executions: works ? config.slots : "on other hosts" } });
}

/** Throws ERR_INPUT_INVALID for options that contradict each other, and ERR_CONFIG_INVALID for what is missing. */
function configOf(parsed: Arguments, given: Config): Config {
  const embedded = parsed.has("embedded");
  const data = parsed.text("data");
  if (data !== undefined && !embedded) {
    throw usageFault("--data is for --embedded: with servers, DATABASE_URL says where the data is.", {
      path: "--data",
      expected: "--embedded",
      received: data,
    });
  }
  const [host, port] = [parsed.text("host"), parsed.text("port")];
  const listen = {
    host: host === undefined ? given.listen.host : hostOf(host, "--host"),
    port: port === undefined ? given.listen.port : portOf(port, "--port"),
  };
  if (embedded) return { ...given, listen, databaseUrl: undefined, redisUrl: undefined, dataDirectory: data ?? given.dataDirectory };
  if (!parsed.has("work")) requireServers(given);
  return { ...given, listen };
}

function requireServers({ databaseUrl, redisUrl }: Config): void {
  const missing = databaseUrl === undefined ? "DATABASE_URL" : redisUrl === undefined ? "REDIS_URL" : undefined;
  if (missing === undefined) return;
  throw new Fault(
    "ERR_CONFIG_INVALID",
    `${missing} is not set: serve takes no executions itself, and reaches the hosts that do (bifrost-executor work) through PostgreSQL and Redis. Set DATABASE_URL and REDIS_URL; or have this process execute as well: serve --work, or serve --embedded, which needs no servers.`,
    { details: { setting: missing } },
  );
}
