// `--url`: commands that a service can be asked for instead of the database here, and the client that asks it. Loads the client
// only where one is asked for.
import type { Config } from "../config.ts";
import { Fault } from "../errors.ts";
import type { Client } from "../rpc/client-create.ts";
import type { Arguments, OptionSpec } from "./arguments.ts";

export const URL_OPTION: OptionSpec = {
  value: "URL",
  help: "ask the service there (bifrost-executor serve), with the token in BIFROST_TOKEN\n(default: BIFROST_URL)",
};

/** Undefined where the database here is meant. */
export function urlOf(parsed: Arguments, { url }: Pick<Config, "url">): string | undefined {
  return parsed.text("url") ?? url;
}

export interface Asking {
  readonly token: string | undefined;
  /** The token's own, or "default", where absent. */
  readonly workspace?: string | undefined;
}

/** Rejects with ERR_UNAUTHENTICATED where there is no token, with ERR_INPUT_INVALID where the URL cannot be one. */
export async function clientAt(url: string, { token, workspace }: Asking): Promise<Client> {
  const shown = requiredToken(url, token);
  const { createClient } = await import("../rpc/client-create.ts");
  return createClient({ url, token: shown, workspace });
}

/** Throws ERR_UNAUTHENTICATED. */
export function requiredToken(url: string, token: string | undefined): string {
  if (token !== undefined) return token;
  throw new Fault("ERR_UNAUTHENTICATED", `${url} wants to know who asks, and BIFROST_TOKEN is not set. Set it to a token of that service.`, {
    name: "UsageError",
    details: { setting: "BIFROST_TOKEN" },
  });
}
