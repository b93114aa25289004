// The settings of workspaces for a command: in the database here, or of a service. Loads what opens the one or the other.
import type { Config } from "../config.ts";
import { clientAt } from "./at-url.ts";
import type { KnownSettings, SettingsPort } from "./workspace-settings.ts";

/** `url`: of the service that has them; undefined where they are in the database here. */
export async function openSettings(config: Config, url: string | undefined): Promise<SettingsPort> {
  if (url === undefined) return await openHere(config);
  const client = await clientAt(url, { token: config.token });
  return (await import("./remote-settings.ts")).remoteSettings(client);
}

async function openHere(config: Config): Promise<SettingsPort> {
  const { noWorkspace, openBacking } = await import("../open-stored.ts");
  const backing = await openBacking(config);
  const { origin } = backing;

  /** Made only where it is not there: one whose settings cannot be read can still be changed. */
  async function found<T>(workspace: string, look: () => Promise<T | undefined>): Promise<T> {
    const there = await look();
    if (there !== undefined) return there;
    if (workspace === "default") await origin.workspace(workspace, { create: true });
    const made = workspace === "default" ? await look() : undefined;
    if (made === undefined) throw noWorkspace(workspace);
    return made;
  }

  async function read(workspace: string): Promise<KnownSettings> {
    return { own: await found(workspace, () => origin.ownSettings(workspace)), defaults: config.defaults };
  }

  return {
    read,
    async change(workspace, change) {
      await found(workspace, () => origin.updateSettings(workspace, change));
      return await read(workspace);
    },
    [Symbol.asyncDispose]: () => backing.close(),
  };
}
