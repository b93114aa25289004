// All that a database and a Redis hold, as one text to search in: every table and every key, whatever it is for.
import type { Redis } from "ioredis";
import { sql } from "kysely";
import type { OpenDatabase } from "../../db/open-database.ts";

/** Rows as PostgreSQL prints them, and bytes also as the text they are. */
export async function databaseText(db: OpenDatabase["db"]): Promise<string> {
  const tables = await sql<{ name: string }>`
    select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`.execute(db);
  const parts: string[] = [];
  for (const { name } of tables.rows) {
    const rows = await sql<{ text: string }>`select t::text as text from ${sql.raw(name)} t`.execute(db);
    parts.push(`# ${name}`);
    for (const { text } of rows.rows) parts.push(text, ...bytesIn(text));
  }
  return parts.join("\n");
}

function bytesIn(text: string): readonly string[] {
  return [...text.matchAll(/\\x([0-9a-f]{2,})/g)].map(([, hex = ""]) => Buffer.from(hex, "hex").toString("latin1"));
}

export async function redisText(redis: Redis): Promise<string> {
  const keys = new Set<string>();
  let cursor = "0";
  do {
    const [next, found] = await redis.scan(cursor, "COUNT", 1000);
    for (const key of found) keys.add(key);
    cursor = next;
  } while (cursor !== "0");
  const parts = await Promise.all([...keys].map(async (key) => `# ${key}\n${JSON.stringify(await valueOf(redis, key))}`));
  return parts.join("\n");
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  if (type === "string") return (await redis.getBuffer(key))?.toString("latin1");
  if (type === "hash") return await redis.hgetall(key);
  if (type === "stream") return await redis.xrange(key, "-", "+");
  if (type === "list") return await redis.lrange(key, 0, -1);
  if (type === "zset") return await redis.zrange(key, "0", "-1");
  return type === "set" ? await redis.smembers(key) : `a ${type}`;
}
