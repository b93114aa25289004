// `bifrost-executor serve` and `work` as processes of their own: started, asked to end, killed, and gone when the test ends.
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { roomProcesses } from "../child-processes.ts";
import { freePort } from "../servers/owned-process.ts";

const BIN = fileURLToPath(new URL("../../../src/cli/bifrost-executor.mjs", import.meta.url));
const READY_MS = 60_000;
const END_MS = 20_000;

export interface ServiceEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServiceProcess {
  readonly id: number;
  /** Of `serve`. */
  readonly url: string;
  /** All that it has written so far, both streams. */
  readonly said: string;
  readonly ended: Promise<ServiceEnd>;
  /** Ids of its processes that run author code. */
  rooms(): number[];
  /** Resolves once it has written the text; rejects when it ends without. */
  says(text: string | RegExp): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<ServiceEnd>;
  /** SIGTERM, and SIGKILL where it does not end within 20 s. */
  end(): Promise<ServiceEnd>;
  signal(name: NodeJS.Signals): void;
}

export interface ServiceOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** What it answers on /ready, or in its first lines, when it can be used; as long as it lives where false. */
  readonly waits?: boolean;
}

export interface Services extends AsyncDisposable {
  readonly token: string;
  /** Resolves when /health answers. */
  serve(options?: ServiceOptions): Promise<ServiceProcess>;
  /** Resolves when it has said that it takes executions. */
  work(options?: ServiceOptions): Promise<ServiceProcess>;
}

/** What `work` says when it is ready. */
const WORKING = /started/u;

/** Processes that have nothing in their environment but what is given here. */
export async function startServices(env: Readonly<Record<string, string>>, token = "a-token-for-tests-0123456789"): Promise<Services> {
  const home = await mkdtemp(join(tmpdir(), "bifrost-service-"));
  const alive = new Set<ServiceProcess>();

  function start(command: "serve" | "work", port: number, { env: own = {}, args = [] }: ServiceOptions): ServiceProcess {
    // The Node that runs the tests is one that the bin runs on itself: the process started is the process that works.
    const child = spawn(process.execPath, [BIN, command, ...args], {
      cwd: home,
      env: { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: tmpdir(), BIFROST_TOKEN: token, BIFROST_PORT: String(port), ...env, ...own },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const service = serviceProcess(child, `http://127.0.0.1:${port}`);
    alive.add(service);
    void service.ended.then(() => alive.delete(service));
    return service;
  }

  return {
    token,
    async serve(options = {}) {
      const service = start("serve", await freePort(), options);
      if (options.waits !== false) await orEnded(service, answers(`${service.url}/health`));
      return service;
    },
    async work(options = {}) {
      const service = start("work", 0, options);
      if (options.waits !== false) await service.says(WORKING);
      return service;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...alive].map((service) => service.kill()));
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function serviceProcess(child: ChildProcessByStdio<null, Readable, Readable>, url: string): ServiceProcess {
  const id = child.pid ?? 0;
  let said = "";
  const watchers = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      for (const look of watchers) look();
    });
  }
  const ended = once(child, "close").then(([code, signal]): ServiceEnd => ({ code: code as number | null, signal: signal as NodeJS.Signals | null }));
  const kill = async (): Promise<ServiceEnd> => {
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    return await ended;
  };
  const service: ServiceProcess = {
    id,
    url,
    get said() {
      return said;
    },
    ended,
    rooms: () => roomProcesses(id),
    async says(text) {
      const told = new Promise<void>((resolve) => {
        const look = (): void => {
          if (typeof text === "string" ? !said.includes(text) : !text.test(said)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      });
      await orEnded(service, told);
    },
    kill,
    async end() {
      child.kill("SIGTERM");
      const stop = new AbortController();
      const late = sleep(END_MS, undefined, { signal: stop.signal }).then(kill, () => undefined);
      await Promise.race([ended, late]);
      stop.abort();
      return await ended;
    },
    signal: (name) => void child.kill(name),
  };
  return service;
}

async function orEnded(service: ServiceProcess, ready: Promise<void>): Promise<void> {
  const stop = new AbortController();
  const gone = service.ended.then(({ code, signal }) => {
    throw new Error(`It ended (${signal ?? code}) before it was ready:\n${service.said.slice(-3000)}`);
  });
  const late = sleep(READY_MS, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`It was not ready after ${READY_MS} ms:\n${service.said.slice(-3000)}`);
  });
  gone.catch(() => undefined);
  late.catch(() => undefined);
  try {
    await Promise.race([ready, gone, late]);
  } finally {
    stop.abort();
  }
}

async function answers(url: string): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    const status = await fetch(url, { signal: AbortSignal.timeout(2000) }).then(
      async (response) => (await response.text(), response.status),
      () => 0,
    );
    if (status === 200) return;
    await sleep(50);
  }
}
