// Port: the schedules of all workspaces, shared by all hosts. Times are the database's.
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { Recurrence } from "./cron.ts";

/** What is to run, and when. */
export interface NewSchedule extends Recurrence {
  /** Unique in the workspace. */
  readonly name: string;
  /** As it was written: resolved at each tick. */
  readonly workflow: string;
  /** JSON text. */
  readonly inputJson: string;
  readonly enabled: boolean;
}

export interface Schedule extends NewSchedule {
  /** RFC 3339. Absent where it is not enabled, and where no tick comes any more. */
  readonly nextAt?: string | undefined;
  /** Of the last tick that was submitted. */
  readonly lastAt?: string | undefined;
  readonly lastExecutionId?: string | undefined;
  /** Why the last tick could not be submitted. */
  readonly lastError?: string | undefined;
}

/** A tick that is due, and that nobody has submitted yet. */
export interface DueTick extends NewSchedule {
  readonly workspace: WorkspaceId;
  readonly workspaceName: string;
  /** When it was due. */
  readonly at: Date;
}

export interface SubmittedTick {
  /** The first tick that is still to come. */
  readonly next: Date | undefined;
  readonly executionId?: string | undefined;
  readonly error?: string | undefined;
}

/** Every method rejects with ERR_DATABASE_UNAVAILABLE where the database does not answer. */
export interface Schedules {
  /** By name. */
  list(workspace: WorkspaceId): Promise<readonly Schedule[]>;
  get(workspace: WorkspaceId, name: string): Promise<Schedule | undefined>;
  /** Makes or replaces it. What it was due for stays due, where its times stay as they are. Rejects with ERR_INPUT_INVALID. */
  put(workspace: WorkspaceId, schedule: NewSchedule): Promise<Schedule>;
  /** False where there is none. */
  remove(workspace: WorkspaceId, name: string): Promise<boolean>;
  /** Of all workspaces, those that have been due for longest; and the database's time. */
  due(most: number): Promise<{ readonly now: Date; readonly ticks: readonly DueTick[] }>;
  /** Puts the tick behind it. False where somebody else has, or the schedule was changed. */
  advance(tick: DueTick, submitted: SubmittedTick): Promise<boolean>;
}
