// The texts a room is made of, ready to compile: the package's prebuilt copy where there is one, else built from
// sandbox/ and kept by content. Beside them lies V8's code cache, for this V8, processor and flags only.
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { cachedDataVersionTag } from "node:v8";
import ivm from "isolated-vm";
import { BOOTSTRAP_FILE, type CodeCaches, produceCodeCaches, ZOD_FILE } from "./code-cache.ts";
import { bundleSandbox, type SandboxScripts } from "./sandbox-build.ts";
import { type KeptScripts, readBytes, readScripts, sandboxId, sweepScripts, writeBytes, writeScripts } from "./sandbox-files.ts";
import { SCOPE_MODULE, SDK_MODULE } from "./sandbox-modules.ts";

export interface SandboxScript {
  readonly source: string;
  /** To compile under; frames of such files are the room's own. */
  readonly filename: string;
  /** Ready for `compileScript`; may appear later than the bundle, and V8 may reject it. */
  readonly cachedData: ivm.ExternalCopy<ArrayBuffer> | undefined;
}

export interface SandboxBundle {
  readonly bootstrap: SandboxScript;
  readonly zod: SandboxScript;
  /** ES module "bifrost"; imports "bifrost:scope". */
  readonly sdkModule: string;
  /** ES module "bifrost:scope". */
  readonly scopeModule: string;
  /** Changes when any text does. */
  readonly id: string;
  /** Settles, never rejects, when the code caches are there or cannot be had. */
  readonly codeCacheReady: Promise<void>;
}

export interface SandboxBundleOptions {
  /** Where built texts and code caches are kept; made when absent, and not needed. */
  readonly cacheDirectory: string;
}

const PREBUILT = join(import.meta.dirname, "..", "sandbox");
const ROOT = join(import.meta.dirname, "..", "..");

/** Does not wait for a code cache that has yet to be made; a first run does without. */
export async function loadSandboxBundle(options: SandboxBundleOptions): Promise<SandboxBundle> {
  const scripts = existsSync(join(ROOT, "sandbox", "bootstrap.ts")) ? await builtScripts(options.cacheDirectory) : await prebuiltScripts();
  const file = codeCacheFile(join(options.cacheDirectory, scripts.id));
  let caches = await readCaches(file);
  const codeCacheReady = caches === undefined ? makeCaches(file, scripts).then((made) => void (caches = made)) : Promise.resolve();
  return bundleOf(scripts.id, scripts, { caches: () => caches, codeCacheReady });
}

/** V8 takes a code cache only where its version and flags are those it was made with. */
function codeCacheFile(directory: string): string {
  return join(directory, `code-${cachedDataVersionTag().toString(16)}`);
}

interface BundleCaches {
  readonly caches: () => Copies | undefined;
  readonly codeCacheReady: Promise<void>;
}

function bundleOf(id: string, scripts: SandboxScripts, { caches, codeCacheReady }: BundleCaches): SandboxBundle {
  return {
    bootstrap: script(scripts.bootstrap, BOOTSTRAP_FILE, () => caches()?.bootstrap),
    zod: script(scripts.zod, ZOD_FILE, () => caches()?.zod),
    sdkModule: SDK_MODULE,
    scopeModule: SCOPE_MODULE,
    id: hash("sha256", `${id}${SDK_MODULE}${SCOPE_MODULE}`, "hex"),
    codeCacheReady,
  };
}

/** Builds what is lacking, for `readSandboxBundle`. Resolves to the directory, of a name that changes when any text does. Rejects with what the file system throws. */
export async function keepSandboxBundle({ cacheDirectory }: SandboxBundleOptions): Promise<string> {
  const scripts = existsSync(join(ROOT, "sandbox", "bootstrap.ts")) ? await builtScripts(cacheDirectory) : await prebuiltScripts();
  const directory = join(cacheDirectory, scripts.id);
  if ((await readScripts(directory)) === undefined) await writeScripts(directory, scripts);
  const file = codeCacheFile(directory);
  if ((await readCaches(file)) === undefined) await makeCaches(file, scripts);
  return directory;
}

/** What `keepSandboxBundle` has built. Reads that directory and nothing else. */
export async function readSandboxBundle(directory: string): Promise<SandboxBundle> {
  const [scripts, caches] = await Promise.all([readScripts(directory), readCaches(codeCacheFile(directory))]);
  if (scripts === undefined) throw new Error(`${directory} holds no room scripts`);
  return bundleOf(basename(directory), scripts, { caches: () => caches, codeCacheReady: Promise.resolve() });
}

/** Writes the copy that a packed package carries. `directory` is its `dist/sandbox`. */
export async function buildSandboxBundle(directory: string): Promise<void> {
  const scripts = await bundleSandbox(ROOT);
  await rm(directory, { recursive: true, force: true });
  await writeScripts(directory, scripts);
}

async function prebuiltScripts(): Promise<KeptScripts> {
  const scripts = await readScripts(PREBUILT);
  if (scripts === undefined) throw new Error(`The package is incomplete: ${PREBUILT} holds no room scripts. Install it again`);
  return { ...scripts, id: hash("sha256", scripts.bootstrap + scripts.zod, "hex") };
}

async function builtScripts(cacheDirectory: string): Promise<KeptScripts> {
  const id = sandboxId(ROOT);
  const directory = join(cacheDirectory, id);
  const kept = await readScripts(directory);
  if (kept !== undefined) return { ...kept, id };
  const scripts = await bundleSandbox(ROOT);
  // Another process may have been first, or the checkout may be read-only.
  await writeScripts(directory, scripts)
    .then(() => sweepScripts(cacheDirectory, id))
    .catch(() => undefined);
  return { ...scripts, id };
}

interface Copies {
  readonly bootstrap: ivm.ExternalCopy<ArrayBuffer>;
  readonly zod: ivm.ExternalCopy<ArrayBuffer>;
}

async function readCaches(file: string): Promise<Copies | undefined> {
  const [bootstrap, zod] = await Promise.all([readBytes(`${file}-bootstrap`), readBytes(`${file}-zod`)]);
  return bootstrap === undefined || zod === undefined ? undefined : copies({ bootstrap, zod });
}

async function makeCaches(file: string, scripts: SandboxScripts): Promise<Copies | undefined> {
  try {
    const caches = await produceCodeCaches(scripts);
    await Promise.all([writeBytes(`${file}-bootstrap`, caches.bootstrap), writeBytes(`${file}-zod`, caches.zod)]).catch(() => undefined);
    return copies(caches);
  } catch {
    return undefined;
  }
}

function copies(caches: CodeCaches): Copies {
  return { bootstrap: new ivm.ExternalCopy(caches.bootstrap), zod: new ivm.ExternalCopy(caches.zod) };
}

function script(source: string, filename: string, cachedData: () => ivm.ExternalCopy<ArrayBuffer> | undefined): SandboxScript {
  return {
    source,
    filename,
    get cachedData() {
      return cachedData();
    },
  };
}
