// The OpenAPI document of the routes as they are declared. No route is asked: nothing stands behind them.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { createServer } from "../../src/rpc/server.ts";
import type { ServerParts } from "../../src/rpc/server-parts.ts";

export const DOCUMENT = fileURLToPath(new URL("../../src/rpc/openapi.json", import.meta.url));

export async function declaredDocument(): Promise<string> {
  const nothing = {} as never;
  const parts: { readonly [Name in keyof Required<ServerParts>]: ServerParts[Name] } = {
    only: undefined,
    host: nothing,
    tokens: nothing,
    settings: { defaults: DEFAULT_SETTINGS } as never,
    schedules: nothing,
    dataOptions: nothing,
    metrics: nothing,
    observe: undefined,
    log: pino({ level: "silent" }),
    limits: {},
  };
  await using server = await createServer(parts);
  return `${JSON.stringify(server.openapi(), undefined, 2)}\n`;
}

export function writtenDocument(): string {
  return readFileSync(DOCUMENT, "utf8");
}
