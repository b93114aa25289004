// Whether the service is there, whether it can work, what it counts, and what it can be asked.
import { z } from "zod";
import { healthSchema, readinessSchema } from "./contract-health.ts";
import { addRoute } from "./route.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";

const TAG = "health";

export function healthRoutes(app: RpcApp, parts: RouteParts): void {
  const { host, metrics } = parts;
  addRoute(app, parts, {
    method: "GET",
    url: "/health",
    scope: "open",
    id: "health",
    tag: TAG,
    summary: "Whether the process answers",
    inWorkspace: false,
    answers: { 200: { description: "It does", schema: healthSchema } },
    handle: () => ({ status: "ok" }),
  });
  addRoute(app, parts, {
    method: "GET",
    url: "/ready",
    scope: "any",
    id: "ready",
    tag: TAG,
    summary: "Whether executions can be taken: database, Redis, and that the host is not shutting down",
    inWorkspace: false,
    answers: { 200: { description: "They can", schema: readinessSchema }, 503: { description: "They cannot; the checks say why", schema: readinessSchema } },
    async handle({ caller }, reply) {
      const { ready, checks } = await host.readiness();
      reply.code(ready ? 200 : 503);
      // Messages name servers.
      return { ready, checks: caller.isAdmin ? checks : checks.map(({ name, ok }) => ({ name, ok })) };
    },
  });
  if (metrics !== undefined) {
    addRoute(app, parts, {
      method: "GET",
      url: "/metrics",
      scope: "read",
      id: "metrics",
      tag: TAG,
      summary: "Counts and times, as Prometheus reads them",
      description: "Labels name workspaces.",
      inWorkspace: false,
      allWorkspaces: true,
      answers: { 200: { description: "Prometheus text", content: { "text/plain": z.string() } } },
      handle: async (_asked, reply) =>
        reply
          .type(metrics.contentType)
          .serializer(String)
          .send(await metrics.text()),
    });
  }
  addRoute(app, parts, {
    method: "GET",
    url: "/openapi.json",
    scope: "any",
    id: "openapi",
    tag: TAG,
    summary: "This document",
    inWorkspace: false,
    answers: { 200: { description: "OpenAPI 3.1", schema: z.record(z.string(), z.unknown()) } },
    handle: () => app.swagger(),
  });
}
