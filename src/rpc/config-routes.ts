// What workflows of a workspace are configured with, over HTTP.
import { Fault } from "../errors.ts";
import type { HostedWorkspace } from "../host.ts";
import type { ConfigEntry, ConfigValues } from "../workspace/config-values.ts";
import { configBodySchema, configEntrySchema, configListSchema, configParamsSchema, type ConfigEntryAnswer } from "./contract-config.ts";
import { addRoute } from "./route.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";

export function configRoutes(app: RpcApp, parts: RouteParts): void {
  const common = { scope: "admin", tag: "config" } as const;
  const one = { ...common, url: "/v1/config/:key", params: configParamsSchema } as const;
  addRoute(app, parts, {
    ...common,
    method: "GET",
    url: "/v1/config",
    id: "listConfig",
    summary: "Lists plain values, and secrets without theirs",
    answers: { 200: { description: "By key", schema: configListSchema } },
    handle: async ({ workspace }) => ({ entries: (await (await valuesOf(workspace)).list()).map(answerOf) }),
  });
  addRoute(app, parts, {
    ...one,
    method: "GET",
    id: "getConfig",
    summary: "Gives a plain value, or tells of a secret who may read it",
    answers: { 200: { description: "What there is", schema: configEntrySchema } },
    handle: async ({ params: { key }, workspace }) => answerOf(await (await valuesOf(workspace)).find(key)),
  });
  addRoute(app, parts, {
    ...one,
    method: "PUT",
    id: "setConfig",
    summary: "Sets a plain value or a secret, or who may read a secret",
    description: "Holds from the next `config.get` on. Over a secret no plain value is set: delete it first.",
    body: configBodySchema,
    answers: { 200: { description: "As it is now", schema: configEntrySchema } },
    async handle({ params: { key }, body: { value, secret, grantedTo, grant, revoke }, workspace }) {
      const values = await valuesOf(workspace);
      if (value !== undefined) return answerOf(await values.setValue(key, value));
      if (grant !== undefined) return answerOf(await values.grant(key, grant));
      if (revoke !== undefined) return answerOf(await values.revoke(key, revoke));
      if (secret !== undefined) return answerOf(await values.setSecret(key, { value: secret, grantedTo }));
      return answerOf(await values.setGrants(key, grantedTo ?? []));
    },
  });
  addRoute(app, parts, {
    ...one,
    method: "DELETE",
    id: "deleteConfig",
    summary: "Deletes a plain value or a secret",
    answers: { 204: { description: "It is gone" } },
    async handle({ params: { key }, workspace }, reply) {
      await (await valuesOf(workspace)).remove(key);
      return reply.code(204).send();
    },
  });
}

async function valuesOf(workspace: () => Promise<HostedWorkspace>): Promise<ConfigValues> {
  const { executor } = await workspace();
  if (executor.config !== undefined) return executor.config;
  throw new Fault("ERR_INTERNAL", `The workspace ${JSON.stringify(executor.workspace.name)} is served without a place for its configuration`);
}

/** Member by member: what an entry may hold one day does not leave by itself. */
function answerOf(entry: ConfigEntry): ConfigEntryAnswer {
  const { key, kind, version, createdAt, updatedAt } = entry;
  const facts = { key, kind, version, createdAt, updatedAt };
  return entry.kind === "value" ? { ...facts, value: entry.value } : { ...facts, grantedTo: [...entry.grantedTo] };
}
