// The contract's ground: names of headers, scopes, and the shapes that every topic uses. Each topic has a file of its own
// beside this one. For callers in TypeScript there are types: `import type` loads nothing of it.
import { z } from "zod";
import { LIMIT_NAMES, type LimitName } from "../limits.ts";

/** Names of what stands under `components/schemas` of the OpenAPI document. */
export const named = z.registry<{ id: string; description?: string | undefined }>();

/** Chooses the workspace; percent-encoded UTF-8, so that any name can travel. */
export const WORKSPACE_HEADER = "bifrost-workspace";
export const REQUEST_ID_HEADER = "x-request-id";
export const IDEMPOTENCY_HEADER = "idempotency-key";

/** What a token may be for. `admin` includes the others. */
export const SCOPES = ["execute", "read", "write", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export const scopeSchema = z.enum(SCOPES);

/** 8-4-4-4-12 hexadecimal digits, of any version; as PostgreSQL takes them. */
export const idSchema = z
  .string()
  .regex(/^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/u, "a UUID")
  .overwrite((text) => text.toLowerCase())
  .describe("UUID");

/** RFC 3339 with `Z` or an offset. */
export const timeSchema = z.iso.datetime({ offset: true }).describe("RFC 3339");

export const hashSchema = z
  .string()
  .regex(/^[0-9a-f]{64}$/u, "sha256 in lowercase hex")
  .describe("sha256 in lowercase hex");

export const snapshotIdSchema = z.string().min(1).max(200).describe("Id of a snapshot, as executions name theirs");

/** Of a workspace file; what a path may be is checked where files are. */
export const pathSchema = z.string().min(1).max(4096).describe("Path from the workspace's root");

export const referenceSchema = z.string().min(1).max(4096).describe("UUID, `path::export`, path, or name");

/** Any JSON. As it travels its text is kept: no number is rounded, no key lost. */
export const inputSchema = z.unknown().describe("Any JSON; `{}` where absent");

const amounts = Object.fromEntries(LIMIT_NAMES.map((name) => [name, z.int().min(0).optional()])) as Record<LimitName, z.ZodOptional<z.ZodInt>>;

export const limitsSchema = z
  .strictObject(amounts)
  .describe("Lower than the workspace's: `…Ms` in milliseconds, `…Bytes` in bytes")
  .register(named, { id: "Limits" });

/** Longest time that may be waited in one request. */
export const MAX_WAIT_MS = 24 * 60 * 60 * 1000;

export const waitSchema = z.int().min(0).max(MAX_WAIT_MS);

/** In a query: text. */
export const waitQuerySchema = z.coerce.number().pipe(waitSchema);

/** What went wrong, as application/problem+json (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string().describe("`urn:bifrost-executor:` and the code"),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().describe("A code of the fault table"),
    name: z.string().describe("As an execution's error has it: NotFoundError, InputError …"),
    retryable: z.boolean().describe("True where the same request may succeed later without any change"),
    details: z.record(z.string(), z.unknown()).describe("The place, the value, what is wanted: by the code"),
    requestId: z.string().describe("Under which the service's log has more"),
  })
  .register(named, { id: "Problem" });
export type Problem = z.output<typeof problemSchema>;
