// What a workspace is configured with, as commands change it (ConfigValues): in the database here, or of a service.
import type { Config } from "../config.ts";
import type { Client } from "../rpc/client-create.ts";
import type { ConfigEntryAnswer } from "../rpc/contract-config.ts";
import type { ConfigEntry, ConfigValues } from "../workspace/config-values.ts";
import { clientAt } from "./at-url.ts";

export interface OpenedConfig extends AsyncDisposable {
  /** Of the workspace. */
  readonly name: string;
  readonly values: ConfigValues;
}

export interface ConfigPlace {
  /** "default", or a token's own, where absent. */
  readonly workspace: string | undefined;
  /** Of the service that has it; undefined where it is in the database here. */
  readonly url: string | undefined;
}

/** Rejects with ERR_WORKFLOW_NOT_FOUND where there is no such workspace. */
export async function openConfig(config: Config, { workspace, url }: ConfigPlace): Promise<OpenedConfig> {
  if (url === undefined) return await openHere(config, workspace ?? "default");
  const client = await clientAt(url, { token: config.token, workspace });
  const name = workspace ?? (await client.workspaces.current()).name;
  return { name, values: remoteValues(client.config), [Symbol.asyncDispose]: async () => undefined };
}

async function openHere(config: Config, name: string): Promise<OpenedConfig> {
  const { noWorkspace, openBacking } = await import("../open-stored.ts");
  await using opened = new AsyncDisposableStack();
  const backing = opened.adopt(await openBacking(config), (each) => each.close());
  const workspace = await backing.origin.workspace(name, { create: name === "default" });
  if (workspace === undefined) throw noWorkspace(name);
  const held = opened.move();
  return { name, values: backing.config.of(workspace.id), [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function remoteValues(config: Client["config"]): ConfigValues {
  return {
    list: async () => (await config.list()).map(entryOf),
    find: async (key) => entryOf(await config.get(key)),
    setValue: async (key, value) => entryOf(await config.set(key, value)),
    setSecret: async (key, { value, grantedTo }) => entryOf(await config.setSecret(key, value, { grantedTo })),
    setGrants: async (key, references) => entryOf(await config.setGrants(key, references)),
    grant: async (key, references) => entryOf(await config.grant(key, references)),
    revoke: async (key, references) => entryOf(await config.revoke(key, references)),
    remove: (key) => config.delete(key),
  };
}

function entryOf({ kind, value, grantedTo = [], ...facts }: ConfigEntryAnswer): ConfigEntry {
  return kind === "value" ? { ...facts, kind, value } : { ...facts, kind, grantedTo };
}
