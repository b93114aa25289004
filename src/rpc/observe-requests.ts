// What is told of every request: a line in the log, a span, a count; and the headers that every answer has.
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Observe } from "../observe/observe.ts";
import { REQUEST_ID_HEADER } from "./contract.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";

/** As proxies log it. */
const GONE = 499;

export function observeRequests(app: RpcApp, { observe }: RouteParts): void {
  app.decorateRequest("span", undefined);
  app.addHook("onRequest", async (request, reply) => {
    const { traceparent } = request.headers;
    request.span = observe.span("request", {
      kind: "server",
      ...(typeof traceparent === "string" && { parent: traceparent }),
      attributes: { "http.request.method": request.method, "http.route": routeOf(request) },
    });
    // Comes after the end as well as where the connection is lost: onResponse is not called for that.
    reply.raw.once("close", () => tell(request, { reply, observe }));
    reply.header(REQUEST_ID_HEADER, request.id);
    reply.header("cache-control", "no-store");
    reply.header("x-content-type-options", "nosniff");
  });
}

function tell(request: FastifyRequest, { reply, observe }: { readonly reply: FastifyReply; readonly observe: Observe }): void {
  // Who did not wait for the answer got none, whatever it was going to be.
  const status = reply.raw.writableFinished ? reply.statusCode : GONE;
  const [method, route, ms] = [request.method, routeOf(request), reply.elapsedTime];
  observe.answered({ method, route, status, ms });
  request.span?.set({ "http.response.status_code": status });
  request.span?.end();
  request.log.info({ method, route, status, ms: Math.round(ms * 10) / 10, askedBy: request.caller?.name }, "answered");
}

function routeOf({ routeOptions }: FastifyRequest): string {
  return routeOptions.url ?? "none";
}
