// What a collection of garbage is given, keeps to, and tells. Knows no statement and no order of steps.
import type { OpenDatabase } from "../../db/open-database.ts";
import type { Removed } from "../../db/queries/retention.ts";
import type { WorkspaceSettings } from "../settings.ts";

export type { Removed };

export const KINDS = ["executions", "logLines", "versions", "snapshots", "trees", "contents", "compiled", "hosts"] as const;

/** `versions`: what HEAD was, of which only the time and the snapshot are kept. */
export type Kind = (typeof KINDS)[number];

export interface CollectionReport {
  readonly version: 1;
  /** Then nothing was deleted, and what follows is what would be. */
  readonly dryRun: boolean;
  readonly workspaces: number;
  readonly deleted: Readonly<Record<Kind, Removed>>;
  /** Workspaces of which something was left as it is, and why. */
  readonly skipped: readonly { readonly workspace: string; readonly reason: string }[];
  /** True where it was stopped on the way; the next one goes on. */
  readonly stopped: boolean;
  readonly tookMs: number;
}

export interface CollectionParts {
  readonly database: Pick<OpenDatabase, "db" | "server" | "exclusive">;
  /** Of workspaces that have no retention of their own. */
  readonly defaults: WorkspaceSettings;
}

/** Told after what was decided and before it is done, and waited for. */
export interface Step {
  readonly kind: Kind;
  /** Undefined for what belongs to no workspace. */
  readonly workspace: string | undefined;
  readonly candidates: number;
}

export interface CollectionOptions {
  /** Counts, and deletes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Ends it after the batch that is under way. */
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((step: Step) => void | Promise<void>) | undefined;
  /** What is younger, or was asked for since, stays whatever happens; a day where absent. */
  readonly graceMs?: number | undefined;
  /** For how long each snapshot is kept that was HEAD; 30 days where absent. */
  readonly historyMs?: number | undefined;
}

const HOUR_MS = 60 * 60 * 1000;

export const GRACE_MS = 24 * HOUR_MS;
export const HISTORY_MS = 30 * 24 * HOUR_MS;

/** One collection under way: its parts, its bounds, and what it has counted so far. */
export interface Collection {
  readonly db: OpenDatabase["db"];
  readonly dryRun: boolean;
  /** Whether it is to end after the batch that is under way. */
  readonly stopped: () => boolean;
  readonly limits: { readonly graceMs: number; readonly historyMs: number };
  readonly onStep: (step: Step) => void | Promise<void>;
  readonly count: (kind: Kind, removed: Removed) => void;
}
