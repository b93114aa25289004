// Turns sandbox/ and zod into the two classic scripts of a room, with esbuild. Runs in a checkout and when the
// package is packed, never in an installed package: esbuild is a development dependency.
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type * as Esbuild from "esbuild";

export interface SandboxScripts {
  /** Its value is the function `(host: Host) => Room` (sandbox/host.d.ts). */
  readonly bootstrap: string;
  /** Its value is zod's `z`. */
  readonly zod: string;
}

const BOOTSTRAP_ENTRY = `export { enter as value } from "./sandbox/bootstrap.ts";`;

/** Makes and uses a schema while the room is made ahead: the first one costs 1 ms, and a run waits for the second only (0.1 ms). */
const ZOD_ENTRY = `import { z } from "zod";
const row = z.object({ n: z.number().int().positive().default(1), s: z.string().min(1).optional(), b: z.boolean(), e: z.enum(["a", "b"]), l: z.array(z.string()) });
void row.safeParseAsync({ s: "", b: true, e: "a", l: [""] });
export { z as value };`;

/** `root` is the package's directory. */
export async function bundleSandbox(root: string): Promise<SandboxScripts> {
  const { build, stop } = await import("esbuild");
  try {
    const [bootstrap, zod] = await Promise.all([
      bundleScript({ build, root, entry: BOOTSTRAP_ENTRY, plugins: [roomLibraries(root)], inject: [join(root, "sandbox/web/absent.ts")] }),
      bundleScript({ build, root, entry: ZOD_ENTRY, plugins: [onlyEnglish] }),
    ]);
    return { bootstrap, zod };
  } finally {
    // It runs in a process of its own, which would stay for as long as this one.
    await stop();
  }
}

interface ScriptInput {
  readonly build: typeof Esbuild.build;
  readonly root: string;
  readonly entry: string;
  readonly plugins: readonly Esbuild.Plugin[];
  /** Files whose exports stand for globals of the same name. */
  readonly inject?: readonly string[];
}

async function bundleScript({ build, root, entry, plugins, inject }: ScriptInput): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: entry, resolveDir: root, loader: "ts" },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "room",
    platform: "neutral",
    mainFields: ["browser", "module", "main"],
    conditions: ["import", "require"],
    target: "es2024",
    // Pure ASCII is a one-byte string for V8: half the memory and the copying of a text with one wide character.
    charset: "ascii",
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    tsconfigRaw: { compilerOptions: { alwaysStrict: true, useDefineForClassFields: true } },
    inject: [...(inject ?? [])],
    plugins: [...plugins],
    logLevel: "silent",
  });
  // Strict as a whole, libraries included: sloppy functions could be had from a call site in Error.prepareStackTrace.
  return `"use strict";(()=>{${outputFiles[0]?.text ?? ""}return room.value;})()`;
}

/** zod carries sixty languages, more than half its size; the room speaks one. */
const onlyEnglish: Esbuild.Plugin = {
  name: "only-english",
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: `export { default as en } from "./en.js";`, loader: "js" }));
  },
};

/** Gives the libraries what they miss in a room (sandbox/web): UTF-8, domain names, globals that it does not have. */
function roomLibraries(root: string): Esbuild.Plugin {
  const web = join(root, "sandbox", "web");
  return {
    name: "room-libraries",
    setup(build) {
      build.onResolve({ filter: /^tr46$/ }, () => ({ path: join(web, "ascii-domains.ts") }));
      build.onResolve({ filter: /^tr46\?full$/ }, () => build.resolve("tr46/index.js", { kind: "require-call", resolveDir: root }));
      build.onLoad({ filter: /[\\/]node-inspect-extracted[\\/]dist[\\/]inspect\.js$/ }, async ({ path }) => ({
        contents: `const globalThis = require(${JSON.stringify(join(web, "absent.ts"))}).withAbsent;${await readFile(path, "utf8")}`,
        loader: "js",
      }));
      build.onResolve({ filter: /^\.\/encoding$/ }, ({ importer }) =>
        /[\\/]whatwg-url[\\/]lib[\\/]/.test(importer) ? { path: join(web, "utf8.ts") } : undefined,
      );
    },
  };
}

/** Versions that a build depends on besides the files of sandbox/. */
export function buildVersions(root: string): string {
  const require = createRequire(join(root, "package.json"));
  return ["esbuild", "zod", "node-inspect-extracted", "whatwg-url"].map((name) => `${name}@${versionOf(require, name)}`).join(" ");
}

function versionOf(require: NodeJS.Require, name: string): string {
  for (const directory of require.resolve.paths(name) ?? []) {
    try {
      return (require(join(directory, name, "package.json")) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return "absent";
}
