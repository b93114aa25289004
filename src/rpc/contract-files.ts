// Files of a workspace: reading them, and writing many at once or none.
import { z } from "zod";
import { hashSchema, named, pathSchema, snapshotIdSchema } from "./contract.ts";

const contentSchema = z
  .union([z.string().describe("Text"), z.strictObject({ base64: z.base64() }).describe("Bytes"), z.null().describe("Deletes")])
  .register(named, { id: "FileContent" });

/** `PUT /v1/files` */
export const writeBodySchema = z
  .strictObject({
    files: z.record(z.string(), contentSchema).describe("Path → content"),
    move: z.record(z.string(), pathSchema).optional().describe("Old path → new path; the workflows in a file keep their ids"),
    expected: z.record(z.string(), hashSchema.nullable()).optional().describe("Path → hash that was seen, or null for no file: otherwise nothing is written"),
  })
  .register(named, { id: "WriteRequest" });
export type WriteBody = z.input<typeof writeBodySchema>;

const diagnosticSchema = z.object({
  path: z.string(),
  code: z.int().describe("TypeScript's number"),
  severity: z.enum(["error", "warning"]),
  message: z.string(),
  line: z.int(),
  column: z.int(),
});

const warningSchema = z.object({ path: z.string().optional(), message: z.string(), line: z.int().optional(), column: z.int().optional() });

export const writeResultSchema = z
  .object({
    version: z.int(),
    snapshotId: z.string(),
    changed: z.boolean().describe("False where every file was already as written"),
    set: z.record(z.string(), z.string()).describe("Path → hash of what is new or different"),
    removed: z.array(z.string()),
    warnings: z.array(warningSchema).describe("What the author should know, although it is written"),
    diagnostics: z.array(diagnosticSchema).describe("The compiler's notes on the files written, which `warnings` tells as well"),
  })
  .register(named, { id: "WriteResult" });
export type WriteAnswer = z.output<typeof writeResultSchema>;

export const fileSchema = z
  .object({ path: z.string(), entityType: z.string(), hash: z.string(), sizeBytes: z.int(), contentType: z.string(), updatedAt: z.string() })
  .register(named, { id: "File" });
export type FileEntry = z.output<typeof fileSchema>;

/** `GET /v1/files` */
export const filesQuerySchema = z.strictObject({ under: pathSchema.optional().describe("A directory, or a file") });
export const fileListSchema = z.object({ files: z.array(fileSchema) }).register(named, { id: "FileList" });

/** `GET /v1/files/…`: `content` where it is UTF-8, else `base64`. Of an earlier snapshot only path, hash and content are told. */
export const fileWithContentSchema = fileSchema
  .partial()
  .extend({ path: z.string(), hash: z.string(), content: z.string().optional(), base64: z.string().optional() })
  .register(named, { id: "FileWithContent" });
export type FileWithContent = z.output<typeof fileWithContentSchema>;

export const fileParamsSchema = z.strictObject({ "*": pathSchema });
export const fileQuerySchema = z.strictObject({ snapshot: snapshotIdSchema.optional().describe("As the workspace was in this snapshot") });
export const deleteQuerySchema = z.strictObject({ expectedHash: hashSchema.optional() });

/** What files that are read in one request may have together. One alone may have whatever it has. */
export const READ_TOGETHER_BYTES = 16 * 1024 * 1024;

/** `POST /v1/files/read` */
export const readBodySchema = z
  .strictObject({
    paths: z
      .array(pathSchema)
      .min(1)
      .max(1000)
      .superRefine((paths, found) => {
        const repeated = firstRepeated(paths);
        if (repeated >= 0) found.addIssue({ code: "custom", path: [repeated], message: "each path once" });
      })
      .describe(`Each once; several files at most ${READ_TOGETHER_BYTES} bytes together`),
  })
  .register(named, { id: "ReadRequest" });
export const readAnswerSchema = z.object({ files: z.array(fileWithContentSchema) }).register(named, { id: "ReadAnswer" });

/** `POST /v1/files/move` */
export const moveBodySchema = z
  .strictObject({ from: pathSchema, to: pathSchema, expectedHash: hashSchema.optional().describe("Of the file as it was seen") })
  .register(named, { id: "MoveRequest" });
export type MoveBody = z.input<typeof moveBodySchema>;

/** Its place; -1 where each is there once. */
function firstRepeated(texts: readonly string[]): number {
  const seen = new Set<string>();
  return texts.findIndex((text) => seen.size === seen.add(text).size);
}
