// Keeps the database from growing for ever: executions past their workspace's retention go, and then what nothing kept reaches.
// May run at any time, beside everything else and itself: each batch is decided again where it is deleted, and stands alone.
// Redis needs nothing of this: every key there but those of HEAD has a time to live, and HEAD's are as many as there are files.
import { countEndedExecutions, deleteEndedExecutions, deletePastHosts } from "../../db/queries/retention.ts";
import { vacuum } from "../../db/queries/sweep.ts";
import { findWorkspace, listWorkspaces } from "../../db/queries/workspaces.ts";
import { decodeText } from "../../db/text.ts";
import { Fault } from "../errors.ts";
import { withOwnSettings, type WorkspaceSettings } from "../settings.ts";
import { withDatabaseFaults } from "../workspace/database-faults.ts";
import { storedSettingsOf } from "../workspace/database-rows.ts";
import { readOwnSettings } from "../workspace/stored-settings.ts";
import { GRACE_MS, HISTORY_MS, KINDS, type Collection, type CollectionOptions, type CollectionParts, type CollectionReport } from "./collection.ts";
import type { Kind, Removed } from "./collection.ts";
import { sweepCompiled } from "./sweep-compiled.ts";
import { sweepWorkspace } from "./sweep-workspace.ts";

/** Each may bring megabytes of input, result and log lines with it. */
const EXECUTIONS_A_BATCH = 50;

/**
 * What was deleted, or with `dryRun` would be. A workspace that cannot be read is left as it is, and named. Rejects with
 * ERR_DATABASE_UNAVAILABLE where the database does not answer: what was done by then is done.
 */
export async function collectGarbage({ database, defaults }: CollectionParts, options: CollectionOptions = {}): Promise<CollectionReport> {
  const { db, server, exclusive } = database;
  const { dryRun = false, signal, onStep = () => undefined, graceMs = GRACE_MS, historyMs = HISTORY_MS } = options;
  const beganAt = performance.now();
  const stopped = (): boolean => signal?.aborted === true;
  const deleted = Object.fromEntries(KINDS.map((kind) => [kind, { count: 0, bytes: 0 }])) as Record<Kind, Removed>;
  const collection: Collection = {
    db,
    dryRun,
    stopped,
    onStep,
    limits: { graceMs, historyMs },
    count(kind, { count, bytes }) {
      const before = deleted[kind];
      deleted[kind] = { count: before.count + count, bytes: before.bytes + bytes };
    },
  };
  const skipped: { readonly workspace: string; readonly reason: string }[] = [];
  const gone = new Map<string, number>();

  return withDatabaseFaults(server, async () => {
    const workspaces = await listWorkspaces(db);
    let unanswered = false;
    for (const { id, name } of workspaces) {
      if (stopped()) break;
      try {
        for (const hash of await withDatabaseFaults(server, () => collectOf(collection, { id, name, defaults }))) gone.set(hash, (gone.get(hash) ?? 0) + 1);
        unanswered = false;
      } catch (error) {
        if (!mayGoOn(error) || (unanswered && isUnanswered(error))) throw error;
        unanswered = isUnanswered(error);
        skipped.push({ workspace: decodeText(name), reason: error.message });
      }
    }
    await sweepCompiled(collection, gone);
    collection.count("hosts", { count: await deletePastHosts(db, { olderThanMs: graceMs, dryRun }), bytes: 0 });
    // A server does so by itself; the embedded database does not, and would never use the room again.
    if (exclusive && !dryRun && KINDS.some((kind) => deleted[kind].count > 0)) await vacuum(db);
    return { version: 1, dryRun, workspaces: workspaces.length, deleted, skipped, stopped: stopped(), tookMs: Math.round(performance.now() - beganAt) };
  });
}

interface Place {
  readonly id: string;
  /** As it is stored. */
  readonly name: string;
  readonly defaults: WorkspaceSettings;
}

/** Gives the contents that a dry run would delete. */
async function collectOf(collection: Collection, place: Place): Promise<readonly string[]> {
  const retentionDays = await retentionOf(collection, place);
  await collectExecutions(collection, { workspace: place.id, retentionDays });
  const { contents } = await sweepWorkspace(collection, place.id, { retentionDays });
  return contents;
}

/** Throws ERR_CONFIG_INVALID where the settings cannot be read: what was meant may be to keep all. */
async function retentionOf({ db }: Collection, { name, defaults }: Place): Promise<number> {
  const row = await findWorkspace(db, name);
  return row === undefined ? 0 : withOwnSettings(defaults, readOwnSettings(storedSettingsOf(row))).retentionDays;
}

async function collectExecutions(
  collection: Collection,
  { workspace, retentionDays }: { readonly workspace: string; readonly retentionDays: number },
): Promise<void> {
  const { db, dryRun, stopped } = collection;
  if (retentionDays === 0) return;
  for (let count = EXECUTIONS_A_BATCH; count === EXECUTIONS_A_BATCH && !stopped();) {
    const { executions, logLines } = await (dryRun
      ? countEndedExecutions(db, workspace, retentionDays)
      : deleteEndedExecutions(db, workspace, { retentionDays, most: EXECUTIONS_A_BATCH }));
    collection.count("executions", executions);
    collection.count("logLines", logLines);
    await collection.onStep({ kind: "executions", workspace, candidates: executions.count });
    if (dryRun) return;
    ({ count } = executions);
  }
}

/** Where one workspace stands in the way, the others need not wait. */
function mayGoOn(error: unknown): error is Fault {
  return error instanceof Fault && (isUnanswered(error) || error.code === "ERR_CONFIG_INVALID" || error.code === "ERR_CACHE_INCONSISTENT");
}

function isUnanswered(error: unknown): boolean {
  return error instanceof Fault && error.code === "ERR_DATABASE_UNAVAILABLE";
}
