// All routes that there are, by topic.
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";
import { configRoutes } from "./config-routes.ts";
import { executionsRoutes } from "./executions-routes.ts";
import { filesRoutes } from "./files-routes.ts";
import { healthRoutes } from "./health-routes.ts";
import { logsRoutes } from "./logs-routes.ts";
import { scheduleRoutes } from "./schedule-routes.ts";
import { tokensRoutes } from "./tokens-routes.ts";
import { workflowsRoutes } from "./workflows-routes.ts";
import { workspacesRoutes } from "./workspaces-routes.ts";

const TOPICS: readonly ((app: RpcApp, parts: RouteParts) => void)[] = [
  executionsRoutes,
  logsRoutes,
  workflowsRoutes,
  scheduleRoutes,
  filesRoutes,
  configRoutes,
  workspacesRoutes,
  tokensRoutes,
  healthRoutes,
];

export function addRoutes(app: RpcApp, parts: RouteParts): void {
  for (const add of parts.only === "health" ? [healthRoutes] : TOPICS) add(app, parts);
}
