import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ivm from "isolated-vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildSandboxBundle, loadSandboxBundle } from "../../../src/isolate/sandbox-bundle.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "bifrost-bundle-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function rejected(bundle: { source: string; filename: string; cachedData: ivm.ExternalCopy<ArrayBuffer> | undefined }): boolean {
  using isolate = disposable(new ivm.Isolate({ memoryLimit: 64 }));
  const script = isolate.value.compileScriptSync(bundle.source, { filename: bundle.filename, cachedData: bundle.cachedData as ivm.ExternalCopy<ArrayBuffer> });
  return (script as unknown as { cachedDataRejected: boolean }).cachedDataRejected;
}

function disposable(isolate: ivm.Isolate): Disposable & { readonly value: ivm.Isolate } {
  return { value: isolate, [Symbol.dispose]: () => void setImmediate(() => isolate.dispose()) };
}

describe("the texts of a room", () => {
  it("are built once and kept with a code cache that V8 accepts, also in the next process", async () => {
    const first = await loadSandboxBundle({ cacheDirectory: directory });
    await first.codeCacheReady;
    const second = await loadSandboxBundle({ cacheDirectory: directory });
    expect([second.id, second.bootstrap.source, second.zod.source]).toEqual([first.id, first.bootstrap.source, first.zod.source]);
    for (const bundle of [first, second]) expect([rejected(bundle.bootstrap), rejected(bundle.zod)]).toEqual([false, false]);
    expect(readdirSync(directory)).toHaveLength(1);
  });

  it("sweep away what earlier versions left a day ago, and nothing younger", async () => {
    for (const name of ["old", "young"]) mkdirSync(join(directory, name));
    utimesSync(join(directory, "old"), 0, 0);
    await loadSandboxBundle({ cacheDirectory: directory });
    expect([existsSync(join(directory, "old")), existsSync(join(directory, "young"))]).toEqual([false, true]);
  });

  it("need no directory that can be written", async () => {
    const file = join(directory, "a-file");
    writeFileSync(file, "");
    const bundle = await loadSandboxBundle({ cacheDirectory: join(file, "below") });
    await bundle.codeCacheReady;
    expect(rejected(bundle.bootstrap)).toBe(false);
  });

  it("are built whole for a package", async () => {
    const target = join(directory, "sandbox");
    await buildSandboxBundle(target);
    await buildSandboxBundle(target);
    expect(readdirSync(target).toSorted()).toEqual(["bootstrap.js", "zod.js"]);
    expect(readdirSync(directory)).toEqual(["sandbox"]);
  });

  it("are ASCII, so that V8 keeps them in one byte a letter, and strict as a whole", async () => {
    const { bootstrap, zod } = await loadSandboxBundle({ cacheDirectory: directory });
    for (const { source } of [bootstrap, zod]) {
      expect(Buffer.byteLength(source)).toBe(source.length);
      expect(source.startsWith('"use strict";')).toBe(true);
    }
  });

  it("carry no path of the machine they were built on", async () => {
    const { bootstrap, zod } = await loadSandboxBundle({ cacheDirectory: directory });
    const root = join(import.meta.dirname, "..", "..", "..");
    expect([bootstrap.source.includes(root), zod.source.includes(root)]).toEqual([false, false]);
  });
});
