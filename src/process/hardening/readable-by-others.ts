// Whether a user who owns nothing and is in no group could read a file or folder: every folder above it must let them pass.
import { statSync } from "node:fs";
import { dirname } from "node:path";

/** The first path, of these or above, that stands in the way; undefined where none does. What does not exist stands in nobody's way. */
export function firstUnreadable(paths: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const path of paths) {
    const own = statSync(path, { throwIfNoEntry: false });
    if (own === undefined) continue;
    // Others must read; a folder, and a program, they must also pass into.
    const needed = own.isDirectory() || (own.mode & 0o100) !== 0 ? 0o005 : 0o004;
    if ((own.mode & needed) !== needed) return path;
    for (let above = dirname(path); !seen.has(above); above = dirname(above)) {
      seen.add(above);
      if ((statSync(above).mode & 0o001) === 0) return above;
    }
  }
  return undefined;
}
