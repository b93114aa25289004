// Changes of a directory on disk, settled: an editor's several writes are one change.
import { basename } from "node:path";
import { watch } from "chokidar";
import { createBell, type Changes } from "./changes.ts";

const SETTLE_MS = 60;

/** Dot files and node_modules are left out as `push` leaves them out; what .gitignore names is not, and costs a run more. */
export async function watchDirectory(directory: string): Promise<Changes> {
  const bell = createBell();
  let settling: NodeJS.Timeout | undefined;
  const watcher = watch(directory, {
    ignoreInitial: true,
    ignored: (path) => path !== directory && (basename(path).startsWith(".") || basename(path) === "node_modules"),
  });
  watcher.on("all", () => {
    clearTimeout(settling);
    settling = setTimeout(() => bell.ring(), SETTLE_MS);
  });
  // A directory that vanishes is told of by the next run, which cannot read it.
  watcher.on("error", () => bell.ring());
  await new Promise<void>((resolve) => void watcher.once("ready", () => resolve()));
  return {
    duringRuns: true,
    next: () => bell.next(),
    async [Symbol.asyncDispose]() {
      clearTimeout(settling);
      await watcher.close();
    },
  };
}
