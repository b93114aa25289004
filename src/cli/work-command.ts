// `bifrost-executor work`: a host that takes executions from the queue, beside others.
import { Fault } from "../errors.ts";
import { helpText, parseArguments, type CommandSpec } from "./arguments.ts";
import type { World } from "./command.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { hostOf, live, openLog, portOf, variablesText } from "./serving.ts";

const SPEC: CommandSpec = {
  name: "bifrost-executor work",
  summary: "Takes executions and runs them, as one host among any number. Until SIGTERM or SIGINT; then ends in order, and at once at the second.",
  operands: [],
  options: {
    "health-port": { value: "N", help: "answer /health there, and with a token /ready and /metrics; 0 for a free one" },
    host: { value: "H", help: "address for --health-port (BIFROST_HOST, 127.0.0.1)" },
  },
};

const NOTES = `Needs DATABASE_URL and REDIS_URL. At SIGTERM nothing more is taken; what runs may go on for BIFROST_DRAIN, and what has not
ended then is put back where its author says that it may be run twice, and has failed where not.
exit codes: 0 ended as told  2 usage  69 the configuration, the port or a server is in the way

`;

export async function workCommand(argv: readonly string[], world: World): Promise<number> {
  const parsed = await parseArguments(SPEC, argv);
  if (parsed.has("help")) {
    const notes =
      NOTES +
      variablesText([
        "DATABASE_URL",
        "REDIS_URL",
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
  const given = world.config();
  const [port, host] = [parsed.text("health-port"), parsed.text("host")];
  const listen = {
    host: host === undefined ? given.listen.host : hostOf(host, "--host"),
    port: port === undefined ? 0 : portOf(port, "--health-port"),
  };
  for (const [name, url] of Object.entries({ DATABASE_URL: given.databaseUrl, REDIS_URL: given.redisUrl })) if (url === undefined) throw missing(name);
  const config = { ...given, listen };
  const log = await openLog(world, config);
  const { openServing } = await import("../open-serving.ts");
  await using service = await openServing({ config, works: true, answers: port === undefined ? undefined : "health", log });
  return await live({ service, world, config, log, facts: { executions: config.slots } });
}

function missing(name: string): Fault {
  return new Fault(
    "ERR_CONFIG_INVALID",
    `${name} is not set: a host that only executes hears of its work from others, through PostgreSQL and Redis. Set DATABASE_URL and REDIS_URL; for one process that does all, use serve --embedded or serve --work.`,
    { details: { setting: name } },
  );
}
