// What a child must be able to read to start, and nothing else: the program, the system's libraries, this package's
// code, its caches. One list serves Node's permission model, Landlock, and the question whether another user could.
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReadablePath } from "./seal-program.ts";

export interface ChildFiles {
  /** Folders and files that Node itself opens. Some may not exist: Node asks whether they do. */
  readonly code: readonly string[];
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
  const folders = main.startsWith(SOURCES) ? [SOURCES] : [SOURCES, dirname(main)];
  return {
    code: [...new Set([...folders, join(PACKAGE, "package.json"), ...packages.flatMap(packagePlaces), ...caches])],
    system: [
      { path: execPath, run: true },
      ...LIBRARIES.filter((path) => existsSync(path)).map((path) => ({ path, run: true })),
      ...SYSTEM.filter((path) => existsSync(path)).map((path) => ({ path, run: false })),
    ],
  };
}

/** What every child that runs author code reads, for the question whether another user could. */
export function codePaths(): readonly string[] {
  return [SOURCES, join(PACKAGE, "package.json"), ...["isolated-vm", "node-gyp-build"].flatMap(packagePlaces)];
}

/** Wherever Node looks for the package from our files, and where it really lies. */
function packagePlaces(name: string): readonly string[] {
  const places = (createRequire(import.meta.url).resolve.paths(name) ?? []).map((directory) => join(directory, name));
  const found = places.find((place) => existsSync(place));
  const real = found === undefined ? undefined : realpathSync(found);
  // What lies nearer is asked for first; what lies farther never is.
  const asked = found === undefined ? places : places.slice(0, places.indexOf(found) + 1);
  return real === undefined || asked.includes(real) ? asked : [...asked, real];
}
