// What the service is loaded with: servers, the workflows it runs, and how it is asked.
import { readConfig } from "../../src/config.ts";
import { initialise } from "../../src/initialise.ts";
import type { Services, ServiceProcess } from "../support/service/service-process.ts";

export interface LoadWorld {
  readonly services: Services;
  readonly servers: { readonly DATABASE_URL: string; readonly REDIS_URL: string };
}

export interface Measured {
  /** For people. */
  readonly text: string;
  readonly [figure: string]: unknown;
}

export const HELLO = {
  "hello.ts": `import { workflow } from "bifrost";\nexport default workflow(async (params: { n?: number }) => ({ hello: params.n ?? 0 }));\n`,
};

export async function initialised(servers: { readonly databaseUrl: string; readonly redisUrl: string }): Promise<LoadWorld["servers"]> {
  const { databaseUrl: DATABASE_URL, redisUrl: REDIS_URL } = servers;
  await initialise(readConfig({ DATABASE_URL, REDIS_URL }));
  return { DATABASE_URL, REDIS_URL };
}

/** Throws for every answer that is no success. */
export async function ask(service: Pick<ServiceProcess, "url">, { token, method = "GET", path, body }: Question): Promise<unknown> {
  const response = await fetch(`${service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return response.headers.get("content-type")?.includes("json") === true ? JSON.parse(text) : text;
}

export interface Question {
  readonly token: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
}
