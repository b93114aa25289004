// A server process that belongs to the test run: started, frozen, killed, started again, and gone afterwards with its
// directory, even when the test run itself is killed. Knows nothing of what the server speaks.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";

export interface OwnedProcessOptions {
  readonly command: string;
  readonly arguments: readonly string[];
  /** Belongs to the process: removed with it. */
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>>;
  /** User and group to run as; needs root. */
  readonly identity?: Identity | undefined;
  /** Written to stdout or stderr when the server takes connections. */
  readonly ready: RegExp;
  /** Asks for a quick, clean end. */
  readonly stopSignal: NodeJS.Signals;
}

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 5_000;

/** Ends the server when the test run dies without a word: its end of the pipe closes. Not in our process group, so that Ctrl-C leaves it be. */
const KEEPER = `
while read -r word pid; do
  case $word in (watch) server=$pid ;; (leave) exit 0 ;; esac
done
if [ -n "$server" ]; then
  kill -CONT "$server" 2>/dev/null; kill -"$1" "$server" 2>/dev/null
  for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$server" 2>/dev/null || break; sleep 0.2; done
  kill -KILL "$server" 2>/dev/null
fi
rm -rf -- "$2"
`;

export class OwnedProcess {
  readonly #options: OwnedProcessOptions;
  readonly #keeper: ChildProcess;
  #child: ChildProcess | undefined;

  constructor(options: OwnedProcessOptions) {
    this.#options = options;
    this.#keeper = spawn("/bin/sh", ["-c", KEEPER, "keeper", options.stopSignal.replace(/^SIG/u, ""), options.directory], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      cwd: "/",
    });
    this.#keeper.unref();
    this.#keeper.stdin?.on("error", () => undefined);
    const stdin = this.#keeper.stdin as unknown as { unref?: () => void };
    stdin.unref?.();
  }

  /** Starts, or starts again. Resolves when the server takes connections. */
  async start(): Promise<void> {
    const { command, identity, ready, env, directory } = this.#options;
    const child = spawn(command, [...this.#options.arguments], {
      stdio: ["ignore", "pipe", "pipe"],
      // Its own group: Ctrl-C at the terminal reaches the test runner, which then stops the server in order.
      detached: true,
      cwd: directory,
      env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", TZ: "UTC", ...env },
      ...identity,
    });
    this.#child = child;
    const output: string[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const read = (chunk: Buffer): void => {
      output.push(chunk.toString());
      if (output.length > 200) output.shift();
      if (ready.test(output.join(""))) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`${command} ended (${signal ?? code}) before it was ready:\n${output.join("").slice(-600)}`)));
    const timer = setTimeout(
      () => reject(new Error(`${command} was not ready after ${START_DEADLINE_MS} ms:\n${output.join("").slice(-600)}`)),
      START_DEADLINE_MS,
    );
    try {
      if (child.pid !== undefined) this.#keeper.stdin?.write(`watch ${child.pid}\n`);
      await promise;
      // From here on nothing of it keeps the test process alive, and its pipes only have to be drained.
      child.stdout.removeListener("data", read).resume();
      child.stderr.removeListener("data", read).resume();
      child.unref();
      unref(child.stdout);
      unref(child.stderr);
    } catch (error) {
      child.kill("SIGKILL");
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    await this.#end(this.#options.stopSignal);
  }

  /** As the kernel does it: no goodbye. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Frozen: connections stay open and nothing answers. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#options.directory, { recursive: true, force: true });
    this.#keeper.ref();
    const gone = once(this.#keeper, "exit");
    this.#keeper.stdin?.end("leave\n");
    if (this.#keeper.exitCode === null && this.#keeper.signalCode === null) await gone;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = once(child, "exit");
    child.kill("SIGCONT");
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
    await gone;
    clearTimeout(timer);
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("A listening TCP server has no port.");
  return address.port;
}

function unref(stream: unknown): void {
  (stream as { unref?: () => void }).unref?.();
}
