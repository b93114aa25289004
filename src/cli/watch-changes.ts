// What --watch looks at where this process runs what changes.
import type { Config } from "../config.ts";
import type { Changes } from "./changes.ts";
import { watchDirectory } from "./watch-directory.ts";
import { watchEmbedded, watchServers } from "./watch-stored.ts";

interface Watched {
  readonly directory: string | undefined;
  readonly workspace: string;
}

export async function watchFor(
  { directory, workspace }: Watched,
  { config, signal }: { readonly config: Config; readonly signal: AbortSignal },
): Promise<Changes> {
  if (directory !== undefined) return watchDirectory(directory);
  return config.databaseUrl === undefined ? watchEmbedded(config, { workspace, signal }) : watchServers(config, { workspace, signal });
}
