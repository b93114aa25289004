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
export function childCaches({ cacheDirectory, tier, layers }: ChildCachesOptions): ChildCaches {
  return once({ name: "child-main", flags: jitlessFlags(tier), hasRoom: true }, { cacheDirectory, layers });
}

/** Of a child that transpiles. `flags`: what it gives V8, which takes no code that was compiled under others. */
export function transpileCache({ flags, ...options }: Omit<ChildCachesOptions, "tier"> & { readonly flags: readonly string[] }): string {
  return once({ name: "transpile-child", flags, hasRoom: false }, options).compile;
}

interface Child {
  readonly name: string;
  /** Of V8. */
  readonly flags: readonly string[];
  readonly hasRoom: boolean;
}

type Options = Omit<ChildCachesOptions, "tier">;

function once(child: Child, options: Options): ChildCaches {
  const key = [child.name, ...child.flags, options.cacheDirectory, options.layers.wrapping.uid].join("\n");
  const before = built.get(key);
  if (before !== undefined) return before;
  const caches = find(child, options);
  built.set(key, caches);
  return caches;
}

function find(child: Child, { cacheDirectory, layers }: Options): ChildCaches {
  // A checkout keeps what it builds beside its dependencies: a change of its files is its own affair.
  const own = CHECKOUT && existsSync(join(PACKAGE, "node_modules")) ? [join(PACKAGE, "node_modules", ".cache", "bifrost-executor")] : [];
  const base = pickCacheDirectory({ places: [...own, cacheDirectory], temporary: tmpdir(), forOthers: layers.wrapping.uid });
  const order = orderFor(child, base, stampOf());
  const kept = readMarker(order) ?? build(child, base, order);
  return { room: kept.room ?? "", compile: order.compile };
}

function orderFor({ name, flags, hasRoom }: Child, base: string, stamp: string): CacheOrder {
  const kind = hash("sha256", [SOURCES, process.version, process.arch, ...flags].join("\n"), "hex").slice(0, 16);
  return {
    entry: new URL(`../${name}.${EXTENSION}`, import.meta.url).href,
    room: hasRoom ? join(base, "room") : undefined,
    // A folder of its own for each state of the code: Node leaves what it finds as it is.
    compile: join(base, `child-${name}-${kind}-${stamp.slice(0, 16)}`),
    marker: join(base, `built-${name}-${kind}.json`),
    stamp,
  };
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

function build({ name, flags, hasRoom }: Child, base: string, order: CacheOrder): Marker {
  const start = (...args: readonly string[]) =>
    spawnSync(process.execPath, ["--no-warnings", ...flags, ...args], {
      env: { LIBC: existsSync("/etc/alpine-release") ? "musl" : "glibc", NODE_COMPILE_CACHE: order.compile },
      stdio: ["ignore", "pipe", "pipe"],
      encoding: "utf8",
      timeout: BUILD_MS,
    });
  if (CHECKOUT && flags.includes("--jitless")) {
    // Node cannot take types off without a compiler, but keeps what it has taken them off: that is done first, the rest anew.
    const stripped: Child = { name, flags: [], hasRoom };
    const before = orderFor(stripped, base, order.stamp);
    if (readMarker(before) === undefined) build(stripped, base, before);
    const { stdout } = start("--print", "require('node:v8').cachedDataVersionTag()");
    cpSync(compiledIn(before.compile, cachedDataVersionTag()), compiledIn(order.compile, Number(stdout)), { recursive: true });
  }
  const { stderr, error } = start(join(import.meta.dirname, `build-caches.${EXTENSION}`), JSON.stringify(order));
  const made = readMarker(order);
  if (made !== undefined) return made;
  throw new Fault("ERR_INTERNAL", `What a child process needs could not be built: ${error?.message ?? stderr.trim().slice(-2000)}`);
}

/** Node names its folders so: compile_cache.cc. */
function compiledIn(directory: string, tag: number): string {
  return join(directory, `${process.version}-${process.arch}-${tag.toString(16).padStart(8, "0")}-${process.getuid?.() ?? 0}`);
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
