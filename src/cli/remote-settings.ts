// The settings of workspaces that a service has, for its admins.
import type { Client } from "../rpc/client-create.ts";
import { RpcFault } from "../rpc/client-fault.ts";
import type { WorkspaceAnswer } from "../rpc/contract-workspaces.ts";
import { DEFAULT_SETTINGS, SETTING_NAMES, settingLabel, withOwnSettings, type OwnSettings, type SettingName, type SettingsChange } from "../settings.ts";
import type { KnownSettings, SettingsPort } from "./workspace-settings.ts";

export function remoteSettings(client: Client): SettingsPort {
  return {
    read: async (workspace) => knownOf(await client.workspaces.get(workspace)),
    async change(workspace, change) {
      // The service would make one of a name that was mistyped.
      if (workspace !== "default" && !(await client.workspaces.list()).includes(workspace)) throw noSuch(workspace);
      return knownOf(await client.workspaces.set(workspace, byLabel(change)));
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function byLabel(change: SettingsChange): Readonly<Record<string, string | number | boolean | null>> {
  const named = SETTING_NAMES.map((name) => [settingLabel(name), change[name]] as const);
  return Object.fromEntries(named.flatMap(([label, value]) => (value === undefined ? [] : [[label, value]])));
}

/** What an older service does not know of is as it is built in. */
function knownOf({ settings }: WorkspaceAnswer): KnownSettings {
  const told = (pick: (fact: WorkspaceAnswer["settings"][string]) => unknown): OwnSettings =>
    Object.fromEntries(
      SETTING_NAMES.map((name: SettingName) => [name, settings[settingLabel(name)]] as const).map(([name, fact]) => [name, fact && pick(fact)]),
    );
  return {
    own: told((fact) => (fact.own ? fact.value : undefined)),
    defaults: withOwnSettings(
      DEFAULT_SETTINGS,
      told((fact) => fact.default),
    ),
  };
}

function noSuch(workspace: string): RpcFault {
  return new RpcFault("ERR_WORKFLOW_NOT_FOUND", `There is no workspace named ${JSON.stringify(workspace)}.`, { status: 404, details: { workspace } });
}
