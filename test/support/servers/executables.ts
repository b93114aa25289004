// Finds programs on this machine, runs short ones. Reads PATH, because that is where programs are named.
import { execFile } from "node:child_process";
import { access, constants, mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Full path of the first of `names` that PATH, or one of `directories`, has. */
export async function findExecutable(names: readonly string[], directories: readonly string[] = []): Promise<string | undefined> {
  const places = [...directories, ...(process.env["PATH"] ?? "").split(delimiter).filter((place) => place !== "")];
  for (const name of names) {
    for (const place of places) {
      const file = join(place, name);
      if (await isExecutable(file)) return file;
    }
  }
  return undefined;
}

export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** What it wrote to stdout; rejects with what it wrote to stderr. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { timeoutMs = 120_000, ...rest } = options;
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { ...rest, timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const reason = error.killed === true ? `no answer after ${timeoutMs} ms` : stderr.trim().slice(-600) || error.message;
      reject(new Error(`${command} ${args.join(" ").slice(0, 120)}: ${reason}`));
    });
  });
}

/** A directory for what may be kept between test runs: beside the dependencies, so that a fresh checkout starts clean; else a temporary one. */
export async function cacheDirectory(): Promise<string> {
  const directory = fileURLToPath(new URL("../../../node_modules/.cache/bifrost-executor", import.meta.url));
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
    return directory;
  } catch {
    return mkdtemp(join(tmpdir(), "bifrost-cache-"));
  }
}
