// A context ready for author code: the bootstrap has run, the SDK is there, and the host holds the only references to
// the room's functions. Author code meets no handle of isolated-vm.
import { randomBytes } from "node:crypto";
import ivm from "isolated-vm";
import type { Host } from "../../sandbox/host.d.ts";
import { fitsHostCall } from "./host-call-shapes.ts";
import type { RoomGrants } from "./room-job.ts";
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
  /** Synchronous: before any author code. `bounds` is JSON text. */
  begin(bounds: string): void;
  /** See Room.cancel in sandbox/host.d.ts. */
  cancel(): Promise<boolean>;
  /** See Room.takeThrown in sandbox/host.d.ts. */
  takeThrown(...args: TakeThrownArguments): Promise<string>;
  tell(name: "fireTimer" | "settle" | "importFailed" | "idle", args: readonly unknown[]): Promise<void>;
  /** Loads zod into a room that was made without it. */
  ensureZod(zod: SandboxScript): Promise<void>;
}

const ROOM_FUNCTIONS = [
  "begin",
  "cancel",
  "invokeArrived",
  "describeArrived",
  "takeThrown",
  "fireTimer",
  "settle",
  "importFailed",
  "idle",
  "provideZod",
] as const;
type RoomFunction = (typeof ROOM_FUNCTIONS)[number];
/** The copy of an error; or "", "", undefined and the primitive that was thrown. */
export type TakeThrownArguments = readonly [message: string, stack: string, name: string | undefined, primitive?: unknown];

export interface HostPart extends Omit<Host, "randomBytes"> {
  /** The room called the host in a way that the room's own code does not. */
  misused(name: keyof Host): void;
}

export interface RealmOptions {
  readonly zod: boolean;
  readonly grants: RoomGrants;
  readonly host: HostPart;
}

export function makeRealm(isolate: ivm.Isolate, code: SandboxBundle, options: RealmOptions): Realm {
  const context = isolate.createContextSync();
  const room = runBootstrap(isolate, context, { script: code.bootstrap, host: hostFunctions(options.host), grants: options.grants });
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
    begin: (bounds) => void functions.begin.applySync(undefined, [bounds]),
    cancel: async () => (await functions.cancel.apply(undefined, [])) === true,
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

/** Nothing that these do may throw into isolated-vm. */
function hostFunctions(host: HostPart): Record<keyof Host, ivm.Callback> {
  const checked =
    (name: keyof Host, call: (...values: never[]) => unknown) =>
    (...values: unknown[]) => {
      if (fitsHostCall(name, values)) return call(...(values as never[]));
      host.misused(name);
      return undefined;
    };
  /** Sent and forgotten, in order. */
  const told = (name: Exclude<keyof HostPart, "misused">): ivm.Callback => new ivm.Callback(checked(name, host[name]), { ignored: true });
  return {
    log: told("log"),
    startTimer: told("startTimer"),
    stopTimer: told("stopTimer"),
    limitWall: told("limitWall"),
    call: told("call"),
    importModule: told("importModule"),
    // These three are waited for: author code goes on when they are done.
    exceeded: new ivm.Callback(checked("exceeded", host.exceeded)),
    now: new ivm.Callback(checked("now", host.now)),
    randomBytes: new ivm.Callback(
      checked("randomBytes", (count: number) => new ivm.ExternalCopy(new Uint8Array(randomBytes(count)).buffer).copyInto({ release: true })),
    ),
  };
}

interface Bootstrapping {
  readonly script: SandboxScript;
  readonly host: Record<keyof Host, ivm.Callback>;
  readonly grants: RoomGrants;
}

function runBootstrap(isolate: ivm.Isolate, context: ivm.Context, { script, host, grants }: Bootstrapping): ivm.Reference<Record<string, unknown>> {
  const enter = compile(isolate, script).runSync(context, { reference: true }) as ivm.Reference<(host: unknown, grants: string) => unknown>;
  const { webAssembly, codeGeneration } = grants;
  return enter.applySync(undefined, [new ivm.ExternalCopy(host).copyInto(), JSON.stringify({ webAssembly, codeGeneration })], {
    result: { reference: true },
  }) as ivm.Reference<Record<string, unknown>>;
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
