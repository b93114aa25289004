// What package.json and the lock promise: a checkout works without a build, an install is the same everywhere and runs no script.
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manifest, projectFiles, read, ROOT } from "./project-files.ts";

const TOP_LEVEL = new Set(["package.json", "package-lock.json", "tsconfig.json", "compose.yaml", "README.md", "src", "db", "sandbox", "test"]);

/** As Node reads it, with the condition that only a checkout has. */
function target(entry: unknown): string | undefined {
  if (typeof entry === "string") return entry;
  if (typeof entry !== "object" || entry === null) return undefined;
  const conditions = entry as Readonly<Record<string, unknown>>;
  return target(conditions["development"] ?? conditions["import"] ?? conditions["node"] ?? conditions["default"]);
}

interface LockEntry {
  readonly version?: string;
  readonly name?: string;
  readonly hasInstallScript?: boolean;
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

const lock = JSON.parse(read("package-lock.json")) as Lock;

describe("package.json", () => {
  it("names the two bins and the three doors, and each file it names is there without a build", () => {
    const { bin, exports } = manifest();
    expect(Object.keys(bin)).toEqual(["run-workflow", "bifrost-executor"]);
    expect(Object.keys(exports)).toEqual([".", "./client", "./testing", "./package.json"]);
    for (const file of [...Object.values(bin), ...Object.values(exports).map(target)]) {
      expect(file !== undefined && existsSync(join(ROOT, file)), `${file} is named in package.json`).toBe(true);
    }
  });

  it("has bins that can be executed, and say by which program", () => {
    for (const file of Object.values(manifest().bin)) {
      accessSync(join(ROOT, file), constants.X_OK);
      expect(read(file)).toMatch(/^#!\/usr\/bin\/env node\n/u);
    }
  });

  it("pins every dependency to one version", () => {
    const { dependencies, devDependencies, optionalDependencies, overrides } = manifest();
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/u);
      expect(lock.packages[`node_modules/${name}`]?.version, `${name} in the lock`).toBe(version);
    }
    for (const [name, version] of Object.entries(overrides)) expect(version, name).toMatch(/^npm:[\w@/-]+@\d+\.\d+\.\d+$/u);
  });

  it("lets no package run a script on install, by name", () => {
    const { allowScripts } = manifest();
    expect(Object.values(allowScripts)).not.toContain(true);
    const scripted = Object.entries(lock.packages).filter(([, entry]) => entry.hasInstallScript === true);
    for (const [path, entry] of scripted) expect(allowScripts, path).toHaveProperty([entry.name ?? path.slice(path.lastIndexOf("node_modules/") + 13)], false);
    // npm ignores `name@version` where the lock has no `resolved`, and then the script would run.
    for (const name of Object.keys(allowScripts)) expect(name.lastIndexOf("@")).toBeLessThanOrEqual(0);
  });

  it("has no dependency that nothing imports", () => {
    const { dependencies, devDependencies } = manifest();
    const sources = projectFiles().filter((path) => /\.(ts|mjs|json|yaml)$/u.test(path) && !/^package(-lock)?\.json$/u.test(path));
    const text = sources.map(read).join("\n") + Object.values(manifest().scripts).join("\n");
    const unused = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => {
      // Types come with the package they describe, and oxlint finds its other half by itself.
      const wanted = name.startsWith("@types/")
        ? name
            .slice(7)
            .replace("__", "/")
            .replace(/^(?=[^/]+\/)/u, "@")
        : name === "oxlint-tsgolint"
          ? "--type-aware"
          : name;
      return wanted !== "node" && ![`"${wanted}"`, `"${wanted}/`, `node_modules/${wanted}/`, `(${wanted})`].some((form) => text.includes(form));
    });
    expect(unused).toEqual([]);
  });
});

describe("the lock", () => {
  it("names no registry, so that any mirror will do", () => {
    expect(Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([]);
    expect(readFileSync(join(ROOT, ".npmrc"), "utf8")).toContain("omit-lockfile-registry-resolved=true");
  });

  it("is whole: it has every optional dependency for every platform, or `npm ci` refuses it", () => {
    const names = new Set(Object.keys(lock.packages).map((path) => path.slice(path.lastIndexOf("node_modules/") + 13)));
    const wanted = Object.values(lock.packages).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
    expect(wanted.filter((name) => !names.has(name))).toEqual([]);
  });
});

describe("the top level", () => {
  it("holds what has a place there and nothing else", () => {
    const names = new Set(projectFiles().map((path) => path.split("/")[0] ?? path));
    expect([...names].filter((name) => !name.startsWith(".") && !TOP_LEVEL.has(name))).toEqual([]);
  });
});
