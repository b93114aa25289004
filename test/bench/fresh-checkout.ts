// A copy of this checkout that has never run: the same dependencies, but none of what a first run leaves beside them.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");
const COPIED = ["src", "db", "sandbox", "test/bench", "package.json"];

export interface FreshCheckout extends Disposable {
  readonly root: string;
  /** Home, caches and temporary files go here. */
  readonly environment: Readonly<Record<string, string>>;
  /** Forgets all that runs have left. */
  forget(): void;
}

export function freshCheckout(): FreshCheckout {
  const directory = mkdtempSync(join(tmpdir(), "bifrost-bench-"));
  const root = join(directory, "checkout");
  const home = join(directory, "home");
  for (const name of COPIED) cpSync(join(ROOT, name), join(root, name), { recursive: true });
  const modules = join(root, "node_modules");
  mkdirSync(modules);
  for (const name of readdirSync(join(ROOT, "node_modules"))) if (name !== ".cache") symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  const checkout: FreshCheckout = {
    root,
    environment: { HOME: home, XDG_CACHE_HOME: join(home, "cache"), XDG_DATA_HOME: join(home, "data"), TMPDIR: join(home, "tmp") },
    forget() {
      rmSync(home, { recursive: true, force: true });
      rmSync(join(modules, ".cache"), { recursive: true, force: true });
      mkdirSync(join(home, "tmp"), { recursive: true });
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
  checkout.forget();
  return checkout;
}
