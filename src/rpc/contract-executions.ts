// Executions: what may be asked about them, and what the answers look like beside the envelope.
import { z } from "zod";
import { idSchema, inputSchema, limitsSchema, named, referenceSchema, snapshotIdSchema, timeSchema, waitQuerySchema, waitSchema } from "./contract.ts";
import { statusSchema } from "./contract-execution.ts";

export const MODES = ["sync", "async"] as const;

const keySchema = z.string().min(1).max(200).describe("The same request with the same key is one execution");

/** `POST /v1/executions` */
export const executeBodySchema = z
  .strictObject({
    workflow: referenceSchema,
    input: inputSchema.optional(),
    mode: z.enum(MODES).default("sync").describe("sync: answered when it has ended; async: answered when it is kept"),
    id: idSchema.optional().describe("UUIDv7 for the execution; made where absent"),
    idempotencyKey: keySchema.optional(),
    priority: z.int().min(-100).max(100).optional().describe("Higher first, within the workspace; 0 where absent"),
    scheduledAt: timeSchema.optional(),
    delayMs: z
      .int()
      .min(0)
      .max(366 * 24 * 60 * 60 * 1000)
      .optional()
      .describe("In place of `scheduledAt`: from when it is kept on"),
    maxWaitMs: waitSchema.optional().describe("It ends as Failed with ERR_EXECUTOR_BUSY where it waited longer than this after it was due"),
    waitMs: waitSchema.optional().describe("sync: the longest that this request waits; then it is answered as async is"),
    retry: z.boolean().optional().describe("async: false for one attempt, whatever the workflow says of retries; sync makes one in any case"),
    limits: limitsSchema.optional(),
    snapshotId: snapshotIdSchema.optional().describe("Run on this snapshot: that of an earlier execution runs exactly its code"),
  })
  .register(named, { id: "ExecuteRequest" });
export type ExecuteBody = z.input<typeof executeBodySchema>;

/** `POST /v1/validate`: everything but the call. */
export const validateBodySchema = z
  .strictObject({ workflow: referenceSchema, input: inputSchema.optional(), limits: limitsSchema.optional(), snapshotId: snapshotIdSchema.optional() })
  .register(named, { id: "ValidateRequest" });
export type ValidateBody = z.input<typeof validateBodySchema>;

/** `GET /v1/executions` */
export const listQuerySchema = z.strictObject({
  workflow: z.string().min(1).max(4096).optional().describe("`path::export`, or a path for all of its exports"),
  status: z
    .preprocess((value) => (value === undefined || Array.isArray(value) ? value : [value]), z.array(statusSchema).min(1).optional())
    .describe("May be repeated"),
  parentId: idSchema.optional(),
  askedBy: z.string().min(1).max(200).optional(),
  since: timeSchema.optional().describe("Accepted at this time or later"),
  until: timeSchema.optional().describe("Accepted before this time"),
  limit: z.coerce.number().pipe(z.int().min(1).max(200)).optional().describe("1 to 200; 50 where absent"),
  cursor: z.string().min(1).max(1000).optional().describe("`next` of the page before"),
});
export type ListQuery = { readonly [Name in keyof z.output<typeof listQuerySchema>]?: z.output<typeof listQuerySchema>[Name] };

/** `GET /v1/executions/:id/result` */
export const resultQuerySchema = z.strictObject({ waitMs: waitQuerySchema.optional().describe("How long to wait for the end; not at all where absent") });

export const executionParamsSchema = z.strictObject({ id: idSchema });

/** `POST /v1/executions/:id/cancel` */
export const cancellationSchema = z
  .object({ id: z.string(), phase: z.enum(["waiting", "signal", "dispose", "kill"]).describe("How far it had to go") })
  .register(named, { id: "Cancellation" });
