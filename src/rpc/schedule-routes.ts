// Workflows that run by the clock: what is to run when. That they run is the hosts' matter.
import type { FastifyReply } from "fastify";
import { checkInputSize } from "../executions/asked.ts";
import type { Schedule } from "../queue/schedules.ts";
import { scheduleBodySchema, scheduleListSchema, scheduleParamsSchema, scheduleSchema, type ScheduleEntry } from "./contract-schedules.ts";
import { inputTextOf, withRawMember } from "./json-text.ts";
import { RequestFault } from "./request-fault.ts";
import { addRoute } from "./route.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";

const TAG = "schedules";

export function scheduleRoutes(app: RpcApp, parts: RouteParts): void {
  const { schedules } = parts;
  if (schedules === undefined) return;
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/schedules",
    scope: "read",
    id: "listSchedules",
    tag: TAG,
    summary: "Lists what runs by the clock; no inputs",
    answers: { 200: { description: "By name", schema: scheduleListSchema } },
    async handle({ workspace }) {
      const { executor } = await workspace();
      return { schedules: (await schedules.list(executor.workspace.id)).map(entryOf) };
    },
  });
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/schedules/:name",
    scope: "read",
    id: "getSchedule",
    tag: TAG,
    summary: "Gives a schedule, and how it went",
    params: scheduleParamsSchema,
    answers: { 200: { description: "It", schema: scheduleSchema } },
    async handle({ params: { name }, workspace }, reply) {
      const found = await schedules.get((await workspace()).executor.workspace.id, name);
      if (found === undefined) throw notFound(name);
      return send(reply, found);
    },
  });
  addRoute(app, parts, {
    method: "PUT",
    url: "/v1/schedules/:name",
    // What it names is executed.
    scope: ["write", "execute"],
    id: "putSchedule",
    tag: TAG,
    summary: "Makes a schedule, or replaces it",
    description:
      "Each time that it is due, one execution is made, over all hosts; what was missed while no host ran is made up for once. On days when clocks change, fixed times come once.",
    params: scheduleParamsSchema,
    body: scheduleBodySchema,
    rawMembers: ["input"],
    answers: { 200: { description: "As it stands now", schema: scheduleSchema } },
    async handle({ params: { name }, body, workspace }, reply) {
      const { executor } = await workspace();
      const { workflow, cron, timeZone = "UTC", enabled = true } = body;
      const inputJson = inputTextOf(body.input);
      checkInputSize(inputJson, executor.workspace.limits);
      // What does not exist now is most likely a slip of the pen; what goes away later is told with the schedule.
      await executor.resolve(workflow);
      return send(reply, await schedules.put(executor.workspace.id, { name, workflow, inputJson, cron, timeZone, enabled }));
    },
  });
  addRoute(app, parts, {
    method: "DELETE",
    url: "/v1/schedules/:name",
    scope: "write",
    id: "deleteSchedule",
    tag: TAG,
    summary: "Removes a schedule; what it has executed stays",
    params: scheduleParamsSchema,
    answers: { 204: { description: "It is gone" } },
    async handle({ params: { name }, workspace }, reply) {
      if (await schedules.remove((await workspace()).executor.workspace.id, name)) return reply.code(204).send();
      throw notFound(name);
    },
  });
}

function entryOf({ name, workflow, cron, timeZone, enabled, nextAt, lastAt, lastExecutionId, lastError }: Schedule): ScheduleEntry {
  return { name, workflow, cron, timeZone, enabled, nextAt, lastAt, lastExecutionId, lastError };
}

function send(reply: FastifyReply, { inputJson, ...schedule }: Schedule): FastifyReply {
  return reply
    .type("application/json; charset=utf-8")
    .serializer(String)
    .send(withRawMember(schedule, "input", inputJson));
}

function notFound(name: string): RequestFault {
  return new RequestFault(404, `There is no schedule named ${JSON.stringify(name)}.`, { path: "name", expected: "the name of a schedule", received: name });
}
