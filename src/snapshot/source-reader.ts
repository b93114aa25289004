// Contents of files, verified. What the cache has is hashed again on reading (B24); what it lacks comes from the
// origin, which heals it (B25).
import { Fault } from "../errors.ts";
import { hashContent } from "../modules/content-hash.ts";
import type { ContentHash } from "../modules/content-hash.ts";
import { noNote } from "./note.ts";
import type { Note } from "./note.ts";
import type { Origin } from "./origin.ts";
import { blobsOrNothing, healing } from "./read-through.ts";
import type { WorkspaceId } from "./snapshot-record.ts";
import { SharedFlights } from "./shared-flights.ts";
import type { SnapshotStore } from "./store.ts";

/** Bytes that hash to what was asked for; the hash they have instead, and who had them; or nothing anywhere. */
export type SourceReading = { readonly bytes: Uint8Array } | { readonly actualHash: ContentHash; readonly at: "cache" | "database" } | "absent";

export interface SourceReader {
  /** One reading for each hash. `stored` are the bytes that the caller has read from the store already, in that order; else they are read here. */
  read(workspace: WorkspaceId, hashes: readonly ContentHash[], stored?: readonly (Uint8Array | undefined)[]): Promise<ReadonlyMap<ContentHash, SourceReading>>;
}

export function createSourceReader({
  origin,
  store,
  note = noNote,
}: {
  readonly origin: Origin;
  readonly store: SnapshotStore;
  readonly note?: Note | undefined;
}): SourceReader {
  /** N executions that miss the same content cause one reading of the database. */
  const restoring = new SharedFlights<string, SourceReading>();

  async function restore(workspace: WorkspaceId, hashes: readonly ContentHash[]): Promise<ReadonlyMap<string, SourceReading>> {
    const contents = await origin.contents(workspace, hashes);
    const readings = new Map<ContentHash, SourceReading>(hashes.map((hash) => [hash, judge(hash, { bytes: contents.get(hash), at: "database" })]));
    await healing(note, () =>
      store.putBlobs(
        workspace,
        [...readings].flatMap(([hash, reading]) => (isSound(reading) ? [{ kind: "content" as const, id: hash, bytes: reading.bytes }] : [])),
      ),
    );
    return new Map([...readings].map(([hash, reading]) => [flightOf(workspace, hash), reading]));
  }

  return {
    async read(workspace, hashes, given) {
      const wanted = hashes.map((hash) => ({ kind: "content" as const, id: hash }));
      const stored = given ?? (await blobsOrNothing(store, { workspace, wanted, note }));
      const readings = new Map<ContentHash, SourceReading>(hashes.map((hash, at) => [hash, judge(hash, { bytes: stored[at], at: "cache" })]));
      for (const [hash, reading] of readings) {
        if (isTampered(reading)) await healing(note, () => store.evictBlob(workspace, "content", hash));
      }
      const absent = hashes.filter((hash) => readings.get(hash) === "absent");
      if (absent.length === 0) return readings;
      // Those of one workspace only: what another one's database rows say is not asked.
      const restored = await restoring.get(
        absent.map((hash) => flightOf(workspace, hash)),
        (flights) => restore(workspace, flights.map(hashIn)),
      );
      for (const hash of absent) readings.set(hash, restored.get(flightOf(workspace, hash)) ?? "absent");
      return readings;
    },
  };
}

function flightOf(workspace: WorkspaceId, hash: ContentHash): string {
  return `${workspace}/${hash}`;
}

function hashIn(flight: string): ContentHash {
  return flight.slice(flight.lastIndexOf("/") + 1) as ContentHash;
}

export function isSound(reading: SourceReading): reading is { readonly bytes: Uint8Array } {
  return typeof reading === "object" && "bytes" in reading;
}

/** The fault of a reading that gave no bytes, for the file at `path`. */
export function sourceFault(
  path: string,
  { hash, reading }: { readonly hash: ContentHash; readonly reading: Exclude<SourceReading, { readonly bytes: Uint8Array }> },
): Fault {
  if (reading === "absent") {
    return new Fault(
      "ERR_CACHE_INCONSISTENT",
      `The snapshot has ${JSON.stringify(path)} with content ${hash}, and that content is neither in the cache nor in the database. Restore the database from a backup, or save the file anew.`,
      { details: { path, hash } },
    );
  }
  const advice = reading.at === "cache" ? "The cached copy has been dropped: run again." : "Restore the database from a backup, or save the file anew.";
  return new Fault(
    "ERR_SNAPSHOT_INTEGRITY",
    `The content of ${JSON.stringify(path)} in the ${reading.at} has the hash ${reading.actualHash}, not ${hash}. ${advice}`,
    {
      details: { path, expectedHash: hash, actualHash: reading.actualHash, at: reading.at },
    },
  );
}

function judge(hash: ContentHash, { bytes, at }: { readonly bytes: Uint8Array | undefined; readonly at: "cache" | "database" }): SourceReading {
  if (bytes === undefined) return "absent";
  const actualHash = hashContent(bytes);
  return actualHash === hash ? { bytes } : { actualHash, at };
}

function isTampered(reading: SourceReading): boolean {
  return typeof reading === "object" && "actualHash" in reading;
}
