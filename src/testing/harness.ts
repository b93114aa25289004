// Runs workflows in tests as production does: real isolates in real child processes, over a store in memory or over
// given servers.
import type { Execution } from "../completion.ts";
import { createExecutor, type Executor } from "../executor.ts";
import { createMemoryRecords } from "../executions/memory-records.ts";
import { Fault } from "../errors.ts";
import { DEFAULT_LIMITS, MB, setLimits, type Limits } from "../limits.ts";
import { readCompilerOptions } from "../modules/tsconfig-options.ts";
import { createInProcessStore } from "../snapshot/in-process-store.ts";
import type { Workspace } from "../snapshot/origin.ts";
import { createMemoryOrigin } from "../workspace/memory-origin.ts";
import type { WriteResult } from "../workspace/write-files.ts";
import { sharedPools } from "./shared-pools.ts";

export type Files = Readonly<Record<string, string | Uint8Array | null>>;

export interface HarnessLimits {
  /** Wall clock, in milliseconds; 0 for none. 30,000 where absent. */
  readonly timeoutMs?: number | undefined;
  /** Processor time, in milliseconds; as much as the wall clock where absent. */
  readonly cpuMs?: number | undefined;
  /** In MB (1,048,576 bytes); 128 where absent. */
  readonly memoryMb?: number | undefined;
}

export interface HarnessOptions {
  /** Path → content. Need not be valid workflows: what is broken fails the run that imports it. */
  readonly files?: Files | undefined;
  /** Files are read from here instead, as `push` reads them. */
  readonly directory?: string | undefined;
  /** Only a name: every harness has its own store. With `servers`, the stored workspace of this name. */
  readonly workspace?: string | undefined;
  /** Of every run, unless it says otherwise. */
  readonly limits?: HarnessLimits | undefined;
  /** Run over these instead of memory. */
  readonly servers?: { readonly databaseUrl: string; readonly redisUrl: string } | undefined;
}

export interface HarnessRunOptions extends HarnessLimits {
  /** UUIDv7. An id used before gives that execution again. */
  readonly id?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onLog?: ((line: Execution["logs"][number]) => void) | undefined;
  /** Everything but the call of the workflow's function. */
  readonly dryRun?: boolean | undefined;
}

export interface Harness extends AsyncDisposable {
  /**
   * Runs a reference (UUID, `path::export`, `path` or name) with a JSON-safe input; `{}` where it is absent.
   * Resolves however the execution ended; rejects with a Fault only where none began: the reference does not resolve, the
   * input is no JSON, the signal was aborted before, or the infrastructure is away.
   */
  run(reference: string, input?: unknown, options?: HarnessRunOptions): Promise<Execution>;
  /** One atomic write; null deletes. */
  write(files: Files): Promise<WriteResult>;
  /** All that a workspace can do besides. */
  readonly executor: Executor;
  dispose(): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Throws a Fault for files that cannot be stored (ERR_PATH_INVALID); their content is not judged. */
export async function createHarness(options: HarnessOptions = {}): Promise<Harness> {
  const executor = options.servers === undefined ? await openInMemory(options.workspace) : await openOverServers(options.servers, options.workspace);
  try {
    if (options.directory !== undefined) await executor.pushDirectory(options.directory);
    if (options.files !== undefined) await executor.write(options.files);
  } catch (error) {
    await executor[Symbol.asyncDispose]();
    throw error;
  }
  const dispose = (): Promise<void> => Promise.resolve(executor[Symbol.asyncDispose]());
  return {
    executor,
    run: async (reference, input, run = {}) =>
      await executor.run(reference, inputText(input), {
        id: run.id,
        mode: run.dryRun === true ? "validate" : "call",
        limits: limitsOf({ ...options.limits, ...defined(run) }),
        signal: run.signal,
        onLog: run.onLog,
      }),
    write: (files) => executor.write(files),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Each call makes a store of its own. */
async function openInMemory(name = "default"): Promise<Executor> {
  const pools = sharedPools();
  const origin = createMemoryOrigin({ readCompilerOptions });
  const store = createInProcessStore();
  const workspace = (await origin.workspace(name, { create: true })) as Workspace;
  return createExecutor({
    workspace,
    origin,
    store,
    records: createMemoryRecords(),
    children: pools.children(workspace.tier),
    compile: pools.compile,
    // Harnesses of one name are one tenant: what they run belongs to the one who tests.
    tenant: `harness:${name}`,
    describe: false,
    async close() {
      await store.close();
      await origin.close();
    },
  });
}

async function openOverServers(servers: NonNullable<HarnessOptions["servers"]>, name = "default"): Promise<Executor> {
  const { openWithPools } = await import("../open-stored.ts");
  return await openWithPools({ ...servers, dataDirectory: "" }, { workspace: name, create: true, pools: sharedPools() });
}

function limitsOf({ timeoutMs = DEFAULT_TIMEOUT_MS, cpuMs = timeoutMs, memoryMb = DEFAULT_LIMITS.memoryBytes / MB }: HarnessLimits): Limits {
  for (const [name, value] of Object.entries({ timeoutMs, cpuMs, memoryMb })) {
    if (!Number.isFinite(value) || value < 0)
      throw new Fault("ERR_INPUT_INVALID", `${name} is ${String(value)}; a number of 0 (none) or more is wanted.`, {
        details: { path: name, expected: "a number of 0 or more", received: String(value) },
      });
  }
  return setLimits(DEFAULT_LIMITS, { wallMs: timeoutMs, cpuMs, memoryBytes: Math.round(memoryMb * MB) });
}

/** An option that is undefined is as good as absent. */
function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function inputText(input: unknown): string {
  if (input === undefined) return "{}";
  let text: string | undefined;
  try {
    text = JSON.stringify(input) as string | undefined;
  } catch (cause) {
    throw new Fault("ERR_INPUT_INVALID", `The input cannot be written as JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
      details: { path: "$", expected: "JSON data", received: typeof input },
    });
  }
  if (text !== undefined) return text;
  throw new Fault("ERR_INPUT_INVALID", `The input is a ${typeof input}; JSON data is wanted.`, {
    details: { path: "$", expected: "JSON data", received: typeof input },
  });
}
