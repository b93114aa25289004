// What a workspace has to be run, and what data providers offer.
import { z } from "zod";
import { inputSchema, named, referenceSchema } from "./contract.ts";

const KINDS = ["workflow", "tool", "data_provider"] as const;

const retrySchema = z
  .object({ attempts: z.int(), backoffMs: z.number(), idempotent: z.boolean() })
  .describe("How often it is tried, and after what")
  .register(named, { id: "RetryPolicy" });

export const workflowSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    path: z.string(),
    export: z.string(),
    kind: z.enum(KINDS),
    parameters: z.unknown().describe("JSON Schema of the input; null where there is none, or it is not known"),
    parametersReason: z.string().nullable().describe("Why it is not known"),
    timeoutMs: z.number().nullable().describe("Its own limit of wall-clock time"),
    retry: retrySchema.optional(),
    active: z.boolean().describe("False for what was deleted: its id comes back with it"),
  })
  .register(named, { id: "Workflow" });
export type WorkflowEntry = z.output<typeof workflowSchema>;

/** `GET /v1/workflows` */
export const workflowsQuerySchema = z.strictObject({
  kind: z.enum(KINDS).optional(),
  active: z.enum(["true", "false"]).optional().describe("Both where absent"),
});
export const workflowListSchema = z.object({ workflows: z.array(workflowSchema) }).register(named, { id: "WorkflowList" });
export const referenceParamsSchema = z.strictObject({ reference: referenceSchema });

/** `POST /v1/data-providers/:reference/options` */
export const optionsBodySchema = z.strictObject({ input: inputSchema.optional() }).register(named, { id: "OptionsRequest" });

const optionSchema = z.object({ label: z.string(), value: z.unknown(), metadata: z.unknown().optional() }).register(named, { id: "DataOption" });

export const optionsSchema = z
  .object({
    options: z.array(optionSchema),
    cached: z.boolean().describe("Whether they were asked for before, with an input that says the same"),
    expiresAt: z.string().optional(),
  })
  .register(named, { id: "DataOptions" });
export type DataOptionsAnswer = z.output<typeof optionsSchema>;
