// Log lines: a page of those that have come, or a stream of events until the execution ends. Lines may hold what an error
// held: a caller who is no admin gets them when it has ended without one, as with the envelope (B91).
import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { HostedWorkspace } from "../host.ts";
import { hasEnded } from "../host.ts";
import { isEnded } from "../executions/is-ended.ts";
import { executionParamsSchema } from "./contract-executions.ts";
import { logPageSchema, logsQuerySchema, type LogPage } from "./contract-logs.ts";
import { EventStream } from "./event-stream.ts";
import { eitherSignal } from "./either-signal.ts";
import { RequestFault } from "./request-fault.ts";
import { addRoute, type Asked } from "./route.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";

const MOST_LINES = 1000;

type AskedLogs = Asked<z.ZodUndefined, typeof executionParamsSchema, typeof logsQuerySchema>;

export function logsRoutes(app: RpcApp, parts: RouteParts): void {
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/executions/:id/logs",
    scope: "read",
    id: "getLogs",
    tag: "executions",
    summary: "Gives log lines: those so far, or, as text/event-stream, as they come",
    description:
      "With `Accept: text/event-stream`: `event: log` with the line's number as `id` and the line as `data`; `event: nested` for a line of an execution inside; `event: end` at the end. A reader who comes back sends `Last-Event-ID`, and gets what follows.",
    params: executionParamsSchema,
    query: logsQuerySchema,
    headers: { "last-event-id": "Number of the last line that is known; goes before `after`" },
    answers: { 200: { description: "Lines", content: { "application/json": logPageSchema, "text/event-stream": z.string() } } },
    async handle(asked, reply) {
      const workspace = await asked.workspace();
      // Also so that an id that there is not is answered as such, and not with a stream.
      const { status, error } = await workspace.state(asked.params.id);
      if (wantsEvents(asked)) {
        await stream(asked, { workspace, reply, parts });
        return reply;
      }
      const isHidden = !asked.caller.isAdmin && (error !== undefined || !isEnded(status));
      return await page(asked, { workspace, status: isHidden ? "hidden" : isEnded(status) ? "ended" : "under way" });
    },
  });
}

async function page(
  { params, query: { after = 0, limit = MOST_LINES } }: AskedLogs,
  { workspace, status }: { readonly workspace: HostedWorkspace; readonly status: "hidden" | "ended" | "under way" },
): Promise<LogPage> {
  if (status === "hidden") return { lines: [] };
  const lines: LogPage["lines"] = [];
  for await (const { line, from } of workspace.lines(params.id, { after, wait: false })) {
    if (from !== undefined) continue;
    if (lines.length === limit) return { lines, next: lines.at(-1)?.sequence };
    lines.push(line);
  }
  return status === "ended" ? { lines } : { lines, next: lines.at(-1)?.sequence ?? after };
}

async function stream(
  asked: AskedLogs,
  { workspace, reply, parts }: { readonly workspace: HostedWorkspace; readonly reply: FastifyReply; readonly parts: RouteParts },
): Promise<void> {
  const { params, left, caller, request } = asked;
  const { heartbeatMs, stalledMs } = parts.limits;
  const after = placeOf(asked);
  using signals = eitherSignal(left, parts.closing);
  reply.hijack();
  using events = new EventStream(reply.raw, { headers: reply.getHeaders() as Record<string, string>, heartbeatMs, stalledMs });
  try {
    if (caller.isAdmin || (await endsWell(workspace, { id: params.id, signal: signals.signal }))) {
      for await (const { line, from } of workspace.lines(params.id, { after, signal: signals.signal })) {
        const event = from === undefined ? { event: "log", id: line.sequence, data: line } : { event: "nested", data: { line, from } };
        if (!(await events.send(event))) return;
      }
    }
    if (signals.signal.aborted) return;
    const { id, status } = await workspace.state(params.id);
    if (isEnded(status)) await events.send({ event: "end", data: { id, status } });
  } catch (error) {
    // The reader sees no end, comes back, and is told then.
    if (!signals.signal.aborted) request.log.warn({ err: error }, "A log stream was broken off");
  }
}

async function endsWell(workspace: HostedWorkspace, { id, signal }: { readonly id: string; readonly signal: AbortSignal }): Promise<boolean> {
  const execution = await workspace.result(id, { signal });
  return hasEnded(execution) && execution.error === undefined;
}

function wantsEvents({ request }: AskedLogs): boolean {
  return /(?:^|[,\s])text\/event-stream(?:$|[,;\s])/iu.test(request.headers.accept ?? "");
}

function placeOf({ request, query }: AskedLogs): number {
  const last = request.headers["last-event-id"];
  if (typeof last !== "string" || last === "") return query.after ?? 0;
  if (/^\d{1,15}$/u.test(last)) return Number(last);
  throw new RequestFault(400, `Last-Event-ID is ${JSON.stringify(last.slice(0, 100))}; the number of a log line is wanted.`, {
    path: "last-event-id",
    expected: "the number of a log line",
    received: last.slice(0, 100),
  });
}
