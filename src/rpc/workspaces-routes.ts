// The workspace that a request is about, for all who may read it; all of them and their settings, for admins of all.
import { Fault } from "../errors.ts";
import { settingFacts } from "../setting-facts.ts";
import { parseSettings } from "../settings-text.ts";
import type { SettingName, SettingsChange } from "../settings.ts";
import {
  chosenWorkspaceSchema,
  workspaceBodySchema,
  workspaceListSchema,
  workspaceParamsSchema,
  workspaceSchema,
  type WorkspaceAnswer,
  type WorkspaceBody,
} from "./contract-workspaces.ts";
import { addRoute } from "./route.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts, SettingsAccess } from "./server-parts.ts";

const TAG = "workspaces";

export function workspacesRoutes(app: RpcApp, parts: RouteParts): void {
  const { host, settings, limits } = parts;
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/workspace",
    scope: "read",
    id: "getChosenWorkspace",
    tag: TAG,
    summary: "Tells which workspace the request is about, how it stands, and what may be asked of it",
    answers: { 200: { description: "The one named in the header, else the token's own, else `default`", schema: chosenWorkspaceSchema } },
    async handle({ workspace }) {
      const { executor } = await workspace();
      const { name, limits: most } = executor.workspace;
      const { version, snapshotId } = await executor.head();
      return { name, version, snapshotId, limits: most, bodyBytes: limits.bodyBytes };
    },
  });
  if (settings === undefined) return;
  const common = { scope: "admin", tag: TAG, inWorkspace: false, allWorkspaces: true } as const;
  addRoute(app, parts, {
    ...common,
    method: "GET",
    url: "/v1/workspaces",
    id: "listWorkspaces",
    summary: "Lists workspaces",
    answers: { 200: { description: "By name", schema: workspaceListSchema } },
    handle: async () => ({ workspaces: (await host.workspaces()).map((name) => ({ name })) }),
  });
  addRoute(app, parts, {
    ...common,
    method: "GET",
    url: "/v1/workspaces/:name",
    id: "getWorkspace",
    summary: "Gives the settings of a workspace",
    params: workspaceParamsSchema,
    answers: { 200: { description: "All settings; times in ms, sizes in bytes, 0 for none", schema: workspaceSchema } },
    handle: async ({ params: { name } }) => await answerOf(name, settings),
  });
  addRoute(app, parts, {
    ...common,
    method: "PUT",
    url: "/v1/workspaces/:name",
    id: "putWorkspace",
    summary: "Makes a workspace where there is none, and changes what is named of its settings, all of it or nothing",
    params: workspaceParamsSchema,
    body: workspaceBodySchema,
    answers: { 200: { description: "All settings as they are now", schema: workspaceSchema } },
    async handle({ params: { name }, body }) {
      const change = changeOf(body.settings ?? {});
      // Made only where it is not there: one whose settings cannot be read can still be changed.
      if ((await settings.updateSettings(name, change)) === undefined) {
        await settings.workspace(name, { create: true });
        await settings.updateSettings(name, change);
      }
      return await answerOf(name, settings);
    },
  });
}

async function answerOf(name: string, settings: SettingsAccess): Promise<WorkspaceAnswer> {
  const there = await settings.ownSettings(name);
  // Always there for who asks for it.
  if (there === undefined && name === "default") await settings.workspace(name, { create: true });
  const own = there ?? (await settings.ownSettings(name));
  if (own !== undefined) return { name, settings: settingFacts(own, settings.defaults) };
  throw new Fault("ERR_WORKFLOW_NOT_FOUND", `There is no workspace named ${JSON.stringify(name)}.`, { details: { workspace: name } });
}

/** Text is read as on the command line; a number is what `GET` shows, in ms or bytes. */
function changeOf(given: NonNullable<WorkspaceBody["settings"]>): SettingsChange {
  const change: Partial<Record<SettingName, unknown>> = {};
  for (const [label, value] of Object.entries(given)) {
    const assigned = parseSettings([`${label}=${typeof value === "string" ? value : "default"}`]);
    for (const [name, read] of Object.entries(assigned) as [SettingName, unknown][]) {
      if (Object.hasOwn(change, name))
        throw new Fault("ERR_INPUT_INVALID", `${label} is set twice.`, { details: { path: label, expected: "one value", received: "two" } });
      change[name] = value === null || typeof value === "string" ? read : value;
    }
  }
  return change as SettingsChange;
}
