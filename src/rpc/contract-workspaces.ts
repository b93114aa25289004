// Workspaces, and the tokens that open them. For admins, but for the one that a request is about.
import { z } from "zod";
import { LIMIT_NAMES, type LimitName } from "../limits.ts";
import { named, scopeSchema, timeSchema } from "./contract.ts";

export const workspaceNameSchema = z
  .string()
  .min(1)
  .max(200)
  // oxlint-disable-next-line no-control-regex
  .regex(/^[^\u0000-\u001f\u007f]*$/u, "no control characters");

const mostSchema = z.object(Object.fromEntries(LIMIT_NAMES.map((name) => [name, z.int()])) as Record<LimitName, z.ZodInt>);

/** `GET /v1/workspace` */
export const chosenWorkspaceSchema = z
  .object({
    name: z.string(),
    version: z.int().describe("0, and one more with every write"),
    snapshotId: z.string().describe("What an execution that begins now runs on"),
    limits: mostSchema.describe("The most that an execution may ask for: `…Ms` in milliseconds, `…Bytes` in bytes, 0 for none"),
    bodyBytes: z.int().describe("The most that a request to this service may be"),
  })
  .register(named, { id: "ChosenWorkspace" });
export type ChosenWorkspace = z.output<typeof chosenWorkspaceSchema>;

/** `PUT /v1/workspaces/:name` makes it where there is none. */
export const workspaceParamsSchema = z.strictObject({ name: workspaceNameSchema });

export const workspaceBodySchema = z
  .strictObject({
    settings: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .optional()
      .describe('Setting → value as `bifrost-executor workspace set` takes it (`"10m"`), or a number of ms or bytes; null for the default'),
  })
  .register(named, { id: "WorkspaceRequest" });
export type WorkspaceBody = z.input<typeof workspaceBodySchema>;

const settingSchema = z.object({
  value: z.unknown(),
  default: z.unknown(),
  own: z.boolean().describe("Whether it was set for this workspace"),
  unit: z.string().optional(),
  code: z.string().optional().describe("Of the error that passing it leads to"),
});

export const workspaceSchema = z.object({ name: z.string(), settings: z.record(z.string(), settingSchema) }).register(named, { id: "Workspace" });
export type WorkspaceAnswer = z.output<typeof workspaceSchema>;
export const workspaceListSchema = z.object({ workspaces: z.array(z.object({ name: z.string() })) }).register(named, { id: "WorkspaceList" });

/** `POST /v1/tokens` */
export const tokenBodySchema = z
  .strictObject({
    name: z.string().min(1).max(100).describe("What executions say of who asked"),
    scopes: z.array(scopeSchema).min(1),
    workspace: workspaceNameSchema.optional().describe("The only one that it opens; all where absent"),
    expiresAt: timeSchema.optional(),
  })
  .register(named, { id: "TokenRequest" });
export type TokenBody = z.input<typeof tokenBodySchema>;

export const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(scopeSchema),
    workspace: z.string().optional(),
    createdAt: z.string(),
    expiresAt: z.string().optional(),
    revokedAt: z.string().optional(),
    lastUsedAt: z.string().optional().describe("To the minute"),
  })
  .register(named, { id: "Token" });
export type TokenEntry = z.output<typeof tokenSchema>;

export const newTokenSchema = tokenSchema.extend({ token: z.string().describe("Shown this once") }).register(named, { id: "NewToken" });
export type NewToken = z.output<typeof newTokenSchema>;
export const tokenListSchema = z.object({ tokens: z.array(tokenSchema) }).register(named, { id: "TokenList" });
export const tokenParamsSchema = z.strictObject({ id: z.string().regex(/^[0-9a-z]{1,64}$/u) });
