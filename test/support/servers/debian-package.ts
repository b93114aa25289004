// Gets a program out of a Debian package without installing it and without being root. Knows apt and dpkg; not what the program is for.
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory, findExecutable, isExecutable, run } from "./executables.ts";
import { Closed } from "./ladder.ts";

export interface Unpacked {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface DebianProgram {
  /** Packages that hold it. Debian keeps redis-server's binary in redis-tools, so there may be more than one. */
  readonly packages: readonly string[];
  /** Path inside the packages. */
  readonly file: string;
}

/** Never taken from a package: a C library of another build beside the system's loader breaks both. */
const SYSTEM_LIBRARIES = new Set(["libc6", "libgcc-s1", "libc-bin"]);

/** Unpacks the program into the cache, or finds it there. Needs the network the first time. */
export async function unpackDebianProgram(program: DebianProgram): Promise<Unpacked | Closed> {
  for (const tool of ["apt-get", "dpkg"]) {
    if ((await findExecutable([tool])) === undefined) return new Closed(`${tool} is not on PATH, so this is no Debian`);
  }
  const root = join(await cacheDirectory(), `debian-${program.packages.join("-")}-${process.arch}`);
  const kept = await usable(root, program.file);
  if (kept !== undefined) return kept;

  const work = await mkdtemp(`${root}-`);
  try {
    const apt = await aptThatKnows(program.packages, work);
    await unpack(apt, program.packages, work);
    // Most machines have the libraries; without them the program does not even tell its version.
    const unpacked = join(work, "root");
    if ((await usable(unpacked, program.file)) === undefined) await unpack(apt, await libraryPackages(apt, program.packages), work);
    await rm(root, { recursive: true, force: true });
    // Another test run may have been quicker: then its copy is as good.
    await rename(join(work, "root"), root).catch(() => undefined);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return (await usable(root, program.file)) ?? new Closed(`unpacked ${program.packages.join(", ")}, but ${program.file} does not run`);
}

async function usable(root: string, file: string): Promise<Unpacked | undefined> {
  const command = join(root, file);
  if (!(await isExecutable(command))) return undefined;
  const env = { LD_LIBRARY_PATH: (await libraryDirectories(root)).join(":") };
  const version = await run(command, ["--version"], { env: { ...process.env, ...env }, timeoutMs: 10_000 }).catch(() => undefined);
  return version === undefined ? undefined : { command, env };
}

async function libraryDirectories(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const base of ["lib", "usr/lib"]) {
    for (const entry of await readdir(join(root, base), { withFileTypes: true }).catch(() => [])) {
      if (entry.isDirectory() && entry.name.includes("-linux-gnu")) found.push(join(root, base, entry.name));
    }
  }
  return found;
}

/**
 * Arguments that make apt-get find the packages: the system's own lists where they have them; else lists of our own,
 * fetched into `work`, which needs no root either.
 */
async function aptThatKnows(packages: readonly string[], work: string): Promise<string[]> {
  const plain = ["-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20"];
  if (await knows(plain, packages)) return plain;
  const state = join(work, "state");
  const cache = join(work, "cache");
  await mkdir(join(state, "lists/partial"), { recursive: true });
  await mkdir(join(cache, "archives/partial"), { recursive: true });
  const own = [...plain, "-o", `Dir::State=${state}`, "-o", "Dir::State::status=/var/lib/dpkg/status", "-o", `Dir::Cache=${cache}`];
  // A third-party source that fails is no reason to stop: what counts is whether the packages are known afterwards.
  const problem = await run("apt-get", [...own, "update"]).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (await knows(own, packages)) return own;
  throw problem instanceof Error ? problem : new Error(`apt knows no package ${packages.join(", ")}`);
}

async function knows(apt: readonly string[], packages: readonly string[]): Promise<boolean> {
  const uris = await run("apt-get", [...apt, "download", "--print-uris", ...packages]).catch(() => "");
  return uris.split("\n").filter((line) => line.startsWith("'")).length >= packages.length;
}

async function unpack(apt: readonly string[], packages: readonly string[], work: string): Promise<void> {
  const archives = await mkdtemp(join(work, "archives-"));
  await run("apt-get", [...apt, "-qq", "download", ...packages], { cwd: archives });
  for (const archive of await readdir(archives)) {
    if (archive.endsWith(".deb")) await run("dpkg", ["-x", join(archives, archive), join(work, "root")]);
  }
}

/** All libraries the packages depend on, as if nothing were installed yet: what dpkg believes installed may have been deleted since. */
async function libraryPackages(apt: readonly string[], packages: readonly string[]): Promise<string[]> {
  const plan = await run("apt-get", [...apt, "-o", "Dir::State::status=/dev/null", "-s", "--no-install-recommends", "install", ...packages]);
  const names = plan.split("\n").flatMap((line) => /^Inst (lib\S+)/u.exec(line)?.[1] ?? []);
  return names.filter((name) => !SYSTEM_LIBRARIES.has(name));
}
