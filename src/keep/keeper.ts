// Collects garbage once a day, on whichever host comes first. Hosts look once an hour, each at its own minute, whether a day has
// passed since the last time; that is written in the database, so that restarts neither repeat nor prevent it. A row says so and
// no advisory lock: that would hold a connection all the while (the embedded database has one), and would not know of yesterday.
import { randomInt } from "node:crypto";
import { beginUpkeep, endUpkeep, forgetUpkeep } from "../../db/queries/retention.ts";
import { collectGarbage } from "./collect.ts";
import type { CollectionOptions, CollectionParts, CollectionReport } from "./collection.ts";

export interface KeeperParts extends CollectionParts, Pick<CollectionOptions, "graceMs" | "historyMs"> {
  /** Told of what was collected, and of why it was not. */
  readonly log?: ((message: string) => void) | undefined;
  readonly onCollected?: ((report: CollectionReport) => void) | undefined;
  /** A day where absent. */
  readonly everyMs?: number | undefined;
  /** Between two looks; an hour where absent. The first comes at a random time within one. */
  readonly lookEveryMs?: number | undefined;
}

/** Disposing of it ends a collection after the batch that is under way, and waits for that. */
export interface Keeper extends AsyncDisposable {
  /** Looks now: the report where it was time. Never rejects. */
  look(): Promise<CollectionReport | undefined>;
}

const UPKEEP = "gc";
const HOUR_MS = 60 * 60 * 1000;

export function createKeeper({ log, onCollected, everyMs = 24 * HOUR_MS, lookEveryMs = HOUR_MS, ...parts }: KeeperParts): Keeper {
  const { db } = parts.database;
  const stop = new AbortController();
  let looking: Promise<CollectionReport | undefined> | undefined;
  let timer = setTimeout(lookAgain, randomInt(lookEveryMs));
  timer.unref();

  function lookAgain(): void {
    timer = setTimeout(lookAgain, lookEveryMs);
    timer.unref();
    void look();
  }

  function look(): Promise<CollectionReport | undefined> {
    return (looking ??= collectWhenDue().finally(() => (looking = undefined)));
  }

  async function collectWhenDue(): Promise<CollectionReport | undefined> {
    try {
      if (stop.signal.aborted || !(await beginUpkeep(db, UPKEEP, everyMs))) return undefined;
      return await collect();
    } catch (error) {
      log?.(`What is no longer needed was not removed; it is tried again within the hour. ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  async function collect(): Promise<CollectionReport> {
    try {
      const { graceMs, historyMs } = parts;
      const report = await collectGarbage(parts, { signal: stop.signal, graceMs, historyMs });
      if (report.stopped) await forgetUpkeep(db, UPKEEP);
      else await endUpkeep(db, UPKEEP, JSON.stringify(report));
      for (const { workspace, reason } of report.skipped) log?.(`Of the workspace ${workspace} nothing was removed: ${reason}`);
      onCollected?.(report);
      return report;
    } catch (error) {
      // Somebody may come sooner than tomorrow.
      await forgetUpkeep(db, UPKEEP).catch(() => undefined);
      throw error;
    }
  }

  return {
    look,
    async [Symbol.asyncDispose]() {
      stop.abort();
      clearTimeout(timer);
      await looking;
    },
  };
}
