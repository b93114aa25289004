// Every key name in Redis. The default workspace's have no workspace in them; another's begin with its id in braces,
// which a cluster takes as the hash tag, so that one script may touch all of them.
import type { BlobKind } from "./store.ts";
import { DEFAULT_WORKSPACE_ID } from "./snapshot-record.ts";
import type { WorkspaceId } from "./snapshot-record.ts";

export const BLOB_KINDS: readonly BlobKind[] = ["content", "compiled", "tree", "snapshot"];

export function headKey(workspace: WorkspaceId): string {
  return `${prefix(workspace)}module:head`;
}

export function pendingKey(workspace: WorkspaceId): string {
  return `${prefix(workspace)}module:pending`;
}

export function indexKey(workspace: WorkspaceId): string {
  return `${prefix(workspace)}module:index`;
}

export function blobKey(workspace: WorkspaceId, { kind, id }: { readonly kind: BlobKind; readonly id: string }): string {
  return `${prefix(workspace)}module:${kind}:${id}`;
}

/** For SCAN: every blob of one kind. A workspace id is a UUID and has no wildcard in it. */
export function blobPattern(workspace: WorkspaceId, kind: BlobKind): string {
  return `${prefix(workspace)}module:${kind}:*`;
}

export function leaseKey(workspace: WorkspaceId, executionId: string): string {
  return `${prefix(workspace)}exec:${executionId}:lease`;
}

/** The stream of log lines while it runs. */
export function logsKey(workspace: WorkspaceId, executionId: string): string {
  return `${prefix(workspace)}exec:${executionId}:logs`;
}

/** What a data provider returned, by a hash of all that it depends on. */
export function optionsKey(workspace: WorkspaceId, key: string): string {
  return `${prefix(workspace)}options:${key}`;
}

function prefix(workspace: WorkspaceId): string {
  return workspace === DEFAULT_WORKSPACE_ID ? "bifrost:" : `bifrost:{${workspace}}:`;
}
