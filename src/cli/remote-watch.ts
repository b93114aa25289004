// Changes of a service's workspace, found by looking at its files' hashes now and then.
import type { Client } from "../rpc/client-create.ts";
import type { Changes } from "./changes.ts";
import { changedFrom } from "./watch-stored.ts";

export async function watchService(client: Client, signal: AbortSignal): Promise<Changes> {
  const look = async (): Promise<string> => (await client.files.list({ signal })).map(({ path, hash }) => `${path} ${hash}`).join("\n");
  let seen = await look();
  return {
    duringRuns: true,
    async next() {
      seen = await changedFrom(seen, { look, signal });
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
