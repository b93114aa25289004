// HEAD as text. One spelling only, checked alike here and in redis-scripts.ts: were the two to disagree about what is
// well formed, a HEAD could be refused by every reader and never be replaced by a writer.
import type { Head, SnapshotId } from "./snapshot-record.ts";

const HEAD_TEXT = /^\{"version":(0|[1-9][0-9]{0,14}),"snapshotId":"(s1-[0-9a-f]{64})"\}$/;

export function encodeHead({ version, snapshotId }: Head): string {
  return JSON.stringify({ version, snapshotId });
}

/** Undefined when the text is absent or is no HEAD. */
export function decodeHead(text: string | undefined): Head | undefined {
  const match = text === undefined ? null : HEAD_TEXT.exec(text);
  return match === null ? undefined : { version: Number(match[1]), snapshotId: match[2] as SnapshotId };
}

export function sameHead(a: Head, b: Head): boolean {
  return a.version === b.version && a.snapshotId === b.snapshotId;
}
