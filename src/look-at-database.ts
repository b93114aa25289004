// A look at the database for `doctor`, and through it at what only it knows: the schema, the clock, what waits and for whom,
// and which keys its secrets need. Changes nothing, and makes nothing.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openEmbedded } from "../db/embedded.ts";
import { schemaState, type SchemaState } from "../db/migrate.ts";
import type { OpenDatabase } from "../db/open-database.ts";
import { openPostgres } from "../db/postgres.ts";
import { listSecrets, type SecretRow } from "../db/queries/config-values.ts";
import { DatabaseProblem } from "../db/problem.ts";
import { readServerFacts } from "../db/queries/server-facts.ts";
import type { Config } from "./config.ts";
import { createLedger } from "./executions/database-ledger.ts";
import { databaseFault } from "./workspace/database-faults.ts";
import { sealingKeyOf } from "./workspace/secret-sealing.ts";
import type { Finding } from "./finding.ts";

type Asked = Pick<Config, "databaseUrl" | "dataDirectory" | "redisUrl" | "secretKeys">;

/** Leases and times of executions are the database's, so this much does no harm; what a person reads beside them should agree. */
const MOST_CLOCK_DIFFERENCE_MS = 2000;
const SECRETS_A_PAGE = 200;
const MOST_SECRETS = 10_000;

/** Never rejects. */
export async function lookAtDatabase(config: Asked): Promise<readonly Finding[]> {
  const { databaseUrl, dataDirectory } = config;
  if (databaseUrl === undefined && !existsSync(join(dataDirectory, "database")))
    return [{ name: "database", state: "fine", found: `none yet: the first push makes an embedded one in ${dataDirectory}` }, secretsOf(config, 0)];
  let opened: OpenDatabase | undefined;
  const named = databaseUrl === undefined ? dataDirectory : "DATABASE_URL";
  try {
    opened = databaseUrl === undefined ? await openEmbedded(dataDirectory) : await openPostgres(databaseUrl, { connections: 1, statementTimeoutMs: 5000 });
    return await look(opened, config);
  } catch (error) {
    const { message } = databaseFault(opened?.server ?? named, error);
    // Somebody works with it: there is nothing wrong with that.
    const isTaken = error instanceof DatabaseProblem && error.kind === "locked";
    return [{ name: "database", state: isTaken ? "fine" : "broken", found: message }];
  } finally {
    await opened?.close();
  }
}

async function look({ db, server, exclusive }: OpenDatabase, config: Asked): Promise<readonly Finding[]> {
  const [askedAt, facts, answeredAt] = [Date.now(), await readServerFacts(db), Date.now()];
  const schema = await schemaState(db);
  const findings: Finding[] = [schemaOf(schema, `${exclusive ? "embedded" : `PostgreSQL ${facts.version}`} at ${server}`)];
  if (!exclusive) findings.push(clockOf(facts.now - (askedAt + answeredAt) / 2));
  if (schema.state !== "current") return [...findings, secretsOf(config, 0)];
  const ledger = createLedger({ db, describeServer: server });
  const [depth, hosts] = [await ledger.depth(), await ledger.hosts()];
  const waiting = depth.filter(({ status }) => status === "Pending" || status === "Scheduled").reduce((sum, { count }) => sum + count, 0);
  findings.push(queueOf({ waiting, hosts: hosts.length, slots: hosts.reduce((sum, { slots }) => sum + slots, 0) }));
  return [...findings, secretsOf(config, await sealedByOthers(db, config))];
}

function schemaOf({ state, missing, unknown, applied }: SchemaState, where: string): Finding {
  const name = "database";
  if (state === "current") return { name, state: "fine", found: `${where}, schema ${applied.at(-1) ?? "none"}` };
  if (state === "behind") {
    return { name, state: "broken", found: `${where} lacks ${missing.join(", ")}`, remedy: "Run `bifrost-executor init` against it." };
  }
  const remedy = "Use the release that made them, or a later one.";
  return { name, state: "broken", found: `${where} has what this release does not know: ${unknown.join(", ")}`, remedy };
}

/** Positive: the server is ahead. */
function clockOf(differenceMs: number): Finding {
  const [name, far] = ["clock", Math.abs(differenceMs) > MOST_CLOCK_DIFFERENCE_MS] as const;
  const found = `this machine is ${Math.abs(differenceMs / 1000).toFixed(1)} s ${differenceMs > 0 ? "behind" : "ahead of"} the database`;
  if (!far) return { name, state: "fine", found };
  return {
    name,
    state: "doubtful",
    found,
    remedy: "Let both take their time from the same place (NTP): log lines and times of executions do not fit together.",
  };
}

function queueOf({ waiting, hosts, slots }: { readonly waiting: number; readonly hosts: number; readonly slots: number }): Finding {
  const found = `${waiting} waiting, ${hosts} ${hosts === 1 ? "host" : "hosts"} with room for ${slots} at once`;
  if (waiting === 0 || hosts > 0) return { name: "queue", state: "fine", found };
  return { name: "queue", state: "doubtful", found, remedy: "Nobody takes what waits: start `bifrost-executor work`, or `serve --work`." };
}

function secretsOf({ secretKeys }: Asked, lost: number): Finding {
  const name = "secrets";
  if (lost > 0) {
    const found = `${lost} stored ${lost === 1 ? "secret is" : "secrets are"} encrypted with a key that BIFROST_SECRETS_KEY does not have`;
    return { name, state: "broken", found, remedy: "Give it all keys, parted by commas, the newest first; then run `bifrost-executor config rotate`." };
  }
  if (secretKeys !== undefined) return { name, state: "fine", found: `encrypted with key ${secretKeys.current.id}, ${secretKeys.ids.length} known` };
  return { name, state: "fine", found: "none can be stored: BIFROST_SECRETS_KEY is not set" };
}

async function sealedByOthers(db: OpenDatabase["db"], { secretKeys }: Asked): Promise<number> {
  let [seen, lost] = [0, 0];
  let last: SecretRow | undefined;
  do {
    const rows = await listSecrets(db, last, SECRETS_A_PAGE);
    lost += rows.filter(({ encrypted }) => !(secretKeys?.ids ?? []).includes(sealingKeyOf(encrypted) ?? "")).length;
    seen += rows.length;
    last = rows.at(-1);
  } while (last !== undefined && seen < MOST_SECRETS);
  return lost;
}
