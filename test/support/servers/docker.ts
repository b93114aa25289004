// A server in a container, through testcontainers, which is loaded only when there seems to be a Docker at all.
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { Closed } from "./ladder.ts";
import { freePort } from "./owned-process.ts";
import type { StartedTestContainer } from "testcontainers";

export interface ContainerOptions {
  readonly image: string;
  readonly port: number;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** In the container's log when it takes connections, and how many times it is there by then. */
  readonly ready: RegExp;
  readonly readyTimes: number;
}

/** Long enough to pull an image over a slow line, short enough for a registry that does not answer. */
const START_DEADLINE_MS = 120_000;

export class Container {
  readonly port: number;
  readonly #started: StartedTestContainer;
  readonly #control: Awaited<ReturnType<typeof controlOf>>;

  constructor(port: number, started: StartedTestContainer, control: Awaited<ReturnType<typeof controlOf>>) {
    this.port = port;
    this.#started = started;
    this.#control = control;
  }

  async start(): Promise<void> {
    await this.#started.restart({ timeout: 0 });
  }

  async stop(): Promise<void> {
    await this.#control.stop({ t: 5 });
  }

  async kill(): Promise<void> {
    await this.#control.kill();
  }

  async pause(): Promise<void> {
    await this.#control.pause();
  }

  async resume(): Promise<void> {
    await this.#control.unpause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control.remove({ force: true, v: true });
  }
}

/** Starts a container on a port of 127.0.0.1 that stays the same over restarts. */
export async function startContainer(options: ContainerOptions): Promise<Container | Closed> {
  const reason = await whyNoDocker();
  if (reason !== undefined) return new Closed(reason);
  const { GenericContainer, Wait } = await import("testcontainers");
  const port = await freePort();
  const container = new GenericContainer(options.image)
    .withExposedPorts({ container: options.port, host: port })
    .withEnvironment({ ...options.environment })
    .withWaitStrategy(Wait.forLogMessage(options.ready, options.readyTimes))
    .withStartupTimeout(START_DEADLINE_MS);
  if (options.command !== undefined) container.withCommand([...options.command]);
  const started = await within(START_DEADLINE_MS, container.start());
  return new Container(port, started, await controlOf(started.getId()));
}

async function controlOf(id: string) {
  const { getContainerRuntimeClient } = await import("testcontainers");
  return (await getContainerRuntimeClient()).container.getById(id);
}

/** A look at the sockets spares the 300 ms of loading testcontainers where there is no Docker. */
async function whyNoDocker(): Promise<string | undefined> {
  if (process.env["DOCKER_HOST"] !== undefined || process.env["TESTCONTAINERS_HOST_OVERRIDE"] !== undefined) return undefined;
  const runtime = process.env["XDG_RUNTIME_DIR"] ?? "/run/user/none";
  const sockets = [
    "/var/run/docker.sock",
    join(homedir(), ".docker/run/docker.sock"),
    join(homedir(), ".docker/desktop/docker.sock"),
    join(runtime, "docker.sock"),
  ];
  for (const socket of sockets) {
    if (
      await access(socket).then(
        () => true,
        () => false,
      )
    )
      return undefined;
  }
  return "no Docker socket here, and DOCKER_HOST is not set";
}

async function within<Value>(milliseconds: number, work: Promise<Value>): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`Docker gave no container within ${milliseconds} ms`)), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
