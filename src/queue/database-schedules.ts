// Schedules in the database.
import type { OpenDatabase } from "../../db/open-database.ts";
import {
  advanceSchedule,
  deleteSchedule,
  findSchedule,
  listSchedules,
  readNow,
  selectDueSchedules,
  upsertSchedule,
  type ScheduleRow,
} from "../../db/queries/schedules.ts";
import { decodeText, encodeText, originalJson, storableJson } from "../../db/text.ts";
import { Fault } from "../errors.ts";
import { withDatabaseFaults } from "../workspace/database-faults.ts";
import { checkRecurrence, nextTick } from "./cron.ts";
import type { Schedule, Schedules } from "./schedules.ts";

export interface DatabaseSchedulesOptions {
  readonly db: OpenDatabase["db"];
  /** How errors name the database; no password. */
  readonly describeServer: string;
}

/** With what stands before it, it has to fit into an idempotency key and into who asked. */
const LONGEST_NAME = 100;

export function createDatabaseSchedules({ db, describeServer }: DatabaseSchedulesOptions): Schedules {
  function guarded<T>(action: () => Promise<T>): Promise<T> {
    return withDatabaseFaults(describeServer, action);
  }

  return {
    list: (workspace) => guarded(async () => (await listSchedules(db, workspace)).map(scheduleOf)),

    get: (workspace, name) =>
      guarded(async () => {
        const row = await findSchedule(db, workspace, name);
        return row === undefined ? undefined : scheduleOf(row);
      }),

    async put(workspace, { name, workflow, inputJson, cron, timeZone, enabled }) {
      checkName(name);
      checkRecurrence({ cron, timeZone });
      return await guarded(async () => {
        const next = enabled ? nextTick({ cron, timeZone }, await readNow(db)) : undefined;
        const row = await upsertSchedule(db, workspace, {
          name,
          workflow: encodeText(workflow),
          input: storableJson(inputJson),
          cron,
          time_zone: timeZone,
          is_enabled: enabled,
          next_at: next ?? null,
        });
        return scheduleOf(row);
      });
    },

    remove: (workspace, name) => guarded(() => deleteSchedule(db, workspace, name)),

    due: (most) =>
      guarded(async () => {
        const rows = await selectDueSchedules(db, most);
        const ticks = rows.map((row) => ({
          workspace: row.workspace_id,
          workspaceName: row.workspace_name,
          ...nameAndCall(row),
          enabled: true,
          at: row.next_at,
        }));
        return { now: rows.length === 0 ? new Date() : await readNow(db), ticks };
      }),

    advance: ({ workspace, name, at }, { next, executionId, error }) =>
      guarded(() =>
        advanceSchedule(db, workspace, {
          name,
          at,
          next: next ?? null,
          executionId: executionId ?? null,
          error: error === undefined ? null : encodeText(error),
        }),
      ),
  };
}

function nameAndCall({ name, workflow, input, cron, time_zone }: Pick<ScheduleRow, "name" | "workflow" | "input" | "cron" | "time_zone">) {
  return { name, workflow: decodeText(workflow), inputJson: originalJson(input), cron, timeZone: time_zone };
}

function scheduleOf(row: ScheduleRow): Schedule {
  return {
    ...nameAndCall(row),
    enabled: row.is_enabled,
    nextAt: row.next_at?.toISOString(),
    lastAt: row.last_at?.toISOString(),
    lastExecutionId: row.last_execution_id ?? undefined,
    lastError: row.last_error === null ? undefined : decodeText(row.last_error),
  };
}

function checkName(name: string): void {
  const expected = `1 to ${LONGEST_NAME} characters, none of them a control character`;
  if (name.length >= 1 && name.length <= LONGEST_NAME && name.isWellFormed() && !/\p{Cc}/u.test(name)) return;
  const received = name.slice(0, LONGEST_NAME);
  throw new Fault("ERR_INPUT_INVALID", `The name of a schedule is ${JSON.stringify(received)}; expected ${expected}.`, {
    details: { path: "name", expected, received },
  });
}
