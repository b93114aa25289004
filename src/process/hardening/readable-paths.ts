// What a child must be able to read to start, and nothing else: the program, the system's libraries, this package's
// code, its caches. One list serves Node's permission model, Landlock, and the question whether another user could.
import { existsSync, lstatSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReadablePath } from "./seal-program.ts";

export interface ChildFiles {
  /** Folders and files that Node itself opens. Some may not exist: Node asks whether they do. */
  readonly code: readonly string[];
  /** For Node's permission model only, which looks at names: the kernel would see where they lead. */
  readonly links: readonly string[];
  /** What the loader, the C library and V8 open besides. */
  readonly system: readonly ReadablePath[];
}

/** `src` in a checkout, `dist` in a package. */
const SOURCES = join(import.meta.dirname, "..", "..");
const PACKAGE = join(SOURCES, "..");

/** Libraries lie in one of these on every distribution; the loader is run from there as well. */
export const LIBRARIES: readonly string[] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store"];
/** The loader's index, the time zone, the number of processors, and the main thread's own stack. */
const SYSTEM = [
  "/dev/null",
  "/etc/ld.so.cache",
  "/etc/ld-musl-x86_64.path",
  "/etc/ld-musl-aarch64.path",
  "/etc/localtime",
  "/usr/share/zoneinfo",
  "/sys/devices/system/cpu",
  "/proc/self",
];

export interface ChildFilesOptions {
  readonly execPath: string;
  readonly entry: URL;
  /** Packages that the child loads, by name. */
  readonly packages: readonly string[];
  readonly caches: readonly string[];
}

export function childFiles({ execPath, entry, packages, caches }: ChildFilesOptions): ChildFiles {
  const main = fileURLToPath(entry);
  const places = packagePlaces(packages);
  const folders = main.startsWith(SOURCES) ? [SOURCES] : [SOURCES, dirname(main)];
  return {
    code: [...new Set([...folders, join(PACKAGE, "package.json"), ...places, ...caches])],
    links: [...new Set(places.flatMap(linksAbove))],
    system: [
      { path: execPath, run: true },
      ...LIBRARIES.filter((path) => existsSync(path)).map((path) => ({ path, run: true })),
      ...SYSTEM.filter((path) => existsSync(path)).map((path) => ({ path, run: false })),
    ],
  };
}

/** What every child that runs author code reads, for the question whether another user could. */
export function codePaths(): readonly string[] {
  return [SOURCES, join(PACKAGE, "package.json"), ...packagePlaces(["isolated-vm", "node-gyp-build"])];
}

/** Wherever Node looks for the packages, from our files and from each other's, and where they really lie. */
function packagePlaces(names: readonly string[]): readonly string[] {
  const ours = import.meta.filename;
  const real = names
    .flatMap((name) =>
      placesFrom(ours, name)
        .filter((place) => existsSync(place))
        .slice(0, 1),
    )
    .map((place) => realpathSync(place));
  const manifests = real.map((place) => join(place, "package.json"));
  // Where packages are kept apart, one may be found by another only.
  const places = [ours, ...manifests].flatMap((from) => names.flatMap((name) => placesFrom(from, name)));
  return [...new Set([...places, ...places.filter((place) => existsSync(place)).map((place) => realpathSync(place))])];
}

/** Nearest first, to the first that is there: what lies farther is never asked for. */
function placesFrom(file: string, name: string): readonly string[] {
  const places = (createRequire(file).resolve.paths(name) ?? []).map((directory) => join(directory, name));
  const found = places.findIndex((place) => existsSync(place));
  return found < 0 ? places : places.slice(0, found + 1);
}

/** Symbolic links on the way to a path: Node looks at what each leads to. */
function linksAbove(path: string): readonly string[] {
  const links: string[] = [];
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) {
    if (lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() === true) links.push(at);
  }
  return links;
}
