// A database of a test's own on the servers the test run shares.
import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import pg from "pg";
import { inject } from "vitest";

export interface Fresh extends AsyncDisposable {
  readonly url: string;
  /** Removes it with all it holds; also closes connections others left open. */
  drop(): Promise<void>;
}

/** A new, empty PostgreSQL database: `await using database = await freshDatabase();` */
export async function freshDatabase(): Promise<Fresh> {
  const name = `bifrost_test_${randomBytes(6).toString("hex")}`;
  const url = new URL(inject("databaseUrl"));
  await asAdministrator(`create database ${name} template template0`);
  url.pathname = `/${name}`;
  const drop = (): Promise<void> => asAdministrator(`drop database if exists ${name} with (force)`);
  return { url: url.href, drop, [Symbol.asyncDispose]: drop };
}

async function asAdministrator(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject("databaseUrl") });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

const CLAIM_SECONDS = 900;

/**
 * An empty database number of the shared Redis, claimed so that no other test takes it: `await using redis = await freshRedis();`
 * Channels of publish and subscribe are common to all numbers: use startRedis() where that matters, or where Redis is to fail.
 */
export async function freshRedis(): Promise<Fresh> {
  const base = new URL(inject("redisUrl"));
  const client = new Redis(base.href);
  const claim = (index: number): string => `bifrost-test:claim:${index}`;
  const [, total] = (await client.config("GET", "databases")) as [string, string];
  for (let index = 1; index < Number(total); index += 1) {
    if ((await client.set(claim(index), process.pid, "EX", CLAIM_SECONDS, "NX")) === null) continue;
    const own = new Redis(base.href, { db: index });
    if ((await own.dbsize()) > 0) {
      // Somebody else's data, on a Redis that was given to us: left alone, and the claim stands so that nobody looks again.
      own.disconnect();
      continue;
    }
    const drop = async (): Promise<void> => {
      await own.flushdb();
      await client.del(claim(index));
      own.disconnect();
      client.disconnect();
    };
    base.pathname = `/${index}`;
    return { url: base.href, drop, [Symbol.asyncDispose]: drop };
  }
  client.disconnect();
  throw new Error(`No free database among the ${total} of ${base.host}; use startRedis() for a Redis of the test's own.`);
}
