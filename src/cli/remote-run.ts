// `run-workflow --url`: the same run by a service. It is begun there under an id of ours, told of as it goes, and cancelled
// there by Ctrl-C. Loads the client and nothing of what runs workflows.
import { randomUUIDv7 } from "node:crypto";
import type { Execution } from "../completion.ts";
import { Fault } from "../errors.ts";
import { createClient, type Client } from "../rpc/client-create.ts";
import { RpcFault } from "../rpc/client-fault.ts";
import { requiredToken } from "./at-url.ts";
import { CHANGED } from "./changes.ts";
import type { Reporter } from "./reporter.ts";
import type { Route, RunArguments, RunGiven } from "./run-route.ts";

/** How long an interruption waits for the service to say whether the execution is there to be cancelled. */
const ANSWER_MS = 5_000;

/** Throws ERR_UNAUTHENTICATED where there is no token, ERR_INPUT_INVALID where the URL cannot be one. */
export function remoteRoute(url: string, { asked, token }: { readonly asked: RunArguments; readonly token: string | undefined }): Route {
  const client = createClient({ url, token: requiredToken(url, token), workspace: asked.namedWorkspace });
  return {
    async run(given) {
      const { reporter, signal } = given;
      const execution = asked.dryRun ? await validate(asked, { client, ...given }) : await execute(asked, { client, ...given });
      await reporter.finished(execution, { sources: sourcesOf(client), superseded: signal.reason === CHANGED });
      return execution;
    },
    // Where it cannot be told, neither can anything be run: that is said then.
    workspace: async () => asked.namedWorkspace ?? (await client.workspaces.current().catch(() => ({ name: asked.workspace }))).name,
    changes: async (signal) => (await import("./remote-watch.ts")).watchService(client, signal),
  };
}

interface Given extends RunGiven {
  readonly client: Client;
}

async function validate({ reference, limits }: RunArguments, { client, reporter, inputJson, signal }: Given): Promise<Execution> {
  const execution = await client.executions.validate(reference, undefined, { inputJson, limits, signal }).catch((thrown: unknown) => {
    throw signal.aborted ? new Fault("ERR_CANCELLED", "Interrupted during the dry run.", { name: "CancelledError" }) : thrown;
  });
  for (const line of execution.logs) reporter.log(line);
  return execution;
}

async function execute(asked: RunArguments, given: Given): Promise<Execution> {
  const { client, signal } = given;
  // Whoever may begin it but not see it would be told of a refusal, and begin it again.
  await client.workspaces.current({ signal });
  const id = randomUUIDv7();
  await start(id, { asked, given });
  const refused = Promise.withResolvers<never>();
  const cancel = (): void =>
    void client.executions.cancel(id).catch((thrown: unknown) => {
      // It has ended by itself in the meantime: that end is what there is to tell.
      if (!(thrown instanceof RpcFault && thrown.code === "ERR_EXECUTION_ENDED")) refused.reject(thrown);
    });
  if (signal.aborted) cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    return await Promise.race([follow(id, given), refused.promise]);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** The id is ours, so that asking again after a lost connection begins no second one. Who watches it sees one attempt, as of a run in this process. */
async function start(id: string, { asked: { reference, limits }, given }: { readonly asked: RunArguments; readonly given: Given }): Promise<void> {
  const { client, inputJson, signal } = given;
  const unanswered = new AbortController();
  const giveUp = (): void =>
    unanswered.abort(
      new Fault("ERR_CANCELLED", `Interrupted while the service had not answered: it may still begin the execution ${id}.`, {
        name: "CancelledError",
        details: { id },
      }),
    );
  let timer: NodeJS.Timeout | undefined;
  const interrupted = (): void => void (timer = setTimeout(giveUp, ANSWER_MS));
  if (signal.aborted) interrupted();
  signal.addEventListener("abort", interrupted, { once: true });
  try {
    await client.executions.start(reference, undefined, { id, inputJson, limits, retry: false, signal: unanswered.signal });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupted);
  }
}

/** What was not heard while it ran, because the service heard nothing of it either, stands in the envelope. */
async function follow(id: string, { client, reporter }: Given): Promise<Execution> {
  const last = await tell(id, { client, reporter });
  const execution = await client.executions.result(id);
  const { error, snapshotId } = execution;
  // It never began: that is told as where this process runs, and not as an execution.
  if (snapshotId === "" && error?.code !== undefined && error.code !== "ERR_CANCELLED") {
    throw new Fault(error.code, error.message, { name: error.name, ...(error.details && { details: error.details }) });
  }
  for (const line of execution.logs) if (line.sequence > last) reporter.log(line);
  return execution;
}

/** Gives the number of the last line. */
async function tell(id: string, { client, reporter }: { readonly client: Client; readonly reporter: Reporter }): Promise<number> {
  let last = 0;
  for await (const { from, ...line } of client.executions.logs(id)) {
    if (from !== undefined) {
      reporter.nestedLog(line, from);
      continue;
    }
    reporter.log(line);
    last = line.sequence;
  }
  return last;
}

function sourcesOf(client: Client) {
  return {
    sourceOf: async ({ snapshotId }: Pick<Execution, "snapshotId">, path: string): Promise<string | undefined> =>
      (await client.files.read(path, { snapshotId })).content,
  };
}
