// Bearer tokens: made, looked up, revoked. The database has a hash of each and never the token; the first admin token, from
// the environment, stands in no database and is held as a hash as well.
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Connection } from "../../db/schema.ts";
import { deleteToken, findToken, insertToken, listTokens, revokeToken, touchToken, type TokenRow } from "../../db/queries/tokens.ts";
import { decodeText, encodeText } from "../../db/text.ts";
import { findWorkspace } from "../../db/queries/workspaces.ts";
import { Fault } from "../errors.ts";
import { LEAST_TOKEN } from "../variables.ts";
import { withDatabaseFaults } from "../workspace/database-faults.ts";
import { SCOPES, type Scope } from "./contract.ts";
import type { NewToken, TokenBody, TokenEntry } from "./contract-workspaces.ts";

/** Who asks, once the token is known. */
export interface Caller {
  /** Of the token: what executions are said to have been asked by. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly isAdmin: boolean;
  /** Name of the only workspace that is open to it; undefined: all are. */
  readonly workspace: string | undefined;
}

export interface Tokens extends AsyncDisposable {
  /** Undefined for a token that is unknown, has expired or was revoked. Rejects with ERR_DATABASE_UNAVAILABLE. */
  authenticate(token: string): Promise<Caller | undefined>;
  /** Rejects with ERR_WORKFLOW_NOT_FOUND where there is no such workspace, and ERR_INPUT_INVALID for a time that has passed. */
  create(asked: TokenBody): Promise<NewToken>;
  /** Also those that are no longer good; of one workspace where it is named. */
  list(options?: { readonly workspace?: string | undefined }): Promise<readonly TokenEntry[]>;
  /** False where there is no such token. Known at once on this host, and within a second on all. */
  revoke(id: string, options?: { readonly workspace?: string | undefined }): Promise<boolean>;
}

export interface TokensParts {
  readonly db: Connection;
  /** How errors name the database. */
  readonly describeServer: string;
  /** BIFROST_TOKEN: admin of all workspaces, as long as it is set. */
  readonly firstToken?: string | undefined;
}

/** How long a look-up holds: a revocation takes this long to be known on other hosts. */
const REMEMBERED_MS = 1000;
const MOST_REMEMBERED = 10_000;

/** Throws ERR_CONFIG_INVALID for a first token that is too short. */
export function createTokens({ db, describeServer, firstToken }: TokensParts): Tokens {
  const first = firstToken === undefined ? undefined : hashOfFirst(firstToken);
  const known = new LRUCache<string, Promise<TokenRow | undefined>>({ max: MOST_REMEMBERED, ttl: REMEMBERED_MS });
  const touching = new Set<Promise<unknown>>();
  const ask = <T>(action: () => Promise<T>): Promise<T> => withDatabaseFaults(describeServer, action);

  function lookUp(id: string): Promise<TokenRow | undefined> {
    const before = known.get(id);
    if (before !== undefined) return before;
    const looking = ask(() => findToken(db, id));
    known.set(id, looking);
    looking.catch(() => known.delete(id));
    return looking;
  }

  /** Nobody waits for it, and it is not missed where it fails. */
  function touch(id: string): void {
    const work = touchToken(db, id)
      .catch(() => undefined)
      .finally(() => touching.delete(work));
    touching.add(work);
  }

  async function workspaceId(name: string | undefined): Promise<string | null> {
    if (name === undefined) return null;
    const row = await findWorkspace(db, encodeText(name));
    if (row !== undefined) return row.id;
    throw new Fault("ERR_WORKFLOW_NOT_FOUND", `There is no workspace named ${JSON.stringify(name)}.`, { details: { workspace: name } });
  }

  return {
    async authenticate(token) {
      const given = hashOf(token);
      if (first !== undefined && timingSafeEqual(given, first)) return callerOf({ name: "BIFROST_TOKEN", scopes: ["admin"], workspace: undefined });
      const id = /^bfx_([0-9a-z]{1,64})_/u.exec(token)?.[1];
      if (id === undefined) return undefined;
      const row = await lookUp(id);
      if (row === undefined || !timingSafeEqual(given, row.secret_hash) || !row.is_good) return undefined;
      if (row.is_stale) {
        // Once for as long as the look-up holds, and that no longer.
        known.set(id, Promise.resolve({ ...row, is_stale: false }), { ttl: Math.max(1, known.getRemainingTTL(id)) });
        touch(id);
      }
      return callerOf(entryOf(row));
    },
    async create({ name, scopes, workspace, expiresAt }) {
      const asked = new Set(scopes);
      return await ask(async () => {
        const token = newToken();
        const row = await insertToken(db, {
          id: token.id,
          name: encodeText(name),
          secret_hash: hashOf(token.text),
          scopes: SCOPES.filter((scope) => asked.has(scope)).join(" "),
          workspace_id: await workspaceId(workspace),
          expires_at: expiresAt === undefined ? null : new Date(expiresAt),
        });
        if (!row.is_good) {
          await deleteToken(db, token.id);
          throw new Fault("ERR_INPUT_INVALID", `expiresAt is ${JSON.stringify(expiresAt)}; a time to come is wanted.`, {
            details: { path: "expiresAt", expected: "a time to come", received: expiresAt },
          });
        }
        return { ...entryOf({ ...row, workspace: workspace === undefined ? null : encodeText(workspace) }), token: token.text };
      });
    },
    async list({ workspace } = {}) {
      return (await ask(() => listTokens(db, workspace === undefined ? undefined : encodeText(workspace)))).map(entryOf);
    },
    async revoke(id, { workspace } = {}) {
      const found = await ask(() => findToken(db, id));
      if (found === undefined || (workspace !== undefined && found.workspace !== encodeText(workspace))) return false;
      await ask(() => revokeToken(db, id));
      known.delete(id);
      return true;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(touching);
    },
  };
}

function newToken(): { readonly id: string; readonly text: string } {
  const id = randomBytes(6).toString("hex");
  return { id, text: `bfx_${id}_${randomBytes(32).toString("hex")}` };
}

function hashOf(token: string): Buffer {
  return hash("sha256", token, "buffer");
}

function hashOfFirst(token: string): Buffer {
  if (token.length >= LEAST_TOKEN) return hashOf(token);
  throw new Fault("ERR_CONFIG_INVALID", `BIFROST_TOKEN has ${token.length} characters; at least ${LEAST_TOKEN} are wanted, best made by chance.`, {
    details: { setting: "BIFROST_TOKEN" },
  });
}

function callerOf({ name, scopes, workspace }: Pick<TokenEntry, "name" | "scopes" | "workspace">): Caller {
  const isAdmin = scopes.includes("admin");
  return { name, scopes: new Set(isAdmin ? SCOPES : scopes), isAdmin, workspace };
}

function entryOf(row: Omit<TokenRow, "secret_hash">): TokenEntry {
  const { id, name, scopes, workspace } = row;
  return {
    id,
    name: decodeText(name),
    scopes: SCOPES.filter((scope) => scopes.split(" ").includes(scope)),
    ...(workspace === null ? {} : { workspace: decodeText(workspace) }),
    createdAt: row.created_at.toISOString(),
    ...timeOf("expiresAt", row.expires_at),
    ...timeOf("revokedAt", row.revoked_at),
    ...timeOf("lastUsedAt", row.last_used_at),
  };
}

function timeOf<Name extends string>(name: Name, at: Date | null): { readonly [Key in Name]?: string } {
  return at === null ? {} : ({ [name]: at.toISOString() } as { readonly [Key in Name]: string });
}
