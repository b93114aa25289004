// How a route is declared: what it is asked, what it answers, who may ask. What is declared here is all that the OpenAPI
// document is made of, and a request is held to it before the route sees it.
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { Fault } from "../errors.ts";
import type { HostedWorkspace } from "../host.ts";
import { problemSchema, WORKSPACE_HEADER } from "./contract.ts";
import type { RouteScope, RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";
import type { Caller } from "./tokens.ts";
import { workspaceOf } from "./workspace-header.ts";

type Schema = z.ZodType;

export interface Answer {
  readonly description: string;
  /** Of application/json; nothing is sent where neither this nor `content` is there. */
  readonly schema?: Schema | undefined;
  /** Content type → schema. */
  readonly content?: Readonly<Record<string, Schema>> | undefined;
}

export interface Asked<Body extends Schema, Params extends Schema, Query extends Schema> {
  readonly body: z.output<Body>;
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly caller: Caller;
  /** The one that the request is about. Rejects with ERR_FORBIDDEN, or ERR_WORKFLOW_NOT_FOUND where there is none of its name. */
  readonly workspace: () => Promise<HostedWorkspace>;
  /** Aborts when whoever asked has gone, or has been answered. */
  readonly left: AbortSignal;
  readonly request: FastifyRequest;
}

export interface RouteSpec<Body extends Schema, Params extends Schema, Query extends Schema> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly scope: RouteScope;
  /** Name of the operation, for clients that are generated. */
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string | undefined;
  /** False where the request is about no one workspace. */
  readonly inWorkspace?: boolean | undefined;
  /** True: only for tokens that open all workspaces. */
  readonly allWorkspaces?: boolean | undefined;
  readonly body?: Body | undefined;
  /** Members of the body that the route gets as `JsonText`: what it cost to read them is spent once. */
  readonly rawMembers?: readonly string[] | undefined;
  readonly params?: Params | undefined;
  readonly query?: Query | undefined;
  /** Names of headers → what they are for. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly answers: Readonly<Record<number, Answer>>;
  /** What it returns is sent as JSON, unless that is the reply. */
  handle(asked: Asked<Body, Params, Query>, reply: FastifyReply): unknown;
}

export function addRoute<Body extends Schema = z.ZodUndefined, Params extends Schema = z.ZodUndefined, Query extends Schema = z.ZodUndefined>(
  app: RpcApp,
  parts: RouteParts,
  spec: RouteSpec<Body, Params, Query>,
): void {
  const { method, url, scope, allWorkspaces = false, rawMembers = [] } = spec;
  app.route({
    method,
    url,
    exposeHeadRoute: scope === "open",
    config: { scope, allWorkspaces, rawMembers },
    schema: schemaOf(spec),
    handler: async (request, reply) => await spec.handle(new AskedOnce<Body, Params, Query>(request, { reply, parts }), reply),
  });
}

class AskedOnce<Body extends Schema, Params extends Schema, Query extends Schema> implements Asked<Body, Params, Query> {
  readonly request: FastifyRequest;
  readonly workspace = (): Promise<HostedWorkspace> => workspaceOf(this.request, { caller: this.caller, host: this.#parts.host });
  readonly #reply: FastifyReply;
  readonly #parts: RouteParts;
  #left: AbortController | undefined;

  constructor(request: FastifyRequest, { reply, parts }: { readonly reply: FastifyReply; readonly parts: RouteParts }) {
    this.request = request;
    this.#reply = reply;
    this.#parts = parts;
  }

  get body(): z.output<Body> {
    return this.request.body as z.output<Body>;
  }

  get params(): z.output<Params> {
    return this.request.params as z.output<Params>;
  }

  get query(): z.output<Query> {
    return this.request.query as z.output<Query>;
  }

  get caller(): Caller {
    const { caller } = this.request;
    if (caller === undefined) throw new Fault("ERR_INTERNAL", `${this.request.routeOptions.url} is open, and asked who calls`);
    return caller;
  }

  get left(): AbortSignal {
    if (this.#left === undefined) {
      const controller = new AbortController();
      this.#left = controller;
      // Of the answer, not of the request: that one closes as soon as it has been read.
      if (this.#reply.raw.destroyed) controller.abort();
      else this.#reply.raw.once("close", () => controller.abort());
    }
    return this.#left.signal;
  }
}

function schemaOf<Body extends Schema, Params extends Schema, Query extends Schema>(spec: RouteSpec<Body, Params, Query>): Readonly<Record<string, unknown>> {
  const { scope, body, params, query, tag, summary, id, inWorkspace = true } = spec;
  const headers = {
    ...(inWorkspace && { [WORKSPACE_HEADER]: "Name of the workspace, percent-encoded; the token's own, or `default`, where absent" }),
    ...spec.headers,
  };
  const response = Object.fromEntries(Object.entries(spec.answers).map(([status, answer]) => [status, responseOf(answer)]));
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [spec.description, rightsOf(scope), spec.allWorkspaces === true ? "The token must open all workspaces." : undefined]
      .filter(Boolean)
      .join("\n\n"),
    security: scope === "open" ? [] : [{ bearer: [] }],
    ...(body && { body }),
    ...(params && { params }),
    ...(query && { querystring: query }),
    ...(Object.keys(headers).length > 0 && { headers: headersOf(headers) }),
    response: {
      ...response,
      ...(scope !== "open" && { default: responseOf({ description: "What went wrong", content: { "application/problem+json": problemSchema } }) }),
    },
  };
}

function rightsOf(scope: RouteScope): string {
  if (scope === "open") return "For everybody.";
  if (scope === "any") return "For every token.";
  const names = [scope].flat().map((each) => `\`${each}\``);
  return `For tokens with the scope${names.length > 1 ? "s" : ""} ${names.join(" and ")}.`;
}

function headersOf(headers: Readonly<Record<string, string>>): Schema {
  return z.object(Object.fromEntries(Object.entries(headers).map(([name, meaning]) => [name, z.string().optional().describe(meaning)])));
}

function responseOf({ description, schema, content = schema && { "application/json": schema } }: Answer): unknown {
  if (content === undefined) return z.undefined().describe(description);
  return { description, content: Object.fromEntries(Object.entries(content).map(([type, each]) => [type, { schema: each }])) };
}
