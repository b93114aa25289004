// What a child needs built before it starts: the room's scripts with their code caches, and Node's compile cache of
// its own modules. A process of its own builds them, before any author code is near; a child only ever reads them.
import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cachedDataVersionTag } from "node:v8";
import { Fault } from "../../errors.ts";
import { pickCacheDirectory } from "./cache-place.ts";
import type { LayerPlan } from "./layers.ts";
import { jitlessFlags, type Tier } from "./resource-limits.ts";

export interface ChildCachesOptions {
  readonly cacheDirectory: string;
  readonly tier: Tier;
  readonly layers: LayerPlan;
}

export interface ChildCaches {
  /** Of the room's scripts, for the child's "setup" message. */
  readonly room: string;
  /** Of Node's compile cache, for `startChild`. */
  readonly compile: string;
}

/** What the builder is told. */
export interface CacheOrder {
  /** Main module of the child, as a URL. */
  readonly entry: string;
  /** Where the room's scripts are kept; undefined for a child that has no room. */
  readonly room: string | undefined;
  readonly compile: string;
  /** File that says what was built, written last. */
  readonly marker: string;
  readonly stamp: string;
}

/** `src` in a checkout, `dist` in a package. */
const SOURCES = join(import.meta.dirname, "..", "..");
const PACKAGE = join(SOURCES, "..");
const CHECKOUT = import.meta.url.endsWith(".ts");
const EXTENSION = CHECKOUT ? "ts" : "js";
/** What a child is made of, in a checkout. */
const FOLDERS = ["src/process", "src/isolate", "src/modules", "sandbox", "node_modules/.package-lock.json", "src/errors.ts", "src/limits.ts"];
const BUILD_MS = 120_000;

const built = new Map<string, ChildCaches>();

/** Of a child that runs author code. Blocks for some hundred milliseconds where something is lacking, ever after for one. Throws ERR_INTERNAL when it cannot be built. */
export function childCaches(options: ChildCachesOptions): ChildCaches {
  return once("child-main", options, true);
}

/** Of a child that transpiles. */
export function transpileCache({ cacheDirectory, layers }: Omit<ChildCachesOptions, "tier">): string {
  return once("transpile-child", { cacheDirectory, layers, tier: "jit" }, false).compile;
}

function once(name: string, options: ChildCachesOptions, hasRoom: boolean): ChildCaches {
  const key = [name, options.tier, options.cacheDirectory, options.layers.wrapping.uid].join("\n");
  const before = built.get(key);
  if (before !== undefined) return before;
  const caches = find(name, options, hasRoom);
  built.set(key, caches);
  return caches;
}

function find(name: string, { cacheDirectory, tier, layers }: ChildCachesOptions, hasRoom: boolean): ChildCaches {
  // A checkout keeps what it builds beside its dependencies: a change of its files is its own affair.
  const own = CHECKOUT && existsSync(join(PACKAGE, "node_modules")) ? [join(PACKAGE, "node_modules", ".cache", "bifrost-executor")] : [];
  const base = pickCacheDirectory({ places: [...own, cacheDirectory], temporary: tmpdir(), forOthers: layers.wrapping.uid });
  const compile = join(base, "child");
  const stamp = stampOf();
  const marker = join(base, `built-${name}-${tier}-${hash("sha256", `${SOURCES} ${process.version} ${process.arch}`, "hex").slice(0, 16)}.json`);
  const order = { entry: new URL(`../${name}.${EXTENSION}`, import.meta.url).href, room: hasRoom ? join(base, "room") : undefined, compile, marker, stamp };
  const kept = readMarker(order) ?? build(order, tier, () => find(name, { cacheDirectory, tier: "jit", layers }, hasRoom));
  return { room: kept.room ?? "", compile };
}

interface Marker {
  readonly stamp?: unknown;
  readonly room?: string;
}

function readMarker({ marker, stamp, room, compile }: CacheOrder): Marker | undefined {
  try {
    const kept = JSON.parse(readFileSync(marker, "utf8")) as Marker;
    const whole = kept.stamp === stamp && existsSync(compile) && (room === undefined || (kept.room !== undefined && existsSync(kept.room)));
    return whole ? kept : undefined;
  } catch {
    return undefined;
  }
}

function build(order: CacheOrder, tier: Tier, buildJit: () => void): Marker {
  const environment = { LIBC: existsSync("/etc/alpine-release") ? "musl" : "glibc", NODE_COMPILE_CACHE: order.compile };
  const start = (...args: readonly string[]) =>
    spawnSync(process.execPath, ["--no-warnings", ...jitlessFlags(tier), ...args], {
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
      timeout: BUILD_MS,
    });
  if (CHECKOUT && tier === "jitless") {
    // Node cannot take types off without a compiler, but keeps what it has taken them off: the rest is made anew.
    buildJit();
    const name = (tag: string): string => join(order.compile, `${process.version}-${process.arch}-${tag}-${process.getuid?.() ?? 0}`);
    const { stdout } = start("--print", "require('node:v8').cachedDataVersionTag().toString(16).padStart(8, '0')");
    cpSync(name(cachedDataVersionTag().toString(16).padStart(8, "0")), name(stdout.trim()), { recursive: true });
  }
  const { stderr, error } = start(join(import.meta.dirname, `build-caches.${EXTENSION}`), JSON.stringify(order));
  const made = readMarker(order);
  if (made !== undefined) return made;
  throw new Fault("ERR_INTERNAL", `What a child process needs could not be built: ${error?.message ?? stderr.trim().slice(-2000)}`);
}

/** Changes with whatever the caches are made from. A package never changes in place without its manifest. */
function stampOf(): string {
  const files = CHECKOUT ? FOLDERS.flatMap((name) => filesIn(join(PACKAGE, name))) : [join(PACKAGE, "package.json")];
  const facts = files.map((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat === undefined ? "" : `${file} ${stat.mtimeMs} ${stat.size}`;
  });
  return hash("sha256", facts.join("\n"), "hex");
}

function filesIn(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(path, name));
}
