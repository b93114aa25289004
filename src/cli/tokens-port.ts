// Port: tokens as commands make, list and revoke them. The database here fills it in, or a client of the service they open.
import type { Config } from "../config.ts";
import type { Client } from "../rpc/client-create.ts";
import { RpcFault } from "../rpc/client-fault.ts";
import type { Tokens } from "../rpc/tokens.ts";
import { clientAt } from "./at-url.ts";

export interface TokensPort extends AsyncDisposable, Pick<Tokens, "create" | "list"> {
  /** False where there is none of this id. */
  revoke(id: string): Promise<boolean>;
}

/** `url`: of the service that they open; undefined where they are in the database here. */
export async function openTokens(config: Config, url: string | undefined): Promise<TokensPort> {
  if (url === undefined) return await openHere(config);
  return remoteTokens(await clientAt(url, { token: config.token }));
}

async function openHere(config: Config): Promise<TokensPort> {
  const [{ openBacking }, { createTokens }] = await Promise.all([import("../open-stored.ts"), import("../rpc/tokens.ts")]);
  await using opened = new AsyncDisposableStack();
  const { db, server: describeServer } = opened.adopt(await openBacking(config), (backing) => backing.close()).database;
  const tokens = opened.use(createTokens({ db, describeServer }));
  const held = opened.move();
  return {
    create: (token) => tokens.create(token),
    list: (of) => tokens.list(of),
    revoke: (id) => tokens.revoke(id),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function remoteTokens({ tokens }: Client): TokensPort {
  return {
    create: (token) => tokens.create(token),
    list: async ({ workspace } = {}) => (await tokens.list()).filter((each) => workspace === undefined || each.workspace === workspace),
    async revoke(id) {
      try {
        await tokens.delete(id);
        return true;
      } catch (thrown) {
        if (thrown instanceof RpcFault && thrown.status === 404) return false;
        throw thrown;
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
