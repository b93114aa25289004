// Runs workflows in tests as production does: real isolates in real child processes, over a store in memory or over
// given servers.
import type { Execution } from "../completion.ts";
import { readConfig } from "../config.ts";
import { createExecutor, type Executor } from "../executor.ts";
import { createMemoryRecords } from "../executions/memory-records.ts";
import { Fault } from "../errors.ts";
import { readCompilerOptions } from "../modules/tsconfig-options.ts";
import { checkTogether, DEFAULT_SETTINGS, wantedInstead, withOwnSettings, type Grants, type OwnSettings, type SettingName, type Tier } from "../settings.ts";
import { createInProcessStore } from "../snapshot/in-process-store.ts";
import type { Workspace } from "../snapshot/origin.ts";
import type { ConfigSource } from "../workspace/config-values.ts";
import { givenConfig } from "../workspace/given-config.ts";
import { createMemoryOrigin } from "../workspace/memory-origin.ts";
import type { WriteResult } from "../workspace/write-files.ts";
import { askedLimits, runLimits, type HarnessLimits } from "./harness-limits.ts";
import { sharedPools } from "./shared-pools.ts";

export type Files = Readonly<Record<string, string | Uint8Array | null>>;

export interface HarnessOptions {
  /** Path → content. Need not be valid workflows: what is broken fails the run that imports it. */
  readonly files?: Files | undefined;
  /** Files are read from here instead, as `push` reads them. */
  readonly directory?: string | undefined;
  /**
   * Only a name: every harness has its own store. With `servers`, the stored workspace of this name. Runs of one workspace
   * may use the same child processes one after the other, also where they belong to several harnesses; those of two never do.
   */
  readonly workspace?: string | undefined;
  /** Of the workspace, and of every run unless that says otherwise. */
  readonly limits?: HarnessLimits | undefined;
  /** What the workspace may have beyond what every room has; off where absent. */
  readonly grants?: { readonly [K in keyof Grants]?: boolean | undefined } | undefined;
  /** "jit" where absent; "jitless" is several times slower and counts a room's memory to the byte. */
  readonly tier?: Tier | undefined;
  /** How many runs share one child process, 1 to 100; 1 where absent. Where one of them has to be killed, all end. */
  readonly concurrency?: number | undefined;
  /** Key → JSON data, for `config.get(key)`, of every run; values that each workflow may read. Secrets are given to a run. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** Run over these instead of memory. What is said above holds for this harness alone; nothing of it is stored. */
  readonly servers?: { readonly databaseUrl: string; readonly redisUrl: string } | undefined;
}

export interface HarnessRunOptions extends HarnessLimits {
  /** UUIDv7. An id used before gives that execution again. */
  readonly id?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onLog?: ((line: Execution["logs"][number]) => void) | undefined;
  /** Everything but the call of the workflow's function. */
  readonly dryRun?: boolean | undefined;
  /** Name → value, for `config.get(name)`; does not appear in the execution. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
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

/**
 * What `options` leave open is as BIFROST_DEFAULTS says, or as the stored workspace has it. Throws a Fault for files that cannot
 * be stored (ERR_PATH_INVALID), and for limits and settings that cannot be had (ERR_INPUT_INVALID); the files' content is
 * not judged.
 */
export async function createHarness(options: HarnessOptions = {}): Promise<Harness> {
  const limits = askedLimits(options.limits ?? {});
  const own = ownSettings(limits, options);
  const { servers, workspace = "default" } = options;
  const config = (below?: ConfigSource): ConfigSource => givenConfig(options.config ?? {}, below);
  const executor =
    servers === undefined ? await openInMemory(workspace, { own, config: config() }) : await openOverServers(servers, { workspace, own, config });
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
        limits: runLimits(executor.workspace.limits, { ...limits, ...askedLimits(run) }),
        signal: run.signal,
        onLog: run.onLog,
        secrets: run.secrets,
      }),
    write: (files) => executor.write(files),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Each call makes a store of its own. */
async function openInMemory(name: string, { own, config }: { readonly own: OwnSettings; readonly config: ConfigSource }): Promise<Executor> {
  const pools = sharedPools();
  const origin = createMemoryOrigin({ readCompilerOptions, defaults: withOwnSettings(readConfig().defaults, own) });
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
    config,
    describe: false,
    async close() {
      await store.close();
      await origin.close();
    },
  });
}

async function openOverServers(
  servers: NonNullable<HarnessOptions["servers"]>,
  { workspace, own, config }: { readonly workspace: string; readonly own: OwnSettings; readonly config: (stored: ConfigSource) => ConfigSource },
): Promise<Executor> {
  const { openWithPools } = await import("../open-stored.ts");
  const { defaults, secretKeys } = readConfig();
  return await openWithPools({ ...servers, dataDirectory: "", defaults, secretKeys }, { workspace, create: true, pools: sharedPools(), own, config });
}

function ownSettings(limits: ReturnType<typeof askedLimits>, { grants = {}, tier, concurrency }: HarnessOptions): OwnSettings {
  const own: OwnSettings = { ...limits, webAssembly: grants.webAssembly, codeGeneration: grants.codeGeneration, tier, concurrency };
  for (const [path, value] of Object.entries({ ...grants, tier, concurrency })) {
    const expected = value === undefined ? undefined : wantedInstead(path as SettingName, value);
    if (expected === undefined) continue;
    throw new Fault("ERR_INPUT_INVALID", `${path} is ${JSON.stringify(value)}; ${expected} is wanted.`, {
      details: { path, expected, received: String(value) },
    });
  }
  checkTogether(withOwnSettings(DEFAULT_SETTINGS, own));
  return own;
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
