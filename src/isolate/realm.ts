// A context ready for author code: the bootstrap has run, the SDK is there, and the host holds the only references to
// the room's functions. Author code meets no handle of isolated-vm.
import { randomBytes } from "node:crypto";
import ivm from "isolated-vm";
import type { Host } from "../../sandbox/host.d.ts";
import type { SandboxBundle, SandboxScript } from "./sandbox-bundle.ts";
import { SCOPE_SPECIFIER, SDK_SPECIFIER } from "./sandbox-modules.ts";

export interface Realm {
  readonly context: ivm.Context;
  /** The module "bifrost". */
  readonly sdk: ivm.Module;
  /** The module "bifrost:scope", for roots and for modules' own scopes; no plan links author code to it. */
  readonly scope: ivm.Module;
  invoke(exportName: string, input: string, context: string, mode: "call" | "validate"): Promise<string>;
  describe(exportName: string): Promise<string>;
  /** See Room.takeThrown in sandbox/host.d.ts. */
  takeThrown(...args: TakeThrownArguments): Promise<string>;
  tell(name: "fireTimer" | "settle" | "importFailed" | "idle", args: readonly unknown[]): Promise<void>;
  /** Loads zod into a room that was made without it. */
  ensureZod(zod: SandboxScript): Promise<void>;
}

const ROOM_FUNCTIONS = ["invokeArrived", "describeArrived", "takeThrown", "fireTimer", "settle", "importFailed", "idle", "provideZod"] as const;
type RoomFunction = (typeof ROOM_FUNCTIONS)[number];
/** The copy of an error; or "", "", undefined and the primitive that was thrown. */
export type TakeThrownArguments = readonly [message: string, stack: string, name: string | undefined, primitive?: unknown];

type HostPart = Omit<Host, "randomBytes">;
const MAX_RANDOM_BYTES = 65_536;

export function makeRealm(isolate: ivm.Isolate, code: SandboxBundle, options: { readonly zod: boolean; readonly host: HostPart }): Realm {
  const context = isolate.createContextSync();
  const room = runBootstrap(isolate, context, code.bootstrap, hostFunctions(options.host));
  const functions = Object.fromEntries(ROOM_FUNCTIONS.map((name) => [name, room.getSync(name, { reference: true })])) as Record<
    RoomFunction,
    ivm.Reference<(...args: unknown[]) => unknown>
  >;
  const scope = builtIn(isolate, context, { name: SCOPE_SPECIFIER, text: code.scopeModule });
  // The SDK module takes the room's global with it.
  const sdk = builtIn(isolate, context, { name: SDK_SPECIFIER, text: code.sdkModule, scope });
  let zod: Promise<void> | undefined;
  if (options.zod) {
    functions.provideZod.applySync(undefined, [compile(isolate, code.zod).runSync(context, { reference: true }).derefInto()]);
    zod = Promise.resolve();
  }
  async function loadZod(script: SandboxScript): Promise<void> {
    const compiled = await isolate.compileScript(script.source, { filename: script.filename });
    const namespace = await compiled.run(context, { reference: true });
    await functions.provideZod.apply(undefined, [namespace.derefInto()]);
  }

  return {
    context,
    sdk,
    scope,
    invoke: async (exportName, input, contextFacts, mode) =>
      (await functions.invokeArrived.apply(undefined, [exportName, input, contextFacts, mode], { result: { promise: true } })) as string,
    describe: async (exportName) => (await functions.describeArrived.apply(undefined, [exportName], { result: { promise: true } })) as string,
    takeThrown: async (...args) => (await functions.takeThrown.apply(undefined, [...args] as never[])) as string,
    tell: async (name, args) => {
      await functions[name].apply(undefined, [...args] as never[], { arguments: { copy: false } } as never);
    },
    ensureZod: (script) => (zod ??= loadZod(script)),
  };
}

function compile(isolate: ivm.Isolate, { source, filename, cachedData }: SandboxScript): ivm.Script {
  return isolate.compileScriptSync(source, cachedData === undefined ? { filename } : { filename, cachedData });
}

function hostFunctions(host: HostPart): Record<keyof Host, ivm.Callback> {
  const tell = (tellHost: (...args: never[]) => unknown): ivm.Callback => new ivm.Callback(tellHost as (...args: unknown[]) => unknown, { ignored: true });
  return {
    log: tell(host.log),
    startTimer: tell(host.startTimer),
    stopTimer: tell(host.stopTimer),
    limitWall: tell(host.limitWall),
    call: tell(host.call),
    importModule: tell(host.importModule),
    // These two answer at once; the others are sent and forgotten, in order.
    now: new ivm.Callback(host.now),
    randomBytes: new ivm.Callback((count: number) => {
      const size = Math.min(Math.max(0, Math.trunc(count)), MAX_RANDOM_BYTES) || 0;
      return new ivm.ExternalCopy(new Uint8Array(randomBytes(size)).buffer).copyInto({ release: true });
    }),
  };
}

function runBootstrap(
  isolate: ivm.Isolate,
  context: ivm.Context,
  bootstrap: SandboxScript,
  host: Record<keyof Host, ivm.Callback>,
): ivm.Reference<Record<string, unknown>> {
  const enter = compile(isolate, bootstrap).runSync(context, { reference: true }) as ivm.Reference<(host: unknown) => unknown>;
  return enter.applySync(undefined, [new ivm.ExternalCopy(host).copyInto()], { result: { reference: true } }) as ivm.Reference<Record<string, unknown>>;
}

/** Modules of ours, evaluated before any author code is compiled. */
function builtIn(
  isolate: ivm.Isolate,
  context: ivm.Context,
  { name, text, scope }: { readonly name: string; readonly text: string; readonly scope?: ivm.Module },
): ivm.Module {
  const module = isolate.compileModuleSync(text, { filename: name });
  module.instantiateSync(context, () => scope as ivm.Module);
  module.evaluateSync();
  return module;
}
