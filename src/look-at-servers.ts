// What a host would stand on, looked at for `doctor`: each thing with what was found, and what to do where it is not well.
import type { Config } from "./config.ts";
import type { Finding } from "./finding.ts";
import type { RedisFacts } from "./redis-look.ts";

/** Scripts of ours use what came with it. */
const OLDEST_REDIS = [6, 2] as const;
const OWN_USER = "Give the hosts a user of their own at Redis, with the rules that compose.yaml has for it.";

/** Never rejects. */
export async function lookAtServers(config: Pick<Config, "databaseUrl" | "dataDirectory" | "redisUrl" | "secretKeys">): Promise<readonly Finding[]> {
  const { lookAtDatabase } = await import("./look-at-database.ts");
  return [...(await lookAtDatabase(config)), await redisOf(config.redisUrl)];
}

async function redisOf(url: string | undefined): Promise<Finding> {
  const name = "redis";
  if (url === undefined) return { name, state: "fine", found: "not used: REDIS_URL is not set; one process must serve and execute" };
  try {
    const { lookAtRedis } = await import("./redis-look.ts");
    return judged(await lookAtRedis(url), URL.parse(url)?.host ?? "");
  } catch (error) {
    const found = `the one at ${URL.parse(url)?.host ?? "?"} cannot be asked: ${error instanceof Error ? error.message : String(error)}`;
    return { name, state: "broken", found, remedy: "Start it, or correct REDIS_URL with its user and password. " + OWN_USER };
  }
}

function judged(facts: RedisFacts, host: string): Finding {
  const { version, maxmemoryPolicy, lacking, excessive, reachesOthers } = facts;
  const finding = (state: Finding["state"], more: string, remedy?: string): Finding => ({
    name: "redis",
    state,
    found: `Redis ${version} at ${host}${more}`,
    remedy,
  });
  if (isOlder(version)) return finding("broken", `, which is older than ${OLDEST_REDIS.join(".")}`, "Use a newer one.");
  if (lacking.length > 0) return finding("broken", `; refused to its user: ${lacking.join(", ")}`, OWN_USER);
  if (maxmemoryPolicy !== undefined && maxmemoryPolicy !== "noeviction") {
    return finding(
      "doubtful",
      ` drops what it holds when it is full (maxmemory-policy ${maxmemoryPolicy})`,
      "Set maxmemory-policy to noeviction: a cache without its index is rebuilt again and again.",
    );
  }
  if (excessive.length > 0 || reachesOthers) {
    const more = [...excessive, ...(reachesOthers ? ["keys and channels that do not begin with bifrost:"] : [])];
    return finding("doubtful", `; its user may do more than a host needs: ${more.join(", ")}`, OWN_USER);
  }
  return finding("fine", `, ${maxmemoryPolicy ?? "unknown policy"}, with exactly the rights that are needed`);
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < OLDEST_REDIS[0] || (major === OLDEST_REDIS[0] && minor < OLDEST_REDIS[1]);
}
