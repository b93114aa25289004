// Turns sandbox/ and zod into the two classic scripts of a room, with esbuild. Runs in a checkout and when the
// package is packed, never in an installed package: esbuild is a development dependency.
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";

export interface SandboxScripts {
  /** Its value is the function `(host: Host) => Room` (sandbox/host.d.ts). */
  readonly bootstrap: string;
  /** Its value is zod's `z`. */
  readonly zod: string;
}

/** `root` is the package's directory. */
export async function bundleSandbox(root: string): Promise<SandboxScripts> {
  const [bootstrap, zod] = await Promise.all([
    bundleScript(root, {
      entry: `export { enter as value } from "./sandbox/bootstrap.ts";`,
      plugins: [roomLibraries(root)],
      inject: [join(root, "sandbox/web/absent.ts")],
    }),
    bundleScript(root, { entry: `export { z as value } from "zod";`, plugins: [onlyEnglish] }),
  ]);
  return { bootstrap, zod };
}

interface ScriptInput {
  readonly entry: string;
  readonly plugins?: readonly Plugin[];
  /** Files whose exports stand for globals of the same name. */
  readonly inject?: readonly string[];
}

async function bundleScript(root: string, input: ScriptInput): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: input.entry, resolveDir: root, loader: "ts" },
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
    inject: [...(input.inject ?? [])],
    plugins: [...(input.plugins ?? [])],
    logLevel: "silent",
  });
  // Strict as a whole, libraries included: sloppy functions could be had from a call site in Error.prepareStackTrace.
  return `"use strict";(()=>{${outputFiles[0]?.text ?? ""}return room.value;})()`;
}

/** zod carries sixty languages, more than half its size; the room speaks one. */
const onlyEnglish: Plugin = {
  name: "only-english",
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: `export { default as en } from "./en.js";`, loader: "js" }));
  },
};

/** Gives the libraries what they miss in a room (sandbox/web): UTF-8, domain names, globals that it does not have. */
function roomLibraries(root: string): Plugin {
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
