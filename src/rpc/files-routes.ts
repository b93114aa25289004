// Files of a workspace over HTTP. Each write is one version: all of it or nothing.
import { Fault } from "../errors.ts";
import type { HostedWorkspace } from "../host.ts";
import { decodeSource } from "../modules/source-text.ts";
import { parseModulePath } from "../modules/module-path.ts";
import type { LiveFile } from "../snapshot/origin.ts";
import type { WriteResult } from "../workspace/write-files.ts";
import {
  deleteQuerySchema,
  fileListSchema,
  fileParamsSchema,
  fileQuerySchema,
  filesQuerySchema,
  fileWithContentSchema,
  moveBodySchema,
  READ_TOGETHER_BYTES,
  readAnswerSchema,
  readBodySchema,
  writeBodySchema,
  writeResultSchema,
  type FileEntry,
  type FileWithContent,
  type WriteAnswer,
} from "./contract-files.ts";
import { addRoute } from "./route.ts";
import type { RpcApp } from "./rpc-app.ts";
import type { RouteParts } from "./server-parts.ts";

const TAG = "files";
const WRITTEN = { 200: { description: "It is written, and the next execution sees it", schema: writeResultSchema } };

export function filesRoutes(app: RpcApp, parts: RouteParts): void {
  addRoute(app, parts, {
    method: "PUT",
    url: "/v1/files",
    scope: "write",
    id: "writeFiles",
    tag: TAG,
    summary: "Writes, moves and deletes files, all at once or none",
    description: "What is to be deleted is deleted first, then all moves are made at once, then what there is to write is written.",
    body: writeBodySchema,
    answers: WRITTEN,
    async handle({ body: { files, move, expected }, workspace }) {
      const { executor } = await workspace();
      const changes = Object.entries(files).map(
        ([path, content]) => [path, typeof content === "string" || content === null ? content : bytesOf(content)] as const,
      );
      return answerOf(await executor.write(Object.fromEntries(changes), { move, expectedHash: expected }));
    },
  });
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/files",
    scope: "read",
    id: "listFiles",
    tag: TAG,
    summary: "Lists files, sorted by path, without their content",
    query: filesQuerySchema,
    answers: { 200: { description: "What there is", schema: fileListSchema } },
    async handle({ query: { under }, workspace }) {
      const { executor } = await workspace();
      return { files: (await executor.files(under === undefined ? {} : { under })).map(entryOf) };
    },
  });
  addRoute(app, parts, {
    method: "POST",
    url: "/v1/files/read",
    scope: "read",
    id: "readFiles",
    tag: TAG,
    summary: "Gives several files with their content",
    body: readBodySchema,
    answers: { 200: { description: "In the order asked for", schema: readAnswerSchema } },
    async handle({ body: { paths }, workspace }) {
      const hosted = await workspace();
      if (paths.length > 1) await checkTogether(paths, hosted);
      const files: FileWithContent[] = [];
      for (const path of paths) files.push(await read(path, hosted));
      return { files };
    },
  });
  addRoute(app, parts, {
    method: "POST",
    url: "/v1/files/move",
    scope: "write",
    id: "moveFile",
    tag: TAG,
    summary: "Moves a file; workflows in it keep their ids",
    body: moveBodySchema,
    answers: WRITTEN,
    async handle({ body: { from, to, expectedHash }, workspace }) {
      const { executor } = await workspace();
      return answerOf(await executor.move(from, to, { expectedHash }));
    },
  });
  addRoute(app, parts, {
    method: "GET",
    url: "/v1/files/*",
    scope: "read",
    id: "readFile",
    tag: TAG,
    summary: "Gives one file with its content, as it is or as a snapshot holds it",
    params: fileParamsSchema,
    query: fileQuerySchema,
    answers: { 200: { description: "The file", schema: fileWithContentSchema } },
    async handle({ params: { "*": path }, query: { snapshot }, workspace }) {
      const hosted = await workspace();
      return snapshot === undefined ? await read(path, hosted) : await readOf(snapshot, { path, hosted });
    },
  });
  addRoute(app, parts, {
    method: "DELETE",
    url: "/v1/files/*",
    scope: "write",
    id: "deleteFile",
    tag: TAG,
    summary: "Deletes one file",
    params: fileParamsSchema,
    query: deleteQuerySchema,
    answers: WRITTEN,
    async handle({ params: { "*": path }, query: { expectedHash }, workspace }) {
      const { executor } = await workspace();
      // Rejects where there is none, naming the nearest.
      await executor.readFile(path);
      return answerOf(await executor.write({ [path]: null }, expectedHash === undefined ? {} : { expectedHash: { [path]: expectedHash } }));
    },
  });
}

function bytesOf({ base64 }: { readonly base64: string }): Uint8Array {
  return Buffer.from(base64, "base64");
}

function answerOf({ version, snapshotId, changed, set, removed, warnings, diagnostics }: WriteResult): WriteAnswer {
  return {
    version,
    snapshotId,
    changed,
    set: Object.fromEntries(set),
    removed: [...removed],
    warnings: [...warnings],
    diagnostics: [...diagnostics],
  };
}

function entryOf({ path, entityType, hash, sizeBytes, contentType, updatedAt }: LiveFile): FileEntry {
  return { path, entityType, hash, sizeBytes, contentType, updatedAt };
}

/** Before any content is read. Rejects with ERR_INPUT_TOO_LARGE. */
async function checkTogether(paths: readonly string[], { executor }: HostedWorkspace): Promise<void> {
  const asked = new Set(paths);
  const amount = (await executor.files()).reduce((sum, { path, sizeBytes }) => sum + (asked.has(path) ? sizeBytes : 0), 0);
  if (amount <= READ_TOGETHER_BYTES) return;
  throw new Fault(
    "ERR_INPUT_TOO_LARGE",
    `The ${paths.length} files have ${amount} bytes together; at most ${READ_TOGETHER_BYTES} are read in one request. Ask for fewer at a time.`,
    { details: { limit: READ_TOGETHER_BYTES, amount } },
  );
}

async function read(path: string, { executor }: HostedWorkspace): Promise<FileWithContent> {
  const { bytes, ...file } = await executor.readFile(path);
  return { ...entryOf(file), ...contentOf(bytes) };
}

async function readOf(snapshotId: string, { path, hosted }: { readonly path: string; readonly hosted: HostedWorkspace }): Promise<FileWithContent> {
  const file = await hosted.executor.fileOf({ snapshotId }, parseModulePath(path));
  if (file !== undefined) return { path, hash: file.hash, sizeBytes: file.bytes.byteLength, ...contentOf(file.bytes) };
  throw new Fault("ERR_PATH_NOT_FOUND", `The snapshot ${snapshotId} has no file ${JSON.stringify(path)}, or is no longer kept.`, {
    details: { path, snapshotId },
  });
}

/** Text only where the same bytes come of it. */
function contentOf(bytes: Uint8Array): Pick<FileWithContent, "content" | "base64"> {
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const content = hasMark ? undefined : decodeSource(bytes);
  return content === undefined ? { base64: Buffer.from(bytes).toString("base64") } : { content };
}
