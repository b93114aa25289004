// Turns sandbox/ and zod into the two classic scripts of a room, with esbuild. Runs in a checkout and when the
// package is packed, never in an installed package: esbuild is a development dependency.
import { createRequire } from "node:module";
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
    bundleScript(root, { entry: `export { enter as value } from "./sandbox/bootstrap.ts";` }),
    bundleScript(root, { entry: `export { z as value } from "zod";`, plugins: [onlyEnglish] }),
  ]);
  return { bootstrap, zod };
}

async function bundleScript(root: string, input: { readonly entry: string; readonly plugins?: readonly Plugin[] }): Promise<string> {
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
