// The Fastify instance that routes are added to, and what each route and request of ours carries beside Fastify's own.
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Span } from "../observe/observe.ts";
import type { Scope } from "./contract.ts";
import type { Caller } from "./tokens.ts";

export type RpcApp = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

/** What a token must be for, all of it; `any`: any good token will do; `open`: none is asked for. */
export type RouteScope = Scope | readonly Scope[] | "any" | "open";

declare module "fastify" {
  interface FastifyContextConfig {
    scope?: RouteScope;
    /** Whether a token of one workspace is refused. */
    allWorkspaces?: boolean;
    /** Members of the body that stay JSON text. */
    rawMembers?: readonly string[];
  }
  interface FastifyRequest {
    /** Undefined where the route is open. */
    caller: Caller | undefined;
    span: Span | undefined;
  }
}
