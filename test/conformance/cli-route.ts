// The command line as a process of its own, with a home that is gone afterwards.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Execution } from "../../src/completion.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const CLI = fileURLToPath(new URL("../../src/cli/", import.meta.url));

type Environment = Readonly<Record<string, string | undefined>>;

export interface CliRoute extends Disposable {
  readonly environment: Environment;
  /** `run-workflow … --json`, with more in its environment; rejects when stdout is no envelope. */
  envelope(args: readonly string[], more?: Environment): Promise<{ readonly execution: Execution; readonly exitCode: number }>;
  command(
    bin: "run-workflow" | "bifrost-executor",
    args: readonly string[],
    more?: Environment,
  ): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number }>;
}

export function openCli(): CliRoute {
  const home = temporaryDirectory();
  const env = { PATH: process.env["PATH"], HOME: home.path, XDG_CACHE_HOME: `${home.path}/cache`, BIFROST_DATA: `${home.path}/data` };

  function command(bin: string, args: readonly string[], more: Environment = {}): ReturnType<CliRoute["command"]> {
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<CliRoute["command"]>>>();
    const child = execFile(
      process.execPath,
      [`${CLI}${bin}.mjs`, ...args],
      { env: { ...env, ...more }, maxBuffer: 64 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve({ stdout, stderr, exitCode: child.exitCode ?? -1 }),
    );
    child.stdin?.end();
    return promise;
  }

  return {
    environment: env,
    command,
    async envelope(args, more) {
      const { stdout, stderr, exitCode } = await command("run-workflow", [...args, "--json"], more);
      if (stdout === "") throw new Error(`no envelope from ${args.join(" ")}: ${stderr}`);
      return { execution: JSON.parse(stdout) as Execution, exitCode };
    },
    [Symbol.dispose]: () => home[Symbol.dispose](),
  };
}
