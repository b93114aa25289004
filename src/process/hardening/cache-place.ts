// A directory for what children read: ours, writable by nobody else, and readable by the users that children run as.
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, statSync } from "node:fs";
import { join } from "node:path";
import { firstUnreadable } from "./readable-by-others.ts";

export interface PlaceOptions {
  /** Best first. */
  readonly places: readonly string[];
  readonly temporary: string;
  /** Whether other users must be able to read there. */
  readonly forOthers: boolean;
}

/** Made where it is absent. Throws what the file system throws where not even a temporary one can be made. */
export function pickCacheDirectory({ places, temporary, forOthers }: PlaceOptions): string {
  const user = process.getuid?.() ?? 0;
  // Root's home is closed to others; what root alone can write to is as good.
  const shared = forOthers ? ["/var/cache/bifrost-executor"] : [];
  for (const place of [...places, ...shared, join(temporary, `bifrost-executor-${user}`)]) {
    if (isFit(place, { user, forOthers })) return place;
  }
  const fresh = mkdtempSync(join(temporary, "bifrost-executor-"));
  chmodSync(fresh, 0o755);
  return fresh;
}

function isFit(place: string, { user, forOthers }: { readonly user: number; readonly forOthers: boolean }): boolean {
  try {
    if (mkdirSync(place, { recursive: true }) !== undefined && forOthers) chmodSync(place, 0o755);
    // In a temporary folder anybody may have made it before us.
    const { uid, mode } = statSync(place);
    const ours = process.platform === "win32" || (uid === user && (mode & 0o022) === 0);
    accessSync(place, constants.W_OK);
    return ours && !(forOthers && firstUnreadable([place]) !== undefined);
  } catch {
    return false;
  }
}
