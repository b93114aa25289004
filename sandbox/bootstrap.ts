// The room: everything author code finds besides ECMAScript, and the functions by which the host works it. One
// classic script (see src/isolate/sandbox-bundle.ts) whose value is `enter`. Evaluating it captures the realm's
// intrinsics; entering makes the globals.
import { createCounts } from "./bounds.ts";
import { createWriteLine, installConsole } from "./console.ts";
import { copiedError, errorFromHost, guestErrorText } from "./errors.ts";
import type { BuiltInModules, Grants, Host, Room } from "./host.d.ts";
import { createList, join, mapGet, mapHas, mapSet, own, parseJson, promiseWithResolvers, push, RealmMap } from "./intrinsics.ts";
import { recordText } from "./json-text.ts";
import { paced } from "./pace.ts";
import { restrictRealm } from "./realm.ts";
import { createImports } from "./scope.ts";
import { createCancellation } from "./sdk/cancellation.ts";
import { createDeclare } from "./sdk/executables.ts";
import { type Call, createCalls } from "./sdk/invoke.ts";
import type { ToJsonSchema } from "./sdk/parameters.ts";
import { UserError } from "./sdk/user-error.ts";
import { createConfig, createWorkflows } from "./sdk/workflows.ts";
import { findFormatted, installStackHook } from "./stack-hook.ts";
import { installTimers } from "./timers.ts";
import { createHostCalls } from "./host-calls.ts";
import { installWeb } from "./web/install.ts";

/** The import under which the entry arrives; the author's own imports count from 1. */
const ENTRY_ID = 0;

/**
 * Called once by the host, before author code. Leaves `__bifrost__` for the room's own modules, which close it.
 * `grants` is JSON text.
 */
export function enter(given: Host, grants: string): Room {
  restrictRealm(parseJson(grants) as Grants);
  installStackHook();
  const host = paced(given);
  const counts = createCounts(host);
  const write = createWriteLine(host, counts);
  installConsole(write, () => host.now());
  const timers = installTimers(host, counts);
  const hostCalls = createHostCalls(host, counts);
  const web = installWeb({ host, timers, call: hostCalls.call });
  const imports = createImports(host, counts);
  const cancellation = createCancellation(web);
  const calls = createCalls({
    write,
    limitWall: (milliseconds) => host.limitWall(milliseconds),
    signal: () => cancellation.signal(),
    isResultTooLong: (text) => counts.isResultTooLong(text),
  });
  const thrown = new RealmMap<number, unknown>();
  // Boxed: a module that exports `then` must not be taken for a promise.
  const entry = promiseWithResolvers<{ readonly __proto__: null; readonly namespace: object }>();
  const zodTakers = createList<(z: unknown) => void>();
  let zod: object | undefined;
  let toJsonSchema: ToJsonSchema | undefined;
  const thrownIds = new RealmMap<unknown, number>();
  let lastThrown = -1;
  let over = false;

  function keepThrown(value: unknown): number {
    const known = mapGet(thrownIds, value);
    if (known !== undefined) return known;
    lastThrown++;
    mapSet(thrown, lastThrown, value);
    mapSet(thrownIds, value, lastThrown);
    return lastThrown;
  }

  async function invokeArrived(exportName: string, call: Call): Promise<string> {
    const { namespace } = await own(entry.promise);
    timers.beginTurn();
    try {
      return await own(calls.invoke(namespace, exportName, call));
    } finally {
      over = true;
    }
  }

  async function describeArrived(exportName: string): Promise<string> {
    return calls.describe((await own(entry.promise)).namespace, exportName, toJsonSchema);
  }

  const modules: BuiltInModules & { readonly close: () => void } = {
    sdk: {
      workflow: createDeclare("workflow", "workflow", calls.callDirectly),
      tool: createDeclare("tool", "tool", calls.callDirectly),
      dataProvider: createDeclare("data_provider", "dataProvider", calls.callDirectly),
      UserError,
      workflows: createWorkflows(hostCalls.call),
      config: createConfig(hostCalls.call),
      onZod: (give) => {
        if (zod === undefined) push(zodTakers, give);
        else give(zod);
      },
    },
    scopeOf: (path) => imports.scopeOf(path),
    arrive: (importId, namespace) => {
      if (importId === ENTRY_ID) entry.resolve({ __proto__: null, namespace });
      else imports.done(importId, namespace);
    },
    close: () => void Reflect.deleteProperty(globalThis, "__bifrost__"),
  };
  Object.defineProperty(globalThis, "__bifrost__", { value: modules, configurable: true });

  return {
    begin: (bounds) => counts.begin(bounds),
    cancel: () => {
      if (over) return false;
      timers.beginTurn();
      return cancellation.cancel();
    },
    invoke: (namespace, exportName, input, context) => {
      timers.beginTurn();
      return calls.invoke(namespace, exportName, { input, context });
    },
    describe: (namespace, exportName) => calls.describe(namespace, exportName, toJsonSchema),
    invokeArrived: (exportName, input, context, mode) => own(invokeArrived(exportName, { input, context, validateOnly: mode === "validate" })),
    describeArrived: (exportName) => own(describeArrived(exportName)),
    idle: () => undefined,
    fireTimer: (id) => {
      // A run ends when the workflow's promise settles; a timer may fire before the host has heard of it.
      if (over) return;
      timers.beginTurn();
      timers.fire(id);
    },
    settle: (callId, ok, text) => {
      timers.beginTurn();
      hostCalls.settle(callId, ok, text);
    },
    importDone: (importId, namespace) => {
      timers.beginTurn();
      imports.done(importId, namespace);
    },
    importFailed: (importId, error, thrownId) => {
      timers.beginTurn();
      imports.failed(
        importId,
        mapHas(thrown, thrownId) ? mapGet(thrown, thrownId) : errorFromHost(parseJson(error) as { name: string; message: string; code?: string }),
      );
    },
    takeThrown: (message, stack, name, ...primitive) => {
      const found = primitive.length > 0 ? { error: primitive[0] } : findFormatted(message, stack);
      const unsettled = `[${join(imports.unsettled(), ",")}]`;
      if (found === undefined && name === undefined)
        return recordText([
          ["thrown", "-1"],
          ["error", "null"],
          ["unsettled", unsettled],
        ]);
      const value = found === undefined ? copiedError(name as string, message, stack) : found.error;
      return recordText([
        ["thrown", `${keepThrown(value)}`],
        ["error", guestErrorText(value)],
        ["unsettled", unsettled],
      ]);
    },
    provideZod: (namespace) => {
      zod = namespace;
      toJsonSchema = (namespace as { toJSONSchema?: ToJsonSchema }).toJSONSchema;
      for (let index = 0; index < zodTakers.length; index++) (zodTakers[index] as (z: unknown) => void)(namespace);
    },
  };
}
