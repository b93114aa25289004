// Log lines of an execution: a page of them, or a stream of events.
import { z } from "zod";
import { named } from "./contract.ts";
import { logLineSchema, statusSchema } from "./contract-execution.ts";

/** `GET /v1/executions/:id/logs`; `limit` is for pages alone. */
export const logsQuerySchema = z.strictObject({
  after: z.coerce.number().pipe(z.int().min(0)).optional().describe("Lines behind the one of this number; a stream also takes `Last-Event-ID`"),
  limit: z.coerce.number().pipe(z.int().min(1).max(1000)).optional().describe("1 to 1000; 1000 where absent"),
});
export type LogsQuery = { readonly after?: number | undefined; readonly limit?: number | undefined };

export const logPageSchema = z
  .object({
    lines: z.array(logLineSchema),
    next: z.int().optional().describe("The `after` of the next page; absent where there are no more, and none will come"),
  })
  .register(named, { id: "LogPage" });
export type LogPage = z.output<typeof logPageSchema>;

/** `event: nested`: a line of an execution inside, in whose record alone it stands. */
export const nestedEventSchema = z
  .object({ line: logLineSchema, from: z.object({ id: z.string(), parentId: z.string(), reference: z.string() }) })
  .register(named, { id: "NestedLogEvent" });
export type NestedLogEvent = z.output<typeof nestedEventSchema>;

/** `event: end`: the last of a stream. The result is asked for by itself. */
export const endEventSchema = z.object({ id: z.string(), status: statusSchema }).register(named, { id: "LogEndEvent" });
export type LogEndEvent = z.output<typeof endEventSchema>;
