// Tokens over HTTP. An admin of one workspace has to do with the tokens of that one, and can make none that opens more.
import { newTokenSchema, tokenBodySchema, tokenListSchema, tokenParamsSchema } from "./contract-workspaces.ts";
import { RequestFault } from "./request-fault.ts";
import { addRoute } from "./route.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";
import { checkOpens } from "./workspace-header.ts";

const TAG = "tokens";

export function tokensRoutes(app: RpcApp, parts: RouteParts): void {
  const { tokens } = parts;
  const common = { scope: "admin", tag: TAG, inWorkspace: false } as const;
  addRoute(app, parts, {
    ...common,
    method: "GET",
    url: "/v1/tokens",
    id: "listTokens",
    summary: "Lists tokens, also those that are no longer good; never what they are",
    answers: { 200: { description: "Oldest first", schema: tokenListSchema } },
    handle: async ({ caller }) => ({ tokens: await tokens.list({ workspace: caller.workspace }) }),
  });
  addRoute(app, parts, {
    ...common,
    method: "POST",
    url: "/v1/tokens",
    id: "createToken",
    summary: "Makes a token, and shows it this once",
    body: tokenBodySchema,
    answers: { 201: { description: "The token", schema: newTokenSchema } },
    async handle({ body, caller }, reply) {
      const workspace = body.workspace ?? caller.workspace;
      if (workspace !== undefined) checkOpens(caller, workspace);
      reply.code(201);
      return await tokens.create({ ...body, workspace });
    },
  });
  addRoute(app, parts, {
    ...common,
    method: "DELETE",
    url: "/v1/tokens/:id",
    id: "revokeToken",
    summary: "Revokes a token: at once here, within a second on other hosts",
    params: tokenParamsSchema,
    answers: { 204: { description: "It opens nothing any more" } },
    async handle({ params: { id }, caller }, reply) {
      if (await tokens.revoke(id, { workspace: caller.workspace })) return reply.code(204).send();
      throw new RequestFault(404, `There is no token with the id ${id}.`, { path: "id", expected: "the id of a token", received: id });
    },
  });
}
