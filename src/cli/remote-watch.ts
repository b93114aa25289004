// Changes of a service's workspace, found by looking now and then at which snapshot its executions begin on.
import type { Client } from "../rpc/client-create.ts";
import type { Changes } from "./changes.ts";
import { changedFrom } from "./watch-stored.ts";

export async function watchService(client: Client, signal: AbortSignal): Promise<Changes> {
  const look = async (): Promise<string> => (await client.workspaces.current({ signal })).snapshotId;
  let seen = await look();
  return {
    duringRuns: true,
    async next() {
      seen = await changedFrom(seen, { look, signal });
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
