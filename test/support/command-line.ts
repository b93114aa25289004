// The real bins in processes of their own, as a user starts them: under the `node` on PATH, with a home of the test's own.
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Without what npm puts there: in its scripts, `node` is the one of node_modules/.bin. */
const USERS_PATH = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((place) => !place.includes("node_modules"))
  .join(delimiter);

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<Ended>;
  /** Resolves once the stream holds the text; rejects with both streams when the command ends without. */
  until(stream: "stdout" | "stderr", text: string): Promise<void>;
}

export interface CommandLine extends AsyncDisposable {
  readonly home: string;
  start(bin: Bin, args: readonly string[], options?: StartOptions): Running;
  run(bin: Bin, args: readonly string[], options?: StartOptions): Promise<Ended>;
}

export type Bin = "run-workflow" | "bifrost-executor";

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to standard input, which is closed then. */
  readonly input?: string;
  /** As the leader of a process group of its own. */
  readonly detached?: boolean;
  /** As a shell writes it, such as "> /dev/full". */
  readonly redirection?: string;
}

/** An empty home with nothing set but `env`; gone with all in it when disposed of. */
export async function commandLine(env: Readonly<Record<string, string>> = {}): Promise<CommandLine> {
  const home = await mkdtemp(join(tmpdir(), "bifrost-home-"));
  const alive = new Set<Running>();

  function start(bin: Bin, args: readonly string[], options: StartOptions = {}): Running {
    const script = join(ROOT, "src", "cli", `${bin}.mjs`);
    const [command, before] = options.redirection === undefined ? ["node", []] : ["/bin/sh", ["-c", `exec node "$0" "$@" ${options.redirection}`]];
    const child = spawn(command, [...before, script, ...args], {
      cwd: options.cwd ?? home,
      detached: options.detached ?? false,
      env: { PATH: USERS_PATH, HOME: home, ...env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const read = { stdout: "", stderr: "" };
    const watchers = new Set<() => void>();
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        read[stream] += text;
        for (const look of watchers) look();
      });
    }
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    const ended = once(child, "close").then(([code, signal]) => ({ code: code as number | null, signal: signal as NodeJS.Signals | null, ...read }));
    const until = (stream: "stdout" | "stderr", text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!read[stream].includes(text)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        void ended.then((end) => reject(new Error(`It ended before it said ${JSON.stringify(text)}: ${JSON.stringify(end)}`)));
        look();
      });
    const running: Running = { process: child, ended, until };
    alive.add(running);
    void ended.then(() => alive.delete(running));
    return running;
  }

  /** What a failed test has left running is interrupted twice: the second time ends it at once. */
  async function dispose(): Promise<void> {
    for (const { process: child, ended } of alive) {
      child.kill("SIGINT");
      await Promise.race([ended, sleep(500)]);
      child.kill("SIGINT");
      await ended;
    }
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }

  return {
    home,
    start,
    run: (bin, args, options) => start(bin, args, options).ended,
    [Symbol.asyncDispose]: dispose,
  };
}
