// What is told of every request: a line in the log, a span, a count; and the headers that every answer has.
import type { FastifyRequest } from "fastify";
import { REQUEST_ID_HEADER } from "./contract.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";

export function observeRequests(app: RpcApp, { observe }: RouteParts): void {
  app.decorateRequest("span", undefined);
  app.addHook("onRequest", async (request, reply) => {
    const { traceparent } = request.headers;
    request.span = observe.span("request", {
      kind: "server",
      ...(typeof traceparent === "string" && { parent: traceparent }),
      attributes: { "http.request.method": request.method, "http.route": routeOf(request) },
    });
    reply.header(REQUEST_ID_HEADER, request.id);
    reply.header("cache-control", "no-store");
    reply.header("x-content-type-options", "nosniff");
  });
  app.addHook("onResponse", async (request, reply) => {
    const [method, route, status, ms] = [request.method, routeOf(request), reply.statusCode, reply.elapsedTime];
    observe.answered({ method, route, status, ms });
    request.span?.set({ "http.response.status_code": status });
    request.span?.end();
    request.log.info({ method, route, status, ms: Math.round(ms * 10) / 10, caller: request.caller?.name }, "answered");
  });
}

function routeOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? "none";
}
