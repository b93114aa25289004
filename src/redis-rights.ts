// What a host needs to be allowed at Redis, and what it must not be: the rules of its user in compose.yaml, and what `doctor`
// asks for. Every key is under `bifrost:`, and so is every channel.

const KEY = "bifrost:doctor";

/**
 * Each command that we, BullMQ and the client use, from here or from a script, in a form that Redis takes: asked for and not carried
 * out, it tells whether it is allowed.
 */
export const NEEDED: readonly string[] = [
  // the client, and how its connection is looked at
  "ping",
  "info memory",
  "multi",
  "exec",
  "discard",
  "client|setname doctor",
  // scripts, and channels
  "eval return 0",
  "evalsha 0000000000000000000000000000000000000000 0",
  "publish K message",
  "subscribe K",
  "unsubscribe K",
  // all kinds of keys
  "del K",
  "unlink K",
  "exists K",
  "type K",
  "pexpire K 1",
  "pttl K",
  "persist K",
  "scan 0",
  // texts
  "get K",
  "getex K",
  "set K v",
  "incr K",
  // hashes
  "hset K f v",
  "hmset K f v",
  "hget K f",
  "hmget K f",
  "hgetall K",
  "hdel K f",
  "hexists K f",
  "hincrby K f 1",
  "hlen K",
  // lists
  "lpush K v",
  "lrem K 0 v",
  "llen K",
  "lpos K v",
  "lrange K 0 1",
  "ltrim K 0 1",
  "rpoplpush K K",
  // sets
  "sadd K v",
  "srem K v",
  "scard K",
  "smembers K",
  // sorted sets
  "zadd K 1 v",
  "zrem K v",
  "zcard K",
  "zscore K v",
  "zrange K 0 1",
  "zrangebyscore K 0 1",
  "zrevrange K 0 1",
  "zrevrangebyscore K 1 0",
  "zremrangebyrank K 0 1",
  "zremrangebyscore K 0 1",
  "zpopmin K",
  "bzpopmin K 1",
  // streams
  "xadd K * f v",
  "xrange K - +",
  "xtrim K maxlen 1",
];

/** With any of these, whoever has taken a host over could take the cache from the others, or look where it should not. */
export const FORBIDDEN: readonly string[] = [
  "flushall",
  "flushdb",
  "config|get maxmemory",
  "config|set maxmemory 0",
  "keys none",
  "acl|list",
  "acl|setuser doctor",
  "shutdown nosave",
  "debug object none",
  "monitor",
  "replicaof no one",
  "swapdb 0 1",
  "client|list",
  "client|kill id 0",
  "script|flush",
  "function|flush",
  "module|list",
  "migrate none 1 none 0 1",
];

/** Keys and channels of others. */
export const FOREIGN: readonly string[] = ["get other", "set other v", "publish other message"];

/** As the words of a request: `client|setname` is two of them, `K` is a key of ours. */
export function wordsOf(line: string): readonly string[] {
  const [command = "", ...rest] = line.split(" ");
  // A script is one word, and takes the number of its keys.
  if (command === "eval") return [command, rest.slice(0, -1).join(" "), rest.at(-1) ?? "0"];
  return [...command.split("|"), ...rest.map((word) => (word === "K" ? KEY : word))];
}

export function commandOf(line: string): string {
  return line.split(" ", 1)[0] ?? line;
}

/** Rules of a user that may do what is needed and nothing else, as an ACL file has them behind the user's name. */
export function executorRules(): string {
  return `~bifrost:* &bifrost:* -@all ${NEEDED.map((line) => `+${commandOf(line)}`).join(" ")}`;
}
