// Has what is due by the clock executed, as if somebody had asked for it.
import type { Host } from "./host.ts";
import type { Observe } from "./observe/observe.ts";
import { createScheduler } from "./queue/scheduler.ts";
import type { Schedules } from "./queue/schedules.ts";
import type { Note } from "./snapshot/note.ts";

export interface RunSchedulesParts {
  readonly schedules: Schedules;
  readonly host: Pick<Host, "workspace">;
  readonly observe: Observe;
  readonly log: Note;
}

/** From now on, until it is disposed of. Every host may do it: what is due is executed once. */
export function runSchedules({ schedules, host, observe, log }: RunSchedulesParts): AsyncDisposable {
  return createScheduler({
    schedules,
    log,
    async submit({ workspaceName, name, workflow, inputJson }, idempotencyKey) {
      const span = observe.span("schedule", { attributes: { "bifrost.schedule": name, "bifrost.workspace": workspaceName } });
      try {
        const workspace = await host.workspace(workspaceName);
        const asked = { reference: workflow, inputJson, askedBy: `schedule:${name}`, idempotencyKey, traceparent: span.traceparent };
        const { id } = await workspace.submit(asked);
        span.end();
        return id;
      } catch (error) {
        span.end(error);
        throw error;
      }
    },
  });
}
