// The servers of the test run are real, a test's own share of them is empty, and what a test does to a server of its own is what happens.
import { Redis } from "ioredis";
import pg from "pg";
import { describe, expect, inject, it } from "vitest";
import { freshDatabase, freshRedis } from "../support/servers/fresh.ts";
import { startPostgres } from "../support/servers/postgres.ts";
import { startRedis } from "../support/servers/redis.ts";

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

function connect(url: string): Redis {
  const client = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0, lazyConnect: true, commandTimeout: 300 });
  client.on("error", () => undefined);
  return client;
}

describe("a database of a test's own", () => {
  it("is empty and gone after the test, and another test's is another", async () => {
    const first = await freshDatabase();
    await using second = await freshDatabase();
    await query(first.url, "create table mark (id int)");
    expect(await query(second.url, "select tablename from pg_tables where schemaname = 'public'")).toEqual([]);
    await first.drop();
    await expect(query(first.url, "select 1")).rejects.toThrow(/does not exist/u);
    expect(await query(inject("databaseUrl"), "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("of Redis is empty, apart from the others, and emptied after the test", async () => {
    const first = await freshRedis();
    await using second = await freshRedis();
    const [a, b] = [connect(first.url), connect(second.url)];
    await a.set("mark", "1");
    expect(await b.keys("*")).toEqual([]);
    await first.drop();
    expect(await a.get("mark")).toBeNull();
    a.disconnect();
    b.disconnect();
  });
});

describe("a server of a test's own", () => {
  it("that is killed refuses connections, and answers at the same URL when started again", async () => {
    await using redis = await startRedis();
    const client = connect(redis.url);
    expect(await client.ping()).toBe("PONG");
    client.disconnect();
    await redis.kill();
    await expect(connect(redis.url).connect()).rejects.toThrow();
    await redis.start();
    const again = connect(redis.url);
    expect(await again.ping()).toBe("PONG");
    again.disconnect();
  });

  it("that is paused keeps connections open without answering", async () => {
    await using redis = await startRedis();
    const client = connect(redis.url);
    await client.ping();
    await redis.pause();
    await expect(client.ping()).rejects.toThrow(/timed out/iu);
    await redis.resume();
    expect(await client.ping()).toBe("PONG");
    client.disconnect();
  });

  it("keeps what PostgreSQL committed over a restart", async () => {
    await using postgres = await startPostgres();
    await query(postgres.url, "create table mark (id int)");
    await postgres.stop();
    await expect(query(postgres.url, "select 1")).rejects.toThrow(/ECONNREFUSED/u);
    await postgres.start();
    expect(await query(postgres.url, "select id from mark")).toEqual([]);
  });
});
