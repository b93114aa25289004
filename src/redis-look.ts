// A look at a Redis from outside, for `doctor`: its version, whether it may drop what it holds, its clock, and what this user is allowed there.
// Nothing is carried out: rights are asked for inside of a transaction that is thrown away.
import { Redis } from "ioredis";
import { commandOf, FORBIDDEN, FOREIGN, NEEDED, wordsOf } from "./redis-rights.ts";

export interface RedisFacts {
  readonly version: string;
  /** `noeviction`, or what it drops; undefined where it does not say. */
  readonly maxmemoryPolicy: string | undefined;
  /** Commands that are needed and refused. */
  readonly lacking: readonly string[];
  /** Commands that are allowed and should not be. */
  readonly excessive: readonly string[];
  /** Whether keys or channels of others can be reached. */
  readonly reachesOthers: boolean;
}

const PATIENCE_MS = 5000;

/** Rejects where it does not answer, or refuses the user or its password. */
export async function lookAtRedis(url: string): Promise<RedisFacts> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    enableReadyCheck: false,
  });
  let reason: Error | undefined;
  client.on("error", (error: Error) => (reason ??= error));
  try {
    await client.connect();
    const [server, memory] = [await client.info("server"), await client.info("memory")];
    const [needed, forbidden, foreign] = [await judge(client, NEEDED), await judge(client, FORBIDDEN), await judge(client, FOREIGN)];
    return {
      version: fieldOf(server, "redis_version") ?? "unknown",
      maxmemoryPolicy: fieldOf(memory, "maxmemory_policy"),
      lacking: needed.refused.map(commandOf),
      excessive: forbidden.allowed.map(commandOf),
      reachesOthers: foreign.allowed.length > 0,
    };
  } catch (error) {
    throw reason ?? error;
  } finally {
    client.disconnect();
  }
}

/** Redis judges a command when it is put into a transaction. Of what cannot stand in one it says nothing: then neither do we. */
async function judge(client: Redis, lines: readonly string[]): Promise<{ readonly allowed: readonly string[]; readonly refused: readonly string[] }> {
  const [allowed, refused]: [string[], string[]] = [[], []];
  for (const line of lines) {
    await client.call("multi");
    const [command = "", ...rest] = wordsOf(line);
    const said = await client.call(command, ...rest).catch((error: unknown) => error);
    if (said === "QUEUED") allowed.push(line);
    if (said instanceof Error && said.message.startsWith("NOPERM")) refused.push(line);
    await client.call("discard").catch(() => undefined);
  }
  return { allowed, refused };
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.+?)\\r?$`, "mu").exec(info)?.[1];
}
