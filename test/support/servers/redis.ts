// A real Redis for the tests: the ladder, and how a Redis of our own is started. Nothing is persisted, nothing is evicted.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { startContainer } from "./docker.ts";
import { unpackDebianProgram, type Unpacked } from "./debian-package.ts";
import { findExecutable, run } from "./executables.ts";
import { climb, Closed, type Rung } from "./ladder.ts";
import { freePort, OwnedProcess } from "./owned-process.ts";
import { foreignServer, ownServer, type OwnServer, type Server } from "./server.ts";

const IMAGE = "redis:8.2.3-alpine";
const DATABASES = 512;

export interface StartRedisOptions {
  /** Further settings, as on redis-server's command line: `["--maxmemory", "5mb"]`. */
  readonly settings?: readonly string[];
}

/** The Redis all tests of a run share. */
export function sharedRedis(): Promise<Server> {
  return climb<Server>("Redis", [given(), container({}), onPath({}), debianPackage({})]);
}

/** A Redis of the caller's own, to be stopped, killed, frozen and filled. A process starts in 20 ms, so it is tried before a container. */
export function startRedis(options: StartRedisOptions = {}): Promise<OwnServer> {
  return climb<OwnServer>("Redis of its own", [onPath(options), debianPackage(options), container(options)]);
}

function given(): Rung<Server> {
  return {
    title: "REDIS_URL",
    climb: async () => {
      const url = process.env["REDIS_URL"];
      if (url === undefined || url === "") return new Closed("not set");
      return foreignServer(url, `Redis ${await versionOf(url)} (REDIS_URL)`);
    },
  };
}

function container(options: StartRedisOptions): Rung<OwnServer> {
  return {
    title: `Docker image ${IMAGE}`,
    climb: async () => {
      const started = await startContainer({
        image: IMAGE,
        port: 6379,
        command: ["redis-server", ...settings(options)],
        ready: /Ready to accept connections/u,
        readyTimes: 1,
      });
      if (started instanceof Closed) return started;
      const url = `redis://127.0.0.1:${started.port}`;
      return ownServer(url, `Redis ${await versionOf(url)} (Docker, ${IMAGE})`, started);
    },
  };
}

function onPath(options: StartRedisOptions): Rung<OwnServer> {
  return {
    title: "redis-server or valkey-server on PATH",
    climb: async () => {
      const command = await findExecutable(["redis-server", "valkey-server"]);
      if (command === undefined) return new Closed("not found");
      return startProcess({ command, env: {} }, options, command);
    },
  };
}

function debianPackage(options: StartRedisOptions): Rung<OwnServer> {
  return {
    title: "Debian's package redis-server, unpacked",
    climb: async () => {
      const unpacked = await unpackDebianProgram({ packages: ["redis-server", "redis-tools"], file: "usr/bin/redis-server" });
      return unpacked instanceof Closed ? unpacked : startProcess(unpacked, options, "Debian's package, unpacked");
    },
  };
}

async function startProcess(program: Unpacked, options: StartRedisOptions, source: string): Promise<OwnServer> {
  const version = /v=([\d.]+)/u.exec(await run(program.command, ["--version"], { env: { ...process.env, ...program.env } }))?.[1] ?? "of unknown version";
  const directory = await mkdtemp(join(tmpdir(), "bifrost-redis-"));
  const port = await freePort();
  const server = new OwnedProcess({
    command: program.command,
    arguments: ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, ...settings(options)],
    directory,
    env: program.env,
    ready: /[Rr]eady to accept connections/u,
    stopSignal: "SIGTERM",
  });
  try {
    await server.start();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return ownServer(`redis://127.0.0.1:${port}`, `Redis ${version} (${source})`, server);
}

function settings(options: StartRedisOptions): string[] {
  return ["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--databases", String(DATABASES), ...(options.settings ?? [])];
}

async function versionOf(url: string): Promise<string> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 5_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return /redis_version:([\d.]+)/u.exec(await client.info("server"))?.[1] ?? "of unknown version";
  } finally {
    client.disconnect();
  }
}
