// All routes that there are, by topic.
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";
import { healthRoutes } from "./health-routes.ts";

const TOPICS: readonly ((app: RpcApp, parts: RouteParts) => void)[] = [healthRoutes];

export function addRoutes(app: RpcApp, parts: RouteParts): void {
  for (const add of TOPICS) add(app, parts);
}
