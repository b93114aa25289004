// Whether a host can do what it is asked to: looked at when somebody asks.
import { Fault } from "./errors.ts";
import type { Readiness } from "./host.ts";
import type { Backing } from "./open-stored.ts";
import { DEFAULT_WORKSPACE_ID } from "./snapshot/snapshot-record.ts";

export interface ReadinessParts {
  readonly backing: Pick<Backing, "origin" | "store">;
  readonly config: { readonly redisUrl: string | undefined };
  readonly isLeaving: () => boolean;
}

export async function readiness({ backing, config, isLeaving }: ReadinessParts): Promise<Readiness> {
  const [database, redis] = await Promise.all([
    outcomeOf(() => backing.origin.head(DEFAULT_WORKSPACE_ID)),
    config.redisUrl === undefined ? undefined : outcomeOf(() => backing.store.pin(DEFAULT_WORKSPACE_ID)),
  ]);
  const checks: Readiness["checks"] = [
    { name: "database", ...database },
    ...(redis === undefined ? [] : [{ name: "redis" as const, ...redis }]),
    ...(isLeaving() ? [{ name: "draining" as const, ok: false, message: "The host is shutting down." }] : []),
  ];
  return { ready: checks.every(({ ok }) => ok), checks };
}

async function outcomeOf(ask: () => Promise<unknown>): Promise<{ readonly ok: boolean; readonly message?: string }> {
  try {
    await ask();
    return { ok: true };
  } catch (error) {
    // A workspace that has not been made yet is an answer too.
    if (error instanceof Fault && error.owner !== "operator") return { ok: true };
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
