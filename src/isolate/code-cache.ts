// Makes V8's code cache for the room's scripts, in a throw-away isolate: each is run and put to its usual work first,
// so that functions V8 compiles when they are first called are in it too.
import ivm from "isolated-vm";
import type { SandboxScripts } from "./sandbox-build.ts";

export interface CodeCaches {
  readonly bootstrap: ArrayBuffer;
  readonly zod: ArrayBuffer;
}

export const BOOTSTRAP_FILE = "bifrost:bootstrap";
export const ZOD_FILE = "bifrost:zod";

/** What most workflows make the room do; each function more costs every room a little when the cache is read, also those that never call it. Runs where author code would; touches no host. */
const USUAL_WORK = `
const { sdk, scopeOf, arrive } = globalThis.__bifrost__;
const z = globalThis.__zod__;
const params = z.object({ days: z.number().int().positive().default(30), name: z.string().min(1).optional(), tags: z.array(z.string()), mode: z.enum(["a", "b"]), flag: z.boolean() });
const body = async (input, ctx) => {
  ctx.log.info("looking", { days: input.days });
  console.log("a", 1, { b: [1, "2"] }, new Error("shown"));
  await null;
  setTimeout(() => {}, 1);
  return { rows: [{ id: 1, at: new Date(0), text: "x" }], ok: true };
};
globalThis.__usual__ = { default: sdk.workflow({ name: "usual", params }, body), plain: sdk.workflow(async () => 1), failing: sdk.workflow(async () => { throw new sdk.UserError("no", { cause: new Error("why") }); }) };
scopeOf("a/b.ts").meta.resolve("./c");
arrive(0, globalThis.__usual__);
`;

const NO_GRANTS = JSON.stringify({ webAssembly: false, codeGeneration: false });
const ANY_BOUNDS = JSON.stringify({ logLines: 100, logBytes: 100_000, pendingCalls: 100, totalCalls: 100, resultBytes: 100_000 });

type RoomFunction = (...values: unknown[]) => unknown;

export async function produceCodeCaches(scripts: SandboxScripts): Promise<CodeCaches> {
  const isolate = new ivm.Isolate({ memoryLimit: 128 });
  try {
    const context = await isolate.createContext();
    const bootstrap = await isolate.compileScript(scripts.bootstrap, { filename: BOOTSTRAP_FILE });
    const zod = await isolate.compileScript(scripts.zod, { filename: ZOD_FILE });
    const enter = (await bootstrap.run(context, { reference: true })) as ivm.Reference<RoomFunction>;
    const room = (await enter.apply(undefined, [new ivm.ExternalCopy(idleHost()).copyInto(), NO_GRANTS], {
      result: { reference: true },
    })) as ivm.Reference<Record<string, RoomFunction>>;
    const namespace = await zod.run(context, { reference: true });
    await context.global.set("__zod__", namespace.derefInto());
    await room.getSync("provideZod", { reference: true }).apply(undefined, [namespace.derefInto()]);
    await room.getSync("begin", { reference: true }).apply(undefined, [ANY_BOUNDS]);
    await context.eval(USUAL_WORK);
    const usual = await context.global.get("__usual__", { reference: true });
    const facts = JSON.stringify({ executionId: "", workflow: "", workspace: "" });
    const invoke = room.getSync("invoke", { reference: true });
    const inputs: readonly (readonly [name: string, input: string])[] = [
      ["default", `{"days":3,"tags":["a"],"mode":"a","flag":true}`],
      ["default", `{"days":"x","mode":"c"}`],
      ["plain", "{}"],
      ["failing", "{}"],
      ["absent", "{}"],
    ];
    for (const [name, input] of inputs) await invoke.apply(undefined, [usual.derefInto(), name, input, facts], { result: { promise: true } });
    await room.getSync("invokeArrived", { reference: true }).apply(undefined, ["plain", "{}", facts, "call"], { result: { promise: true } });
    await room.getSync("describe", { reference: true }).apply(undefined, [usual.derefInto(), "default"]);
    await room.getSync("fireTimer", { reference: true }).apply(undefined, [1]);
    // The same text in the same isolate: V8 finds the script it has, with all that was compiled since.
    const made = await Promise.all([
      isolate.compileScript(scripts.bootstrap, { filename: BOOTSTRAP_FILE, produceCachedData: true }),
      isolate.compileScript(scripts.zod, { filename: ZOD_FILE, produceCachedData: true }),
    ]);
    return { bootstrap: cachedDataOf(made[0]), zod: cachedDataOf(made[1]) };
  } finally {
    // Disposing in the turn that made the last handle can abort on a native assertion.
    setImmediate(() => isolate.dispose());
  }
}

function idleHost(): Record<string, ivm.Callback> {
  const ignored = new ivm.Callback(() => undefined, { ignored: true });
  return {
    log: ignored,
    startTimer: ignored,
    stopTimer: ignored,
    limitWall: ignored,
    call: ignored,
    importModule: ignored,
    exceeded: ignored,
    now: new ivm.Callback(() => 0),
    randomBytes: new ivm.Callback((count: number) => new ArrayBuffer(count)),
  };
}

function cachedDataOf(script: unknown): ArrayBuffer {
  const { cachedData } = script as { cachedData?: ivm.ExternalCopy<ArrayBuffer> };
  if (cachedData === undefined) throw new Error("V8 gave no code cache");
  return cachedData.copy();
}
