// The user that compose.yaml gives to hosts, at a real Redis: everything of ours works under it, and nothing that would hurt others.
import { Redis } from "ioredis";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readConfig } from "../../src/config.ts";
import { createRedisLive } from "../../src/executions/redis-live.ts";
import { initialise } from "../../src/initialise.ts";
import { createLog } from "../../src/observe/logging.ts";
import { openServing } from "../../src/open-serving.ts";
import { createRedisQueue } from "../../src/queue/redis-queue.ts";
import { lookAtRedis } from "../../src/redis-look.ts";
import { commandOf, FORBIDDEN, FOREIGN, NEEDED, wordsOf } from "../../src/redis-rights.ts";
import { createClient } from "../../src/rpc/client.ts";
import { createRedisStore } from "../../src/snapshot/redis-store.ts";
import { describeLiveContract } from "../support/live-contract.ts";
import { describeQueueContract } from "../support/queue-contract.ts";
import { freshDatabase } from "../support/servers/fresh.ts";
import { startRedis } from "../support/servers/redis.ts";
import type { OwnServer } from "../support/servers/server.ts";
import { describeStoreContract } from "../support/store-contract.ts";

const TOKEN = "a-token-for-tests-0123456789";
const PASSWORD = "of-this-test";

/** Name and rules of each user in compose.yaml. */
function users(): readonly (readonly string[])[] {
  const { configs } = parse(readFileSync(new URL("../../compose.yaml", import.meta.url), "utf8")) as { configs: Record<string, { content: string }> };
  const lines = configs["redis-users"]?.content.trimEnd().split("\n") ?? [];
  return lines.map((line) =>
    line
      .replace(/\$\{REDIS_PASSWORD:[^}]*\}/u, PASSWORD)
      .split(" ")
      .slice(1),
  );
}

let server: OwnServer;
/** As the hosts of compose.yaml see it. */
let url: string;
/** May do everything: for looking, and for emptying between tests. */
let operator: Redis;

beforeAll(async () => {
  server = await startRedis();
  operator = new Redis(server.url);
  for (const [name = "", ...rules] of users().toReversed()) {
    // This test's own connection is the default user's, and stays what it is.
    if (name === "default") await operator.call("acl", "setuser", "everybody", ...rules);
    else await operator.call("acl", "setuser", name, "reset", ...rules);
  }
  await operator.call("acl", "log", "reset");
  const own = new URL(server.url);
  [own.username, own.password] = ["executor", PASSWORD];
  url = own.href;
});
afterAll(async () => {
  operator.disconnect();
  await server[Symbol.asyncDispose]();
});

describeStoreContract("Redis store, as the hosts' user", async () => {
  const store = createRedisStore({ url });
  return {
    store,
    async dispose() {
      await store.close();
      await operator.flushall();
    },
  };
});

describeLiveContract("over Redis, as the hosts' user", async () => {
  const [here, there] = [createRedisLive({ url, lingerMs: 200 }), createRedisLive({ url })];
  return {
    here,
    there,
    async dispose() {
      await Promise.all([here[Symbol.asyncDispose](), there[Symbol.asyncDispose]()]);
      await operator.flushall();
    },
  };
});

describeQueueContract("Over Redis, as the hosts' user", async () => {
  const queues = [createRedisQueue({ url, log: () => undefined }), createRedisQueue({ url, log: () => undefined })] as const;
  return {
    queues,
    async dispose() {
      for (const queue of queues) await queue[Symbol.asyncDispose]();
      await operator.flushall();
    },
  };
});

describe("the hosts' user of Redis", () => {
  it("is enough to serve, to execute elsewhere, and to keep options", async () => {
    await using database = await freshDatabase();
    const config = readConfig({ ...process.env, DATABASE_URL: database.url, REDIS_URL: url, BIFROST_TOKEN: TOKEN, BIFROST_PORT: "0" });
    await initialise(config);
    const log = createLog({ level: "silent", readable: false, write: () => undefined });
    await using api = await openServing({ config, works: false, answers: "all", log });
    await using _host = await openServing({ config, works: true, log });
    const client = createClient({ url: api.url ?? "", token: TOKEN });
    const options = `dataProvider({ name: "colours", cache: "1m" }, async () => [{ label: "Red", value: "r" }])`;
    await client.files.write({
      "hello.ts": 'import { workflow } from "bifrost";\nexport default workflow({ name: "hello" }, async (_, ctx) => { ctx.log.info("hi"); return 42; });\n',
      "colours.ts": `import { dataProvider } from "bifrost";\nexport default ${options};\n`,
    });
    const { id } = await client.executions.start("hello");
    const lines = [];
    for await (const { message } of client.executions.logs(id)) lines.push(message);
    expect(lines).toEqual(["hi"]);
    expect(await client.executions.result(id)).toMatchObject({ status: "Success", result: 42 });
    expect(await client.options("colours")).toMatchObject({ options: [{ label: "Red", value: "r" }], cached: false });
    expect(await client.options("colours")).toMatchObject({ options: [{ label: "Red", value: "r" }], cached: true });
  });

  // After the suites above: all of ours has been used under it by then.
  it("is refused nothing that we, BullMQ or the client ask for", async () => {
    const log = (await operator.call("acl", "log", "50")) as readonly (readonly unknown[])[];
    expect(log.map((entry) => entry[entry.indexOf("object") + 1])).toEqual([]);
  });

  it("has every right that doctor asks for, and none that it warns of", async () => {
    expect(await lookAtRedis(url)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+/u) as string,
      maxmemoryPolicy: "noeviction",
      lacking: [],
      excessive: [],
      reachesOthers: false,
    });
    const unlimited = await lookAtRedis(server.url);
    expect(unlimited.excessive).toEqual(expect.arrayContaining(["flushall", "config|get", "keys", "acl|list"]));
    expect(unlimited).toMatchObject({ lacking: [], reachesOthers: true });
  });

  it.for([...FORBIDDEN, "save", "bgsave", "eval return(redis.call('flushall')) 0", "eval return(redis.call('get','other')) 0"])(
    "is refused %s",
    async (line) => {
      const client = new Redis(url, { retryStrategy: () => null });
      try {
        const [command = "", ...rest] = wordsOf(line);
        await expect(client.call(command, ...rest)).rejects.toThrow(/NOPERM|The user executing the script can't|DEBUG command not allowed/u);
      } finally {
        client.disconnect();
      }
    },
  );

  it.for(FOREIGN)("is refused %s, which is somebody else's", async (line) => {
    const client = new Redis(url, { retryStrategy: () => null });
    try {
      const [command = "", ...rest] = wordsOf(line);
      await expect(client.call(command, ...rest)).rejects.toThrow("NOPERM");
    } finally {
      client.disconnect();
    }
  });

  it("whoever shows no password may ask whether Redis is there, and nothing else", async () => {
    await operator.call("acl", "setuser", "everybody", "on", "nopass");
    const client = new Redis(server.url, { username: "everybody", password: "anything", retryStrategy: () => null, enableReadyCheck: false });
    try {
      expect(await client.ping()).toBe("PONG");
      await expect(client.get("bifrost:module:head")).rejects.toThrow("NOPERM");
      await expect(client.publish("bifrost:live", "x")).rejects.toThrow("NOPERM");
    } finally {
      client.disconnect();
    }
  });

  it("names each command once", () => {
    const names = NEEDED.map(commandOf);
    expect(names).toEqual([...new Set(names)]);
  });
});
