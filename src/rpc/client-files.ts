// A workspace's files over the RPC.
import { pathSegments } from "./client-address.ts";
import type { CallOptions, Calls } from "./client-calls.ts";
import { RpcFault } from "./client-fault.ts";
import type { FileEntry, FileWithContent, WriteAnswer } from "./contract-files.ts";

/** Path → text or bytes; null deletes. */
export type FileChanges = Readonly<Record<string, string | Uint8Array | null>>;

export interface WriteOptions extends CallOptions {
  /** Old path → new path, in the same write: after what is deleted is gone, before anything is written. Ids stay. */
  readonly move?: Readonly<Record<string, string>> | undefined;
  /** Path → hash that was seen, or null for no file: where one differs nothing is written, and ERR_CONTENT_CHANGED is thrown. */
  readonly expected?: Readonly<Record<string, string | null>> | undefined;
  /** Throws ERR_INPUT_TOO_LARGE instead of sending more than so many bytes. */
  readonly mostBytes?: number | undefined;
}

export interface ExpectedHash extends CallOptions {
  /** Of the file as it was seen. */
  readonly expectedHash?: string | undefined;
}

/** Every method rejects with RpcFault: ERR_PATH_NOT_FOUND where a file is not there. */
export interface FileCalls {
  list(options?: CallOptions & { readonly under?: string | undefined }): Promise<readonly FileEntry[]>;
  /** Text as `content`, anything else as `base64`; of an earlier snapshot where one is named. */
  read(path: string, options?: CallOptions & { readonly snapshotId?: string | undefined }): Promise<FileWithContent>;
  /** At most 1,000, each once; ERR_INPUT_TOO_LARGE where they have more than 16 MB together. */
  readMany(paths: readonly string[], options?: CallOptions): Promise<readonly FileWithContent[]>;
  /** All of it or nothing; the next execution sees it. */
  write(changes: FileChanges, options?: WriteOptions): Promise<WriteAnswer>;
  delete(path: string, options?: ExpectedHash): Promise<WriteAnswer>;
  move(from: string, to: string, options?: ExpectedHash): Promise<WriteAnswer>;
}

/** A write of many files takes long to send, and to compile. */
const WRITE_MS = 240_000;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function createFileCalls(calls: Calls): FileCalls {
  return {
    async list({ under, signal } = {}) {
      const { files } = (await calls.json({ method: "GET", path: "/v1/files", query: { under }, repeatable: true, signal })) as { readonly files: FileEntry[] };
      return files;
    },
    read: async (path, { snapshotId: snapshot, signal } = {}) =>
      (await calls.json({ method: "GET", path: at(path), query: { snapshot }, repeatable: true, signal })) as FileWithContent,
    async readMany(paths, { signal } = {}) {
      const body = JSON.stringify({ paths });
      const answer = await calls.json({ method: "POST", path: "/v1/files/read", body, repeatable: true, signal });
      return (answer as { readonly files: FileWithContent[] }).files;
    },
    async write(changes, { move, expected, mostBytes = Infinity, signal } = {}) {
      const files = Object.fromEntries(Object.entries(changes).map(([path, content]) => [path, travelling(content)]));
      const body = JSON.stringify({ files, move, expected });
      checkSize(body, mostBytes);
      // A second arrival would find what the first has written, and not what was expected.
      const repeatable = isEmpty(move) && isEmpty(expected);
      return (await calls.json({ method: "PUT", path: "/v1/files", body, repeatable, waitMs: WRITE_MS, signal })) as WriteAnswer;
    },
    delete: async (path, { expectedHash, signal } = {}) =>
      (await calls.json({ method: "DELETE", path: at(path), query: { expectedHash }, signal })) as WriteAnswer,
    move: async (from, to, { expectedHash, signal } = {}) =>
      (await calls.json({ method: "POST", path: "/v1/files/move", body: JSON.stringify({ from, to, expectedHash }), signal })) as WriteAnswer,
  };
}

function at(path: string): string {
  return `/v1/files/${pathSegments(path)}`;
}

function isEmpty(record: Readonly<Record<string, unknown>> = {}): boolean {
  return Object.keys(record).length === 0;
}

/** What is text travels as text, which is shorter: the same bytes come of it. */
function travelling(content: string | Uint8Array | null): string | { readonly base64: string } | null {
  if (content === null || typeof content === "string") return content;
  return asText(content) ?? { base64: btoa(Array.from(content, (byte) => String.fromCharCode(byte)).join("")) };
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Whoever sends more than is taken is cut off, and may hear of it or not. */
function checkSize(body: string, limit: number): void {
  if (body.length * 3 <= limit) return;
  const amount = new TextEncoder().encode(body).byteLength;
  if (amount <= limit) return;
  throw new RpcFault("ERR_INPUT_TOO_LARGE", `The request would have ${amount} bytes, and the service takes ${limit}.`, { details: { limit, amount } });
}
