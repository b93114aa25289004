// The files of a workspace that a service has. Loads the client, and nothing of what stores or compiles.
import { Fault } from "../errors.ts";
import type { Client } from "../rpc/client-create.ts";
import type { FileChanges, WriteOptions } from "../rpc/client-files.ts";
import type { WriteAnswer } from "../rpc/contract-files.ts";
import type { WorkflowEntry } from "../rpc/contract-workflows.ts";
import type { ChosenWorkspace } from "../rpc/contract-workspaces.ts";
import { formatSize } from "../size.ts";
import type { LiveFile } from "../snapshot/origin.ts";
import type { SnapshotId } from "../snapshot/snapshot-record.ts";
import type { PushTarget } from "../workspace/push.ts";
import { isNoWorkspace, type FilesPlace, type ListedExecutable, type StoredFiles, type Written } from "./stored-files.ts";

interface RemotePlace extends Pick<FilesPlace, "workspace" | "create"> {
  readonly url: string;
}

/** Rejects with RpcFault, as all that it gives. */
export async function openRemoteFiles(client: Client, { url, workspace, create = false }: RemotePlace): Promise<StoredFiles> {
  const { name, limits, bodyBytes } = await chosenWorkspace(client, create ? workspace : undefined);

  async function write(changes: FileChanges, options: WriteOptions = {}): Promise<Written> {
    try {
      return writtenOf(await client.files.write(changes, { ...options, mostBytes: bodyBytes }));
    } catch (thrown) {
      throw thrown instanceof Fault && thrown.code === "ERR_INPUT_TOO_LARGE" ? tooLarge(thrown, url) : thrown;
    }
  }

  // What comes from a service has been a path, or a hash, to it.
  const files: StoredFiles["files"] = async ({ under } = {}) => (await client.files.list({ under })) as readonly LiveFile[];

  const target: PushTarget = {
    maxSourceBytes: limits.sourceBytes,
    files,
    async head() {
      const { version, snapshotId } = await client.workspaces.current();
      return { version, snapshotId: snapshotId as SnapshotId };
    },
    change: ({ put, remove, move, expected }) =>
      write(Object.fromEntries([...put, ...remove.map((path) => [path, null] as const)]), {
        move: Object.fromEntries(move),
        expected: Object.fromEntries(expected),
      }),
  };

  return {
    workspace: { name },
    files,
    executables: async () => (await client.workflows.list()).map(executableOf),
    async readFile(path) {
      const { content, base64 = "" } = await client.files.read(path);
      return { bytes: content === undefined ? Buffer.from(base64, "base64") : Buffer.from(content) };
    },
    write,
    move: async (from, to) => writtenOf(await client.files.move(from, to)),
    pushDirectory: async (directory, options) => await (await import("../workspace/push.ts")).pushDirectory(directory, target, options),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function writtenOf(answer: WriteAnswer): Written {
  return answer as unknown as Written;
}

function executableOf({ export: exportName, retry, ...rest }: WorkflowEntry): ListedExecutable {
  return { ...rest, exportName, retry: retry ?? null } as ListedExecutable;
}

/** `made`: name of the workspace that is made where there is none; undefined for never. */
async function chosenWorkspace(client: Client, made: string | undefined): Promise<ChosenWorkspace> {
  try {
    return await client.workspaces.current();
  } catch (thrown) {
    if (made === undefined || !isNoWorkspace(thrown, made)) throw thrown;
    await makeWorkspace(client, made);
    return await client.workspaces.current();
  }
}

async function makeWorkspace(client: Client, name: string): Promise<void> {
  try {
    await client.workspaces.set(name);
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== "ERR_FORBIDDEN") throw thrown;
    const message = `There is no workspace named ${JSON.stringify(name)}, and only an admin of all can make it. ${thrown.message}`;
    throw new Fault("ERR_FORBIDDEN", message, { details: { ...thrown.details, workspace: name }, cause: thrown });
  }
}

function tooLarge({ message, details, cause }: Fault, url: string): Fault {
  const { limit, amount } = details;
  if (typeof limit !== "number") return new Fault("ERR_INPUT_TOO_LARGE", `${message} ${ADVICE}`, { details, cause });
  const size = typeof amount === "number" ? formatSize(amount) : `more than ${formatSize(limit)}`;
  return new Fault(
    "ERR_INPUT_TOO_LARGE",
    `What is to be written is ${size} as one request, and the service at ${url} takes ${formatSize(limit)}; nothing was written. ${ADVICE}`,
    { details: { ...details, url }, cause },
  );
}

const ADVICE =
  "Name in .gitignore what no workflow needs, or write a part before the rest: push a directory that has only a part of the files, with --keep, and then the whole.";
