// The smallest host of a room: makes an isolate, enters it, runs author modules given as JavaScript, and calls one.
// It has no limits, no processes and no resolver: for tests of sandbox/ alone.
/* oxlint-disable typescript/no-explicit-any, typescript/no-unsafe-return, typescript/no-unsafe-argument, eslint/no-useless-call -- what comes out of a room is JSON of any shape, judged by the test; `apply` is a Reference's own */
import { createHash, randomFillSync } from "node:crypto";
import { inspect } from "node:util";
import { join, posix } from "node:path";
import ivm from "isolated-vm";
import type { Bounds, Grants, Host, Room } from "../../sandbox/host.d.ts";
import { fitsHostCall, parseLogParts } from "../../src/isolate/host-call-shapes.ts";
import { loadSandboxBundle, type SandboxBundle } from "../../src/isolate/sandbox-bundle.ts";
import { SCOPE_SPECIFIER, SDK_SPECIFIER } from "../../src/isolate/sandbox-modules.ts";

export interface RoomLine {
  readonly level: string;
  readonly parts: readonly string[];
  readonly data?: unknown;
}

export interface TestRoom extends AsyncDisposable {
  readonly isolate: ivm.Isolate;
  readonly context: ivm.Context;
  readonly lines: readonly RoomLine[];
  /** All parts of all lines. */
  text(): string;
  /** Evaluates the entry and what it imports; relative specifiers name files as they are, with extension. */
  evaluate(files: Readonly<Record<string, string>>, entry: string): Promise<void>;
  /** What Room.invoke resolves with; `outcome` is its first letter. */
  invoke(exportName?: string, input?: unknown): Promise<{ readonly outcome: string; readonly value: any }>;
  describe(exportName?: string): Promise<{ readonly outcome: string; readonly value: any }>;
  takeThrown(error: { readonly message: string; readonly stack?: string | undefined }): Promise<{ readonly thrown: number; readonly error: any }>;
  /** Runs the body of an async function in the room, as a workflow's function, and gives its result. Throws what is not a result. */
  run(body: string): Promise<any>;
  /** Aborts ctx.signal. */
  cancel(): Promise<boolean>;
  /** Errors that timers threw. */
  readonly uncaught: readonly Error[];
  /** What the room told of limits. */
  readonly exceeded: readonly (readonly [limit: string, amount: number])[];
  /** How many calls of each function the host has had. */
  readonly calls: Readonly<Record<string, number>>;
  /** Calls that no room makes: the host would take them for a defect. */
  readonly misfits: readonly string[];
}

export interface TestRoomOptions {
  readonly zod?: boolean;
  readonly bounds?: Partial<Bounds>;
  readonly grants?: Partial<Grants>;
}

const CACHE_DIRECTORY = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "bifrost-executor");

const BOUNDS: Bounds = { logLines: 10_000, logBytes: 4_000_000, pendingCalls: 10_000, totalCalls: 100_000, resultBytes: 32_000_000 };

export async function createRoom(options: TestRoomOptions = {}): Promise<TestRoom> {
  const bundle: SandboxBundle = await loadSandboxBundle({ cacheDirectory: CACHE_DIRECTORY });
  const isolate = new ivm.Isolate({ memoryLimit: 128 });
  const context = await isolate.createContext();
  const lines: RoomLine[] = [];
  const uncaught: Error[] = [];
  const exceeded: [string, number][] = [];
  const calls: Record<string, number> = {};
  const misfits: string[] = [];
  const timers = new Map<number, () => void>();
  const started = performance.now();
  let closed = false;

  // 1. The bootstrap: compile with its code cache, run for the function `enter`, call it with the host's functions.
  const script = await isolate.compileScript(bundle.bootstrap.source, {
    filename: bundle.bootstrap.filename,
    ...(bundle.bootstrap.cachedData === undefined ? {} : { cachedData: bundle.bootstrap.cachedData }),
  });
  const enter: ivm.Reference<(host: any, grants: string) => any> = await script.run(context, { reference: true });
  const checked =
    (name: keyof Host, value: (...values: any[]) => unknown) =>
    (...values: any[]): unknown => {
      calls[name] = (calls[name] ?? 0) + 1;
      if (fitsHostCall(name, values) && (name !== "log" || parseLogParts(values[1]) !== undefined)) return value(...values);
      misfits.push(`${name} ${inspect(values)}`);
      return undefined;
    };
  const told = (name: keyof Host, value: (...values: any[]) => void): ivm.Callback => new ivm.Callback(checked(name, value), { ignored: true });
  const asked = (name: keyof Host, value: (...values: any[]) => unknown): ivm.Callback => new ivm.Callback(checked(name, value));
  const host: Record<keyof Host, ivm.Callback> = {
    log: told("log", (level: string, parts: string, data: string | undefined) =>
      lines.push({ level, parts: JSON.parse(parts), ...(data === undefined ? {} : { data: readData(data) }) }),
    ),
    startTimer: told("startTimer", (id: number, milliseconds: number) => {
      const fire = (): void => void enterRoom(() => fireTimer.apply(undefined, [id]));
      if (milliseconds === 0) {
        const immediate = setImmediate(fire);
        timers.set(id, () => clearImmediate(immediate));
      } else {
        const timeout = setTimeout(fire, milliseconds);
        timers.set(id, () => clearTimeout(timeout));
      }
    }),
    limitWall: told("limitWall", () => undefined),
    stopTimer: told("stopTimer", (id: number) => timers.get(id)?.()),
    call: told("call", (callId: number, name: string, argument: string) => {
      const answer = answerCall(name, argument);
      void enterRoom(() => settle.apply(undefined, [callId, answer.ok, answer.text]));
    }),
    importModule: told(
      "importModule",
      (importId: number, specifier: string, referrer: string) => void enterRoom(() => importModule(importId, specifier, referrer)),
    ),
    exceeded: asked("exceeded", (limit: string, amount: number) => void exceeded.push([limit, amount])),
    now: asked("now", () => performance.now() - started),
    randomBytes: asked("randomBytes", (count: number) => randomFillSync(new Uint8Array(count)).buffer),
  };
  const room: ivm.Reference<Record<string, any>> = await enter.apply(
    undefined,
    [new ivm.ExternalCopy(host).copyInto({ release: true }), JSON.stringify({ webAssembly: false, codeGeneration: false, ...options.grants })],
    {
      result: { reference: true },
    },
  );
  const method = (name: keyof Room): ivm.Reference<(...values: any[]) => any> => room.getSync(name, { reference: true });
  await method("begin").apply(undefined, [JSON.stringify({ ...BOUNDS, ...options.bounds })]);
  const cancel = method("cancel");
  const fireTimer = method("fireTimer");
  const settle = method("settle");
  const importDone = method("importDone");
  const importFailed = method("importFailed");
  const invoke = method("invoke");
  const describe = method("describe");
  const takeThrown = method("takeThrown");
  const provideZod = method("provideZod");

  // 2. zod, where it is wanted: a classic script whose value goes straight back in.
  if (options.zod === true) {
    const zodScript = await isolate.compileScript(bundle.zod.source, {
      filename: bundle.zod.filename,
      ...(bundle.zod.cachedData === undefined ? {} : { cachedData: bundle.zod.cachedData }),
    });
    const zod = await zodScript.run(context, { reference: true });
    await provideZod.apply(undefined, [zod.derefInto()]);
  }

  // 3. The room's own two modules; evaluating the SDK evaluates both and closes the global they took from.
  const [sdkModule, scopeModule] = await Promise.all([
    isolate.compileModule(bundle.sdkModule, { filename: "bifrost:sdk" }),
    isolate.compileModule(bundle.scopeModule, { filename: "bifrost:scope" }),
  ]);
  await sdkModule.instantiate(context, () => scopeModule);
  await sdkModule.evaluate();

  // 4. Author modules, and the calls.
  const modules = new Map<string, Promise<ivm.Module>>([
    [SDK_SPECIFIER, Promise.resolve(sdkModule)],
    [SCOPE_SPECIFIER, Promise.resolve(scopeModule)],
  ]);
  const paths = new Map<ivm.Module, string>();
  let files: Readonly<Record<string, string>> = {};
  let entryModule: ivm.Module | undefined;

  function load(path: string): Promise<ivm.Module> {
    const known = modules.get(path);
    if (known !== undefined) return known;
    const source = files[path];
    if (source === undefined) throw new Error(`no file ${path}`);
    const compiled = isolate.compileModule(source, { filename: path }).then((module) => {
      paths.set(module, path);
      return module;
    });
    modules.set(path, compiled);
    return compiled;
  }

  function resolve(specifier: string, referrer: string): string {
    return specifier.startsWith(".") ? posix.join(posix.dirname(referrer), specifier) : specifier.replace("workspace:///", "");
  }

  async function link(path: string): Promise<ivm.Module> {
    const module = await load(path);
    await module.instantiate(context, (specifier, referrer) => load(resolve(specifier, paths.get(referrer) ?? "")));
    return module;
  }

  async function importModule(importId: number, specifier: string, referrer: string): Promise<void> {
    try {
      const module = await link(resolve(specifier, referrer));
      await module.evaluate();
      await enterRoom(() => importDone.apply(undefined, [importId, module.namespace.derefInto()]));
    } catch (error) {
      const { name, message, stack } = error as Error;
      const { thrown } = JSON.parse(await takeThrown.apply(undefined, [message, stack])) as { thrown: number };
      await enterRoom(() => importFailed.apply(undefined, [importId, JSON.stringify({ name, message }), thrown]));
    }
  }

  async function enterRoom(call: () => Promise<unknown>): Promise<void> {
    if (closed) return;
    await call().catch((error: unknown) => void (closed || uncaught.push(error as Error)));
  }

  const read = (text: string): { outcome: string; value: unknown } => ({ outcome: text.slice(0, 1), value: JSON.parse(text.slice(1)) });

  const testRoom: TestRoom = {
    isolate,
    context,
    lines,
    uncaught,
    exceeded,
    calls,
    misfits,
    cancel: async () => await cancel.apply(undefined, []),
    text: () => lines.map((line) => line.parts.join("")).join("\n"),
    evaluate: async (given, entry) => {
      files = given;
      entryModule = await link(entry);
      await entryModule.evaluate();
    },
    invoke: async (exportName = "default", input = {}) => {
      const facts = JSON.stringify({ executionId: "execution-1", workflow: "entry.js::default", workspace: "default" });
      return read(
        await invoke.apply(undefined, [entryModule?.namespace.derefInto(), exportName, JSON.stringify(input), facts], {
          result: { promise: true },
        }),
      );
    },
    describe: async (exportName = "default") => read((await describe.apply(undefined, [entryModule?.namespace.derefInto(), exportName])) as string),
    takeThrown: async (error) => JSON.parse(await takeThrown.apply(undefined, [error.message, error.stack])),
    run: async (body) => {
      await testRoom.evaluate(
        { "entry.js": `import { workflow${options.zod === true ? ", z" : ""} } from "bifrost";\nexport default workflow(async (params, ctx) => {${body}\n});` },
        "entry.js",
      );
      const { outcome, value } = await testRoom.invoke();
      if (outcome !== "R" && outcome !== "F") throw new Error(`${outcome} ${JSON.stringify(value)}`);
      return value;
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      for (const stop of timers.values()) stop();
      await new Promise((done) => setImmediate(done));
      isolate.dispose();
    },
  };
  return testRoom;
}

/** One that was cut is no JSON any more. */
function readData(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function answerCall(name: string, argument: string): { readonly ok: boolean; readonly text: string } {
  if (name !== "digest") return { ok: false, text: JSON.stringify({ name: "Error", message: `no host function ${name}` }) };
  const { algorithm, base64 } = JSON.parse(argument) as { algorithm: string; base64: string };
  return { ok: true, text: createHash(algorithm.replace("-", "")).update(Buffer.from(base64, "base64")).digest("base64") };
}
