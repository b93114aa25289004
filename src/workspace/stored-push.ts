// A workspace that is stored here, as what a directory is pushed to.
import type { Origin } from "../snapshot/origin.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { PushTarget } from "./push.ts";
import type { FileWriter } from "./write-files.ts";

export interface StoredTargetParts {
  readonly workspace: WorkspaceId;
  readonly origin: Pick<Origin, "files" | "head">;
  readonly writer: Pick<FileWriter, "change">;
  readonly maxSourceBytes?: number | undefined;
}

export function storedTarget({ workspace, origin, writer, maxSourceBytes }: StoredTargetParts): PushTarget {
  return {
    maxSourceBytes,
    files: () => origin.files(workspace),
    head: async () => (await origin.head(workspace)).head,
    change: (change) => writer.change(change),
  };
}
