// Where the texts of the room lie on disk, and how they get there whole. A directory that cannot be written costs
// time only: everything works from memory.
import { hash, randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildVersions, type SandboxScripts } from "./sandbox-build.ts";

export interface KeptScripts extends SandboxScripts {
  /** Hash of all the texts depend on, or of the texts themselves in a prebuilt copy. */
  readonly id: string;
}

const BOOTSTRAP = "bootstrap.js";
const ZOD = "zod.js";
const DAY_MS = 86_400_000;

/** Hash of sandbox/ and of what builds it: some thirty small files, read at once. */
export function sandboxId(root: string): string {
  const directory = join(root, "sandbox");
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .toSorted();
  const builder = readFileSync(join(import.meta.dirname, "sandbox-build.ts"), "utf8");
  const texts = names.map((name) => `${name}\n${readFileSync(join(directory, name), "utf8")}`);
  return hash("sha256", [buildVersions(root), builder, ...texts].join("\0"), "hex");
}

/** The texts in a directory, or undefined when it holds none. */
export async function readScripts(directory: string): Promise<SandboxScripts | undefined> {
  try {
    const [bootstrap, zod] = await Promise.all([readFile(join(directory, BOOTSTRAP), "latin1"), readFile(join(directory, ZOD), "latin1")]);
    return { bootstrap, zod };
  } catch {
    return undefined;
  }
}

/** Throws what the file system throws. The directory appears whole or not at all. */
export async function writeScripts(directory: string, scripts: SandboxScripts): Promise<void> {
  const staging = `${directory}.${randomUUID()}`;
  await mkdir(staging, { recursive: true });
  try {
    await Promise.all([writeFile(join(staging, BOOTSTRAP), scripts.bootstrap), writeFile(join(staging, ZOD), scripts.zod)]);
    await rename(staging, directory);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Removes what earlier versions of sandbox/ left, a day after it was made. Throws what the file system throws. */
export async function sweepScripts(directory: string, keepId: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name === keepId) continue;
    const { mtimeMs } = await stat(join(directory, name));
    if (Date.now() - mtimeMs > DAY_MS) await rm(join(directory, name), { recursive: true, force: true });
  }
}

/** The bytes of a file, or undefined when it cannot be read. */
export async function readBytes(file: string): Promise<ArrayBuffer | undefined> {
  try {
    const { buffer, byteOffset, byteLength } = await readFile(file);
    return buffer.slice(byteOffset, byteOffset + byteLength);
  } catch {
    return undefined;
  }
}

/** Writes a file whole, under another name first. Throws what the file system throws. */
export async function writeBytes(file: string, bytes: ArrayBuffer): Promise<void> {
  const staging = `${file}.${randomUUID()}`;
  try {
    await writeFile(staging, new Uint8Array(bytes));
    await rename(staging, file);
  } finally {
    await rm(staging, { force: true });
  }
}
