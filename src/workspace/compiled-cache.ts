// Compiled code in a directory of this machine's user, by key, for runs that have no database (`--directory`). A cache
// and nothing more: what cannot be read, does not verify or may have been written by somebody else is a miss.
import { randomBytes } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import type { Stats } from "node:fs";
import { join } from "node:path";
import type { CompiledKey } from "../modules/content-hash.ts";
import type { CompiledModule } from "../modules/module-record.ts";
import { decodeCompiled, encodeCompiled } from "../snapshot/compiled-record.ts";

export interface CompiledCache {
  get(keys: readonly CompiledKey[]): ReadonlyMap<CompiledKey, CompiledModule>;
  put(modules: readonly CompiledModule[]): void;
}

export interface CompiledCacheOptions {
  /** Entries beyond this are dropped, the longest unused first. */
  readonly capacity?: number;
}

/** An entry this old that is used again is marked as used. */
const RENEW_AFTER_MS = 24 * 60 * 60 * 1000;

/** Never throws: a directory that cannot be used degrades to a cache that holds nothing. */
export function createCompiledCache(directory: string, { capacity = 5000 }: CompiledCacheOptions = {}): CompiledCache {
  let usable: boolean | undefined;

  function isUsable(): boolean {
    usable ??= isOwn(directory);
    return usable;
  }

  return {
    get(keys) {
      const found = new Map<CompiledKey, CompiledModule>();
      if (!isUsable()) return found;
      for (const key of keys) {
        const module = readEntry(join(directory, key));
        if (module?.key === key) found.set(key, module);
      }
      return found;
    },
    put(modules) {
      if (modules.length === 0) return;
      try {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        usable = undefined;
        if (!isUsable()) return;
        for (const module of modules) writeEntry(join(directory, module.key), encodeCompiled(module));
        dropOldest(directory, capacity);
      } catch {
        // A read-only or full disk: the next run compiles again.
      }
    },
  };
}

/** Code in it is run: nobody but this user may have been able to write it. */
function isOwn(directory: string): boolean {
  const stat = statOf(directory);
  return stat !== undefined && stat.isDirectory() && stat.uid === (process.getuid?.() ?? stat.uid) && (stat.mode & 0o022) === 0;
}

function statOf(directory: string): Stats | undefined {
  try {
    return lstatSync(directory);
  } catch {
    return undefined;
  }
}

function readEntry(file: string): CompiledModule | undefined {
  try {
    const module = decodeCompiled(readFileSync(file));
    if (module !== undefined) markUsed(file);
    return module;
  } catch {
    return undefined;
  }
}

function markUsed(file: string): void {
  const now = Date.now();
  if (now - statSync(file).mtimeMs < RENEW_AFTER_MS) return;
  try {
    utimesSync(file, now / 1000, now / 1000);
  } catch {
    // A read-only directory: the entry is good all the same.
  }
}

function writeEntry(file: string, bytes: Uint8Array): void {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(draft, bytes, { mode: 0o600, flag: "wx" });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function dropOldest(directory: string, capacity: number): void {
  const names = readdirSync(directory);
  if (names.length <= capacity) return;
  const aged = names.map((name) => ({ name, usedAt: lstatSync(join(directory, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  aged.sort((one, other) => one.usedAt - other.usedAt);
  for (const { name } of aged.slice(0, names.length - Math.floor(capacity * 0.8))) rmSync(join(directory, name), { force: true });
}
