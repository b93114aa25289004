// A context ready for author code: the bootstrap has run, the SDK is there, and the host holds the only references to
// the room's functions. Author code meets no handle of isolated-vm.
import { randomBytes } from "node:crypto";
import ivm from "isolated-vm";
import type { Host } from "../../sandbox/host.d.ts";
import type { SandboxCode, ScriptCode } from "./room-job.ts";

export interface Realm {
  readonly context: ivm.Context;
  /** The module "bifrost". */
  readonly sdk: ivm.Module;
  /** The module "bifrost:scope", for roots and for modules' own scopes; no plan links author code to it. */
  readonly scope: ivm.Module;
  invoke(exportName: string, input: string, context: string, mode: "call" | "validate"): Promise<string>;
  describe(exportName: string): Promise<string>;
  takeThrown(message: string, stack: string): Promise<string>;
  tell(name: "fireTimer" | "settle" | "importFailed" | "idle", args: readonly unknown[]): Promise<void>;
  /** Loads zod into a room that was made without it. */
  ensureZod(zod: ScriptCode): Promise<void>;
}

const ROOM_FUNCTIONS = ["invoke", "describe", "takeThrown", "fireTimer", "settle", "importFailed", "idle", "provideZod"] as const;
type RoomFunction = (typeof ROOM_FUNCTIONS)[number];

type HostPart = Omit<Host, "randomBytes">;
const HOST_FUNCTIONS = ["log", "startTimer", "stopTimer", "call", "importModule", "now", "randomBytes"] as const;
/** These two answer at once, so the room waits for them; the others are sent and forgotten, in order. */
const SYNCHRONOUS: ReadonlySet<string> = new Set(["now", "randomBytes"]);
const MAX_RANDOM_BYTES = 65_536;

export function makeRealm(isolate: ivm.Isolate, code: SandboxCode, options: { readonly zod: boolean; readonly host: HostPart }): Realm {
  const context = isolate.createContextSync();
  const room = runBootstrap(isolate, context, code.bootstrap, hostFunctions(options.host));
  const functions = Object.fromEntries(ROOM_FUNCTIONS.map((name) => [name, room.getSync(name, { reference: true })])) as Record<RoomFunction, ivm.Reference<(...args: unknown[]) => unknown>>;
  const sdk = builtIn(isolate, context, { name: "bifrost", text: code.sdkModule });
  const scope = builtIn(isolate, context, { name: "bifrost:scope", text: code.scopeModule });
  let zod: Promise<void> | undefined;
  if (options.zod) {
    functions.provideZod.applySync(undefined, [compile(isolate, code.zod, "bifrost:zod").runSync(context, { reference: true }).derefInto()]);
    zod = Promise.resolve();
  }
  isolate.compileScriptSync("delete globalThis.__bifrost__;").runSync(context);

  async function loadZod(script: ScriptCode): Promise<void> {
    const compiled = await isolate.compileScript(script.source, { filename: "bifrost:zod" });
    const namespace = await compiled.run(context, { reference: true });
    await functions.provideZod.apply(undefined, [namespace.derefInto()]);
  }

  return {
    context,
    sdk,
    scope,
    invoke: async (exportName, input, contextFacts, mode) => (await functions.invoke.apply(undefined, [exportName, input, contextFacts, mode], { result: { promise: true } })) as string,
    describe: async (exportName) => (await functions.describe.apply(undefined, [exportName], { result: { promise: true } })) as string,
    takeThrown: async (message, stack) => (await functions.takeThrown.apply(undefined, [message, stack])) as string,
    tell: async (name, args) => {
      await functions[name].apply(undefined, [...args] as never[], { arguments: { copy: false } } as never);
    },
    ensureZod: (script) => (zod ??= loadZod(script)),
  };
}

function compile(isolate: ivm.Isolate, { source, cachedData }: ScriptCode, filename: string): ivm.Script {
  if (cachedData === undefined) return isolate.compileScriptSync(source, { filename });
  const external = new ivm.ExternalCopy(cachedData.buffer.slice(cachedData.byteOffset, cachedData.byteOffset + cachedData.byteLength) as ArrayBuffer);
  return isolate.compileScriptSync(source, { filename, cachedData: external });
}

function hostFunctions(host: HostPart): ivm.Callback[] {
  const all: Record<(typeof HOST_FUNCTIONS)[number], (...args: never[]) => unknown> = {
    ...host,
    randomBytes: (count: number) => {
      const size = Math.min(Math.max(0, Math.trunc(count)), MAX_RANDOM_BYTES) || 0;
      return new ivm.ExternalCopy(new Uint8Array(randomBytes(size)).buffer).copyInto({ release: true });
    },
  };
  return HOST_FUNCTIONS.map((name) => new ivm.Callback(all[name] as (...args: unknown[]) => unknown, SYNCHRONOUS.has(name) ? { sync: true } : { ignored: true }));
}

function runBootstrap(isolate: ivm.Isolate, context: ivm.Context, bootstrap: ScriptCode, host: ivm.Callback[]): ivm.Reference<Record<string, unknown>> {
  const enter = compile(isolate, bootstrap, "bifrost:bootstrap").runSync(context, { reference: true }) as ivm.Reference<(host: unknown) => unknown>;
  const gather = isolate.compileScriptSync(`"use strict"; (${HOST_FUNCTIONS.join(", ")}) => ({ __proto__: null, ${HOST_FUNCTIONS.join(", ")} })`, { filename: "bifrost:host" }).runSync(context, { reference: true }) as ivm.Reference<(...args: unknown[]) => unknown>;
  const gathered = gather.applySync(undefined, host, { result: { reference: true } }) as ivm.Reference<object>;
  return enter.applySync(undefined, [gathered.derefInto()], { result: { reference: true } }) as ivm.Reference<Record<string, unknown>>;
}

/** Modules of ours, evaluated before any author code is compiled. */
function builtIn(isolate: ivm.Isolate, context: ivm.Context, { name, text }: { readonly name: string; readonly text: string }): ivm.Module {
  const module = isolate.compileModuleSync(text, { filename: name });
  module.instantiateSync(context, () => {
    throw new Error("Built-in modules import nothing");
  });
  module.evaluateSync();
  return module;
}
