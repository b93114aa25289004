// One opened workspace: what can be done with it, composed from its parts. The one place of composition for a run;
// which database and cache the parts stand on is decided in open.ts.
import { randomUUIDv7 } from "node:crypto";
import type { Execution, LogLine } from "./completion.ts";
import { Fault } from "./errors.ts";
import { execute, type ExecutionPowers } from "./execution.ts";
import { checkId, checkInputSize, checkLineNumber } from "./executions/asked.ts";
import { createClaims } from "./executions/claims.ts";
import { handOver, type Ended, type HandOver } from "./executions/hand-over.ts";
import { HandedSecrets } from "./executions/handed-secrets.ts";
import { createLoading } from "./executions/loading.ts";
import type { Held, NestedOrigin, Order, PinnedSnapshot } from "./executions/order.ts";
import type { ExecutionRecords } from "./executions/records.ts";
import { resolveReference, type Resolved } from "./executions/resolving.ts";
import { cancellationOf, RunningExecutions, type Cancellation } from "./executions/running.ts";
import { scrubOutcome, type Secrets } from "./executions/scrub.ts";
import { createRecording } from "./executions/recording.ts";
import { checkSecrets } from "./executions/secrets.ts";
import type { Limits } from "./limits.ts";
import { DEFAULT_IMPORT_POLICY, type ImportPolicy } from "./modules/import-policy.ts";
import type { ModulePath } from "./modules/module-path.ts";
import { decodeSource } from "./modules/source-text.ts";
import type { ChildPool } from "./process/child-pool.ts";
import { createModuleCache, type ModuleCache } from "./snapshot/module-cache.ts";
import { createModuleFetch } from "./snapshot/module-fetch.ts";
import type { Executable, LiveFile, Origin, Workspace } from "./snapshot/origin.ts";
import type { Head, SnapshotId } from "./snapshot/snapshot-record.ts";
import { readSnapshotFile, type SnapshotFile } from "./snapshot/read-snapshot-file.ts";
import { Snapshots } from "./snapshot/snapshots.ts";
import type { SnapshotStore } from "./snapshot/store.ts";
import type { ConfigSource, ConfigValues } from "./workspace/config-values.ts";
import { describeParameters } from "./workspace/describe-parameters.ts";
import type { Compile } from "./workspace/prepare-files.ts";
import { pushDirectory, type PushOptions, type PushResult } from "./workspace/push.ts";
import { readFile } from "./workspace/read-files.ts";
import { storedTarget } from "./workspace/stored-push.ts";
import { createFileWriter, type WriteOptions, type WriteResult } from "./workspace/write-files.ts";

export interface RunOptions {
  /** UUIDv7; made where absent. */
  readonly id?: string | undefined;
  /** validate: resolve, transpile, link, evaluate the modules, validate the input; the function is not called. */
  readonly mode?: "call" | "validate" | undefined;
  /** Set outright: whoever may only lower the workspace's limits goes through `lowerLimits` first. */
  readonly limits?: Limits | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onLog?: ((line: LogLine) => void) | undefined;
  /** Lines of what the execution executes, and of what that does; they stand in the records of those alone. */
  readonly onNestedLog?: ((line: LogLine, from: NestedOrigin) => void) | undefined;
  /** Of each call of the host, nested executions' included: for those who watch. */
  readonly onHostCall?: Order["onHostCall"];
  /** Run on this snapshot, as a past execution's envelope names it; on HEAD's where absent. An id that has run before keeps its own. */
  readonly snapshotId?: string | undefined;
  /** Of an execution that was accepted by a host: see host.ts. */
  readonly held?: Held | undefined;
  readonly queuedMs?: number | undefined;
  /** Name → value: what author code may ask for by `config.get(name)`. Taken out of result, error and logs, and of what is kept of the input. */
  readonly secrets?: Secrets | undefined;
}

/** Disposing of it cancels what still runs. */
export interface Executor extends AsyncDisposable {
  readonly workspace: Workspace;
  /** Resolves for every reference that resolves; rejects with a Fault only where no execution began. `inputJson` is JSON text. */
  run(reference: string, inputJson: string, options?: RunOptions): Promise<Execution>;
  /** What a reference names as the workspace stands now, or in a snapshot that is still kept. Rejects as `run` does. */
  resolve(reference: string, snapshotId?: string): Promise<Resolved>;
  /** One atomic write; null deletes. `move`: files to move in the same write. */
  write(changes: Readonly<Record<string, string | Uint8Array | null>>, options?: WriteOptions): Promise<WriteResult>;
  move(from: string, to: string, options?: { readonly expectedHash?: string | undefined }): Promise<WriteResult>;
  pushDirectory(directory: string, options?: PushOptions): Promise<PushResult>;
  /** The version that a run which begins now sees. */
  head(): Promise<Head>;
  files(options?: { readonly under?: string }): Promise<readonly LiveFile[]>;
  /** What the files register to be run, with ids; also what is no longer there, as inactive. */
  executables(): Promise<readonly Executable[]>;
  /** Rejects with ERR_PATH_NOT_FOUND. */
  readFile(path: string): Promise<LiveFile & { readonly bytes: Uint8Array }>;
  /** What `config.get` reads, for operators; undefined where nothing of it is stored. */
  readonly config: ConfigValues | undefined;
  /** The module cache by its operations' names (B40). */
  readonly moduleCache: ModuleCache;
  /** A file as a snapshot holds it; undefined where it has none, or it is no longer kept. Rejects where nobody can tell. */
  fileOf(execution: Pick<Execution, "snapshotId">, path: string): Promise<SnapshotFile | undefined>;
  /** Source of a module as a past execution saw it, for a code frame; undefined where it is no longer kept. */
  sourceOf(execution: Pick<Execution, "snapshotId">, path: string): Promise<string | undefined>;
  /** What is kept of an execution that has ended. Rejects with ERR_EXECUTION_NOT_FOUND. */
  execution(id: string): Promise<Execution>;
  /** Whether it is under way in this process, also as what another executes; until its end is recorded. */
  isRunning(id: string): boolean;
  /**
   * Resolves when it has ended as cancelled, and says how far that had to go; so again for one that was cancelled before. Rejects
   * with ERR_EXECUTION_ENDED where it came to another end, and with ERR_EXECUTION_NOT_FOUND for an id that is not of this workspace.
   */
  cancel(id: string): Promise<Cancellation>;
  /**
   * Log lines after the one numbered `after` (0 where absent): of one that runs, as they come, until it ends or the signal aborts; of one that
   * has ended, from its record. Rejects with ERR_EXECUTION_NOT_FOUND.
   */
  logs(id: string, options?: { readonly after?: number | undefined; readonly signal?: AbortSignal | undefined }): AsyncIterable<LogLine>;
  /** Takes no more, waits for what runs, and closes. */
  retire(): Promise<void>;
  /** Waits for what a write left to be done (describe runs, stored code). */
  settled(): Promise<void>;
}

export interface ExecutorParts {
  readonly workspace: Workspace;
  readonly origin: Origin;
  readonly store: SnapshotStore;
  readonly records: ExecutionRecords;
  readonly children: ChildPool;
  readonly compile: Compile;
  /** Whose code shares child processes. */
  readonly tenant: string;
  readonly policy?: ImportPolicy | undefined;
  /** What `config.get` reads beside the secrets of the run; nothing where absent. */
  readonly config?: ConfigSource | undefined;
  /** What operators change it by, where it is stored. */
  readonly configValues?: ConfigValues | undefined;
  /** Whether parameters of written workflows are read and stored (B50). */
  readonly describe: boolean;
  readonly log?: ((message: string) => void) | undefined;
  /** How long an execution's lease outlives a host that dies; 60,000 where absent. Renewed three times in it. */
  readonly leaseMs?: number | undefined;
  /** Ends what the parts stand on. */
  close(): Promise<void>;
}

const DEFAULT_LEASE_MS = 60_000;
/** The describe run of a new workflow gets this much time, or the workspace's limit where that is less. */
const DESCRIBE_WALL_MS = 10_000;

export function createExecutor(parts: ExecutorParts): Executor {
  const { workspace, origin, store, records, children, tenant, policy = DEFAULT_IMPORT_POLICY, leaseMs = DEFAULT_LEASE_MS, log } = parts;
  const snapshots = new Snapshots({ origin, store, ...(log === undefined ? {} : { log }) });
  const compile: Compile = (jobs) => parts.compile(jobs, { tenant });
  const modules = createModuleFetch({ origin, store, compile });
  const { find, load, loadFrom, loadImport } = createLoading({ workspace: workspace.id, origin, modules, policy });
  const { takeProcess, pin } = createClaims({ workspace: workspace.id, origin, store, snapshots, children, tenant, leaseMs });
  const recording = createRecording({ workspace: workspace.id, records, log });
  const loose = new Set<Promise<unknown>>();
  const running = new RunningExecutions();
  const closing = new AbortController();
  let retired = false;

  const powers: ExecutionPowers = {
    recall: recording.recall,
    takeProcess,
    pin,
    find,
    load,
    begin: recording.begin,
    handOver: async (order, work) => scrubOutcome(await handed(order, work), order.handed.scrubber()),
    record: recording.record,
  };

  function handed(order: Order, work: HandOver): Promise<Ended> {
    return handOver(order, work, { loadImport, nested: { run: runNested }, config: parts.config, log });
  }

  /** What the execution that waits for it gets holds secrets still: those that it may read itself are not kept from it (nested.ts). */
  async function runNested(order: Order, pinned: PinnedSnapshot): Promise<Execution> {
    let whole: Ended | undefined;
    const inside: ExecutionPowers = {
      ...powers,
      pin: async () => ({ snapshot: pinned.snapshot, version: pinned.version, [Symbol.asyncDispose]: async () => undefined }),
      handOver: async (own, work) => scrubOutcome((whole = await handed(own, work)), own.handed.scrubber()),
    };
    const execution = await running.run({ id: order.id, signals: [order.signal], onLog: order.onLog }, (reins) => execute({ ...order, ...reins }, inside));
    return whole?.status === execution.status ? { ...execution, ...whole } : execution;
  }

  function track(work: Promise<unknown>): void {
    const tracked = work.catch((error: unknown) => log?.(error instanceof Error ? error.message : String(error))).finally(() => loose.delete(tracked));
    loose.add(tracked);
  }

  async function describe(paths: readonly ModulePath[]): Promise<void> {
    track(describeAfter(paths));
  }

  async function describeAfter(paths: readonly ModulePath[]): Promise<void> {
    const { snapshot } = await snapshots.pin(workspace.id);
    await describeParameters(paths, {
      executables: () => origin.executables(workspace.id),
      closure: (path) => loadFrom(snapshot, path, workspace.limits),
      save: (found) => origin.saveParameters(workspace.id, found),
      run: (reference) =>
        runOrder({
          ...orderFor(reference, "{}", {}),
          mode: "describe",
          limits: { ...workspace.limits, wallMs: Math.min(DESCRIBE_WALL_MS, workspace.limits.wallMs || DESCRIBE_WALL_MS) },
        }),
    });
  }

  const writer = createFileWriter({
    workspace: workspace.id,
    origin,
    store,
    compile,
    limits: workspace.limits,
    describe: parts.describe ? describe : undefined,
    log,
  });

  function orderFor(reference: string, inputJson: string, options: RunOptions, id: string = randomUUIDv7()): Order {
    const order: Order = {
      id,
      workspace,
      reference,
      inputJson,
      mode: options.mode ?? "call",
      limits: options.limits ?? workspace.limits,
      signal: options.signal,
      onLog: options.onLog,
      onNestedLog: options.onNestedLog,
      onHostCall: options.onHostCall,
      handed: new HandedSecrets(options.secrets),
      snapshotId: options.snapshotId as SnapshotId | undefined,
      held: options.held,
      queuedMs: options.queuedMs,
    };
    if (options.id !== undefined) recording.idWasGiven(order);
    return order;
  }

  const fileOf: Executor["fileOf"] = ({ snapshotId }, path) => readSnapshotFile({ workspace: workspace.id, snapshotId, path }, { snapshots, origin });

  async function runOrder(order: Order): Promise<Execution> {
    if (order.signal?.aborted === true) {
      throw new Fault("ERR_CANCELLED", "The execution was cancelled before it began.", { name: "CancelledError", details: { phase: "waiting" } });
    }
    return await execute(order, powers);
  }

  return {
    workspace,
    async run(reference, inputJson, options = {}) {
      checkId(options.id);
      checkInputSize(inputJson, options.limits ?? workspace.limits);
      if (closing.signal.aborted || retired)
        throw new Fault("ERR_EXECUTOR_CLOSED", "This executor has been closed and takes no more executions. Open another one.");
      const secrets = checkSecrets(options.secrets);
      const id = options.id ?? randomUUIDv7();
      const asked = { id, signals: [options.signal, closing.signal], onLog: options.onLog };
      return await running.run(asked, (reins) => runOrder(orderFor(reference, inputJson, { ...options, ...reins, secrets }, id)));
    },
    resolve: (reference, snapshotId) => resolveReference(reference, snapshotId, { workspace, origin, snapshots, find, loadFrom }),
    async retire() {
      retired = true;
      await running.settled();
      await this[Symbol.asyncDispose]();
    },
    write: (changes, options) => writer.write(changes, options),
    move: (from, to, options) => writer.move(from, to, options),
    pushDirectory: (directory, options) =>
      pushDirectory(directory, storedTarget({ workspace: workspace.id, origin, writer, maxSourceBytes: workspace.limits.sourceBytes }), options ?? {}),
    head: async () => (await origin.head(workspace.id)).head,
    files: (options = {}) => origin.files(workspace.id, options),
    executables: () => origin.executables(workspace.id),
    config: parts.configValues,
    moduleCache: createModuleCache({
      workspace: workspace.id,
      origin,
      store,
      snapshots,
      write: (changes) => writer.write(changes),
      ...(log === undefined ? {} : { note: log }),
    }),
    readFile: (path) => readFile({ workspace: workspace.id, origin }, path),
    fileOf,
    async sourceOf(execution, path) {
      const file = await fileOf(execution, path).catch(() => undefined);
      return file && decodeSource(file.bytes);
    },
    execution: recording.ended,
    isRunning: (id) => running.has(id),
    async cancel(id) {
      return (await running.cancel(id)) ?? cancellationOf(await recording.ended(id));
    },
    async *logs(id, { after = 0, signal } = {}) {
      checkLineNumber(after);
      yield* running.follow(id, { after, signal }) ?? (await recording.ended(id)).logs.slice(after);
    },
    async settled() {
      while (loose.size > 0) await Promise.all(loose);
      await modules.settled();
    },
    async [Symbol.asyncDispose]() {
      // What still runs ends as cancelled and is recorded while there is something to record it in.
      closing.abort();
      await running.settled();
      while (loose.size > 0) await Promise.all(loose);
      await modules.settled();
      await parts.close();
    },
  };
}
