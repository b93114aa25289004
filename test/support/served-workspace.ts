// A service of its own for a test file, as a process over one database and one Redis, with a client and a command line for it.
import { afterAll, beforeAll } from "vitest";
import { readConfig } from "../../src/config.ts";
import { initialise } from "../../src/initialise.ts";
import { createClient, type Client } from "../../src/rpc/client.ts";
import { commandLine, type CommandLine } from "./command-line.ts";
import { LeakWatch } from "./leaks.ts";
import { freshDatabase, freshRedis } from "./servers/fresh.ts";
import { startServices, type ServiceProcess, type Services } from "./service/service-process.ts";

export interface ServedWorkspace {
  readonly services: Services;
  readonly service: ServiceProcess;
  readonly client: Client;
  readonly shell: CommandLine;
  /** For commands that are to reach the servers themselves. */
  readonly servers: Readonly<Record<string, string>>;
  /** For commands that are to ask the service. */
  readonly remote: Readonly<Record<string, string>>;
}

/** Call at the top of a test file; what it gives is there once tests run. At the end all is gone, or the file fails. */
export function useServedWorkspace(files: Readonly<Record<string, string>>): ServedWorkspace {
  const leaks = new LeakWatch({ mayStay: (text) => /esbuild/.test(text) });
  const held = new AsyncDisposableStack();
  const world = {} as { -readonly [Name in keyof ServedWorkspace]: ServedWorkspace[Name] };
  beforeAll(async () => {
    const [database, redis] = [held.use(await freshDatabase()), held.use(await freshRedis())];
    world.servers = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    await initialise(readConfig(world.servers));
    world.services = held.use(await startServices(world.servers));
    world.service = await world.services.serve({ args: ["--work"] });
    world.shell = held.use(await commandLine());
    world.remote = { BIFROST_URL: world.service.url, BIFROST_TOKEN: world.services.token };
    world.client = createClient({ url: world.service.url, token: world.services.token });
    await world.client.files.write(files);
  });
  afterAll(async () => {
    await held.disposeAsync();
    await leaks.check();
    leaks.close();
  });
  return world;
}
