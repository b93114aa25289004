// What a data provider offers (B93): what it returned to the same parameters before, for as long as its author allows, else what
// it returns now. Kept under a hash of all that it depends on: which it is, everything that it imports, and its parameters.
import { canonicalJson } from "./canonical-json.ts";
import type { Execution } from "./completion.ts";
import { Fault } from "./errors.ts";
import type { OptionsCache } from "./executions/options-cache.ts";
import type { Resolved } from "./executions/resolving.ts";
import { hasEnded, type HostedWorkspace } from "./host.ts";
import { hashContent, type ContentHash } from "./modules/content-hash.ts";
import { dataOptionsOf, type DataOption } from "./read-options.ts";

export interface DataOptionsAnswer {
  readonly options: readonly DataOption[];
  readonly cached: boolean;
  /** RFC 3339: until when the same is given again; absent where it is not kept. */
  readonly expiresAt?: string | undefined;
}

export interface AskedOptions {
  /** UUID, `path::export`, `path` or name. */
  readonly reference: string;
  /** JSON text. */
  readonly inputJson: string;
  readonly askedBy: string;
  /** Whose abort ends the waiting, and not the execution: others may wait for it. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The options, or the execution that failed to give them; a failure is never kept. Who asks for the same while it is being found
 * waits for that. Rejects where no execution began: the reference names nothing, or no data provider; or the infrastructure is away.
 */
export type ReadDataOptions = (
  workspace: Pick<HostedWorkspace, "execute"> & { readonly executor: Pick<HostedWorkspace["executor"], "workspace" | "resolve"> },
  asked: AskedOptions,
) => Promise<DataOptionsAnswer | Execution>;

/** What is longer is given, and not kept. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

export function createDataOptions({ cache }: { readonly cache: OptionsCache }): ReadDataOptions {
  /** One for each key: who joins it has not looked before, so that nobody runs what another has just kept. */
  const underWay = new Map<string, Promise<DataOptionsAnswer | Execution | undefined>>();

  return async (workspace, asked) => {
    const { id } = workspace.executor.workspace;
    const resolved = await workspace.executor.resolve(asked.reference);
    const key = await keyOf(resolved, asked.inputJson);
    return (key && (await unlessAborted(shared(key), asked.signal))) ?? (await unlessAborted(runAlone(), asked.signal));

    function shared(under: ContentHash): Promise<DataOptionsAnswer | Execution | undefined> {
      const name = `${id}/${under}`;
      let answer = underWay.get(name);
      if (answer === undefined) {
        answer = keptOrRun(under).finally(() => underWay.delete(name));
        // Whoever waits for it hears of it; there may be nobody left.
        answer.catch(() => undefined);
        underWay.set(name, answer);
      }
      return answer;
    }

    /** Undefined where nothing is to be kept: then everybody runs it for himself. */
    async function keptOrRun(under: ContentHash): Promise<DataOptionsAnswer | Execution | undefined> {
      const kept = await cache.get(id, under);
      const options = kept && readEntry(kept.text);
      if (options !== undefined) return { options, cached: true, expiresAt: timeIn(kept?.remainingMs ?? 0) };
      const ttlMs = await ttlOf(resolved, asked.reference);
      return ttlMs === 0 ? undefined : await runAndKeep(under, ttlMs);
    }

    async function runAndKeep(under: ContentHash, ttlMs: number): Promise<DataOptionsAnswer | Execution> {
      const execution = await run();
      if (execution.status !== "Success") return execution;
      const options = optionsOf(execution, asked.reference);
      const text = entryText(options);
      // It may have been saved anew since: then it is not what the key says.
      if (execution.snapshotId !== resolved.snapshotId || text.length > MAX_CHARACTERS) return { options, cached: false };
      const expiresAt = timeIn(ttlMs);
      await cache.put(id, under, { text, ttlMs });
      return { options, cached: false, expiresAt };
    }

    async function runAlone(): Promise<DataOptionsAnswer | Execution> {
      if (key === undefined) await ttlOf(resolved, asked.reference);
      const execution = await run();
      return execution.status === "Success" ? { options: optionsOf(execution, asked.reference), cached: false } : execution;
    }

    async function run(): Promise<Execution> {
      const { reference, inputJson, askedBy } = asked;
      const ended = await workspace.execute({ reference, inputJson, askedBy });
      if (hasEnded(ended)) return ended;
      throw new Fault("ERR_INTERNAL", `The execution ${ended.id} was waited for, and has not ended.`, { details: { id: ended.id } });
    }
  };
}

/** Undefined where nothing may be kept: it cannot be loaded, or what is asked is no data that could be compared. */
async function keyOf({ workflow, closureHash }: Resolved, inputJson: string): Promise<ContentHash | undefined> {
  const parameters = canonicalJson(inputJson);
  const closure = parameters === undefined ? undefined : await closureHash();
  return closure === undefined ? undefined : hashContent(JSON.stringify([workflow, closure, hashContent(parameters ?? "")]));
}

/** 0: not to be kept. Throws ERR_EXECUTABLE_NOT_FOUND for what is registered as something else. */
async function ttlOf({ workflow, executable }: Resolved, reference: string): Promise<number> {
  const found = await executable();
  if (found === undefined || found.kind === "data_provider") return found?.cacheMs ?? 0;
  throw noDataProvider(workflow, reference);
}

function optionsOf({ result, workflow }: Execution, reference: string): readonly DataOption[] {
  const options = dataOptionsOf(result);
  if (options === undefined) throw noDataProvider(workflow, reference);
  return options;
}

function noDataProvider(workflow: string, reference: string): Fault {
  return new Fault(
    "ERR_EXECUTABLE_NOT_FOUND",
    `${workflow} is no data provider: what it returns is nothing to choose from. Declare it through dataProvider().`,
    {
      details: { reference, workflow, expected: "data_provider" },
    },
  );
}

function entryText(options: readonly DataOption[]): string {
  const body = JSON.stringify(options);
  return `${hashContent(body)} ${body}`;
}

/** Undefined where it is not what `entryText` made. */
function readEntry(text: string): readonly DataOption[] | undefined {
  const body = text.slice(65);
  if (text.slice(0, 65) !== `${hashContent(body)} `) return undefined;
  try {
    return dataOptionsOf(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function timeIn(milliseconds: number): string {
  return new Date(Date.now() + milliseconds).toISOString();
}

async function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new Fault("ERR_CANCELLED", "Whoever asked for the options no longer waits for them.", { name: "CancelledError" }));
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
