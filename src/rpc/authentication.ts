// The one gate: who asks, and whether they may. Closed by default: a route that does not say what it takes is not added, and
// what is no route is as closed as any.
import type { FastifyRequest } from "fastify";
import { Fault } from "../errors.ts";
import type { RouteScope, RpcApp } from "./rpc-app.ts";
import type { Caller, Tokens } from "./tokens.ts";

export function requireTokens(app: RpcApp, { tokens }: { readonly tokens: Tokens }): void {
  app.decorateRequest("caller", undefined);
  app.addHook("onRoute", ({ method, url, config }) => {
    if (config?.scope === undefined) throw new Error(`The route ${String(method)} ${url} declares no scope: say who may ask`);
  });
  app.addHook("onRequest", async (request) => {
    const { scope = "any", allWorkspaces = false } = request.routeOptions.config;
    if (scope === "open") return;
    const caller = await callerOf(request, tokens);
    request.caller = caller;
    checkScope(caller, scope);
    if (allWorkspaces && caller.workspace !== undefined) {
      throw new Fault("ERR_FORBIDDEN", `The token ${JSON.stringify(caller.name)} opens one workspace; this takes one that opens all.`, {
        details: { opens: caller.workspace },
      });
    }
  });
}

async function callerOf({ headers }: FastifyRequest, tokens: Tokens): Promise<Caller> {
  const { authorization } = headers;
  if (authorization === undefined) {
    throw new Fault("ERR_UNAUTHENTICATED", "The request carries no token: send it as the header `Authorization: Bearer TOKEN`.");
  }
  const token = /^Bearer +([\x21-\x7e]{1,512})$/iu.exec(authorization)?.[1];
  const caller = token === undefined ? undefined : await tokens.authenticate(token);
  if (caller !== undefined) return caller;
  throw new Fault("ERR_UNAUTHENTICATED", "The token is not known, has expired, or was revoked.");
}

function checkScope({ name, scopes }: Caller, scope: Exclude<RouteScope, "open">): void {
  if (scope === "any") return;
  const missing = [scope].flat().find((each) => !scopes.has(each));
  if (missing === undefined) return;
  throw new Fault("ERR_FORBIDDEN", `The token ${JSON.stringify(name)} does not have the scope ${missing}, but ${[...scopes].join(", ")}.`, {
    details: { scope: missing, has: [...scopes] },
  });
}
