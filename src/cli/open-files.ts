// The files of a workspace for a command: in the database here, or of a service. Loads the engine, or the client, and not both.
import type { Config } from "../config.ts";
import { clientAt } from "./at-url.ts";
import type { FilesPlace, StoredFiles } from "./stored-files.ts";

/** Rejects with ERR_WORKFLOW_NOT_FOUND where there is no such workspace: see `isNoWorkspace`. */
export async function openFiles(config: Config, { workspace, url, create, writes }: FilesPlace): Promise<StoredFiles> {
  if (url === undefined) return await (await import("../open.ts")).openStored(config, { workspace: workspace ?? "default", create, runs: writes });
  const client = await clientAt(url, { token: config.token, workspace });
  return await (await import("./remote-files.ts")).openRemoteFiles(client, { url, workspace, create });
}
