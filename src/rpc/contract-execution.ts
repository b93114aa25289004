// How an execution is told: its envelope when it has ended, its state at any time. The types are those of completion.ts
// and the ledger; these schemas describe the same for callers in other languages.
import { z } from "zod";
import { STATUSES, type Execution, type ExecutionError, type LogLine } from "../completion.ts";
import type { ExecutionPage, ExecutionState } from "../executions/ledger.ts";
import { named } from "./contract.ts";

export const statusSchema = z.enum(STATUSES).register(named, { id: "Status" });
const terminalStatusSchema = statusSchema.exclude(["Scheduled", "Pending", "Running", "Cancelling"]);

const frameSchema = z
  .object({ path: z.string(), line: z.int(), column: z.int(), hash: z.string().describe("Content hash of the module"), functionName: z.string().optional() })
  .register(named, { id: "StackFrame" });

export const errorSchema = z.object({
  code: z.string().optional().describe("A code of the fault table; absent where the author's own code threw"),
  name: z.string(),
  message: z.string(),
  stack: z.string(),
  frames: z.array(frameSchema),
  get cause() {
    return errorSchema.optional();
  },
  userFacing: z.boolean().optional().describe("True for a UserError: the message is meant for the caller"),
  details: z.record(z.string(), z.unknown()).optional(),
});
named.add(errorSchema, { id: "ExecutionError" });

export const logLineSchema = z
  .object({
    sequence: z.int().describe("1, 2, 3 … without gaps within an execution"),
    level: z.enum(["debug", "info", "warn", "error"]),
    message: z.string(),
    timestamp: z.string(),
    data: z.unknown().optional(),
  })
  .register(named, { id: "LogLine" });

const usageSchema = z.object({ wallMs: z.number(), cpuMs: z.number(), peakMemoryBytes: z.number() }).register(named, { id: "Usage" });

const timingsSchema = z
  .object({
    queued: z.number().optional(),
    pinned: z.number().optional(),
    loaded: z.number().optional(),
    process: z.number().optional(),
    linked: z.number().optional(),
    ran: z.number().optional(),
  })
  .describe("Where the time went, in milliseconds")
  .register(named, { id: "Timings" });

const moduleSchema = z.object({ path: z.string(), hash: z.string() }).register(named, { id: "ModuleUse" });

/** The one answer of every route. */
export const executionSchema = z
  .object({
    version: z.literal(1),
    id: z.string(),
    parentId: z.string().optional(),
    workflow: z.string().describe("`path::export` that ran"),
    status: terminalStatusSchema,
    result: z.unknown().optional(),
    error: errorSchema.optional(),
    logs: z.array(logLineSchema),
    usage: usageSchema,
    timings: timingsSchema.optional(),
    snapshotId: z.string(),
    modules: z.array(moduleSchema),
    startedAt: z.string(),
    finishedAt: z.string(),
  })
  .register(named, { id: "Execution" });

const stateShape = {
  version: z.literal(1),
  id: z.string(),
  parentId: z.string().optional(),
  workspace: z.string().describe("Id of the workspace"),
  workflow: z.string(),
  status: statusSchema,
  askedBy: z.string(),
  priority: z.int(),
  attempt: z.int(),
  queuedAt: z.string(),
  dueAt: z.string().optional(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  snapshotId: z.string().optional(),
  host: z.string().optional(),
  usage: usageSchema.optional(),
  timings: timingsSchema.optional(),
};

/** Without result and logs. */
export const stateSchema = z
  .object({
    ...stateShape,
    position: z.int().optional().describe("How many are before it; only while it is Pending"),
    error: errorSchema.optional(),
    modules: z.array(moduleSchema).optional(),
  })
  .register(named, { id: "ExecutionState" });

export const stateWithInputSchema = stateSchema
  .extend({ input: z.unknown().optional().describe("As it is kept: secrets are taken out of it") })
  .register(named, { id: "ExecutionStateWithInput" });

/** As `GET /v1/executions/:id` gives it. */
export type ExecutionStateWithInput = Omit<ExecutionState, "inputJson"> & { readonly input?: unknown };

export const summarySchema = z
  .object({
    ...stateShape,
    error: z.object({ code: z.string().optional(), name: z.string(), message: z.string(), userFacing: z.boolean().optional() }).optional(),
  })
  .register(named, { id: "ExecutionSummary" });

export const pageSchema = z
  .object({ executions: z.array(summarySchema), next: z.string().optional().describe("The `cursor` of the next page; absent on the last") })
  .register(named, { id: "ExecutionPage" });

/**
 * Proves, where types are checked, that what is said of an answer holds for what is answered.
 * @internal
 */
export type Answers = [
  Fits<Execution, z.input<typeof executionSchema>>,
  Fits<Omit<ExecutionState, "inputJson">, z.input<typeof stateSchema>>,
  Fits<ExecutionPage, z.input<typeof pageSchema>>,
  Fits<ExecutionError, z.input<typeof errorSchema>>,
  Fits<LogLine, z.input<typeof logLineSchema>>,
];

type Fits<Given extends Loosely<Said>, Said> = [Given, Said];
/** Arrays of an answer are read-only to whoever makes it. */
type Loosely<T> = T extends readonly (infer Item)[] ? readonly Loosely<Item>[] : T extends object ? { readonly [Key in keyof T]: Loosely<T[Key]> } : T;
