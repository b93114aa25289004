// A snapshot that somebody names, and which need not be HEAD's: it is there only as long as something keeps it.
import { Fault } from "../errors.ts";
import type { Origin } from "./origin.ts";
import type { SnapshotId, WorkspaceId } from "./snapshot-record.ts";

/** It stays for a day from now on: long enough for an execution to name it, which then keeps it. Rejects with ERR_INPUT_INVALID where it is kept no more. */
export async function keepAskedSnapshot(origin: Pick<Origin, "keepSnapshot">, workspace: WorkspaceId, id: SnapshotId): Promise<void> {
  if (await origin.keepSnapshot(workspace, id)) return;
  throw new Fault("ERR_INPUT_INVALID", `The snapshot ${id.slice(0, 80)} is not kept: it is none of this workspace, or no execution that is kept ran on it.`, {
    details: { path: "snapshotId", expected: "the snapshotId of an execution that is kept", received: id.slice(0, 80) },
  });
}
