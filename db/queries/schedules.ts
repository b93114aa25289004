// Statements on the table schedules, one a function.
import { sql, type Selectable } from "kysely";
import type { Connection, SchedulesTable } from "../schema.ts";

export type ScheduleRow = Selectable<SchedulesTable>;
export type ScheduleWrite = Pick<ScheduleRow, "name" | "workflow" | "input" | "cron" | "time_zone" | "is_enabled" | "next_at">;
export type DueScheduleRow = Pick<ScheduleRow, "workspace_id" | "name" | "workflow" | "input" | "cron" | "time_zone"> & {
  readonly next_at: Date;
  readonly workspace_name: string;
};

export async function readNow(db: Connection): Promise<Date> {
  const { now } = await db.selectNoFrom(sql<Date>`now()`.as("now")).executeTakeFirstOrThrow();
  return now;
}

export async function listSchedules(db: Connection, workspace: string): Promise<readonly ScheduleRow[]> {
  return db.selectFrom("schedules").selectAll().where("workspace_id", "=", workspace).orderBy("name").execute();
}

export async function findSchedule(db: Connection, workspace: string, name: string): Promise<ScheduleRow | undefined> {
  return db.selectFrom("schedules").selectAll().where("workspace_id", "=", workspace).where("name", "=", name).executeTakeFirst();
}

/** The tick that it waits for stays where its times do. */
export async function upsertSchedule(db: Connection, workspace: string, row: ScheduleWrite): Promise<ScheduleRow> {
  return db
    .insertInto("schedules")
    .values({ workspace_id: workspace, ...row })
    .onConflict((conflict) =>
      conflict.columns(["workspace_id", "name"]).doUpdateSet({
        workflow: row.workflow,
        input: row.input,
        cron: row.cron,
        time_zone: row.time_zone,
        is_enabled: row.is_enabled,
        next_at: sql<Date | null>`
          case when schedules.is_enabled and excluded.is_enabled and schedules.cron = excluded.cron and schedules.time_zone = excluded.time_zone
          then schedules.next_at else excluded.next_at end`,
        updated_at: sql<Date>`now()`,
      }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function deleteSchedule(db: Connection, workspace: string, name: string): Promise<boolean> {
  const result = await db.deleteFrom("schedules").where("workspace_id", "=", workspace).where("name", "=", name).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

/** Those that have been due for longest. */
export async function selectDueSchedules(db: Connection, most: number): Promise<readonly DueScheduleRow[]> {
  return db
    .selectFrom("schedules")
    .innerJoin("workspaces", "workspaces.id", "schedules.workspace_id")
    .select(["workspace_id", "schedules.name", "workflow", "input", "cron", "time_zone", "next_at", "workspaces.name as workspace_name"])
    .where("is_enabled", "=", true)
    .where("next_at", "<=", sql<Date>`now()`)
    .orderBy("next_at")
    .limit(most)
    .$narrowType<{ next_at: Date }>()
    .execute();
}

export interface TickWrite {
  readonly name: string;
  /** The tick that is put behind it: whoever comes second finds another. */
  readonly at: Date;
  readonly next: Date | null;
  readonly executionId: string | null;
  readonly error: string | null;
}

export async function advanceSchedule(db: Connection, workspace: string, tick: TickWrite): Promise<boolean> {
  const result = await db
    .updateTable("schedules")
    .set({ next_at: tick.next, last_at: tick.at, last_error: tick.error, ...(tick.executionId === null ? {} : { last_execution_id: tick.executionId }) })
    .where("workspace_id", "=", workspace)
    .where("name", "=", tick.name)
    .where("is_enabled", "=", true)
    .where("next_at", "=", tick.at)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
