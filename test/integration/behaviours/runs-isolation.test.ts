// What author code and the process it runs in can get hold of (B33, B84): looked at from outside through /proc, and
// from inside by walking all that can be reached. Over a real Redis and a real PostgreSQL, whose addresses must not be there.
import { readFileSync } from "node:fs";
import { settledProcesses } from "../../../src/testing/shared-pools.ts";
import { expect, it } from "vitest";
import { descriptorsOf, networkSockets, roomProcesses } from "../../support/child-processes.ts";
import { workflow } from "../../support/engine.ts";
import { useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();

const WAITS = { "wf.ts": workflow("ctx.log.info('begun'); await new Promise(() => {});") };

it.runIf(process.platform === "linux")(
  "B33: seen from outside, the process that runs author code has no environment of the service, no credential, no open network socket and no file of ours",
  async () => {
    const harness = await world.harness({ files: { ...WAITS, "ready.ts": workflow("return 1;") } });
    await harness.executor.settled();
    // A child that is only starting reads the room's code. After a run and a rest none starts: the next run takes a child that is there.
    await harness.run("ready.ts");
    await settledProcesses();
    const begun = Promise.withResolvers<void>();
    const stop = new AbortController();
    const running = harness.run("wf.ts", {}, { signal: stop.signal, onLog: () => begun.resolve() });
    await begun.promise;
    const sockets = networkSockets();
    expect(descriptorsOf(process.pid).some((target) => sockets.has(target))).toBe(true);
    const ids = roomProcesses();
    expect(ids.length).toBeGreaterThan(0);
    const { databaseUrl, redisUrl } = world.servers;
    for (const id of ids) {
      const environment = readFileSync(`/proc/${id}/environ`, "utf8")
        .split("\0")
        .filter((line) => line !== "");
      expect(environment.map((line) => line.split("=")[0]).toSorted()).toEqual([
        "LIBC",
        "NODE_CHANNEL_FD",
        "NODE_CHANNEL_SERIALIZATION_MODE",
        "NODE_COMPILE_CACHE",
      ]);
      const told = `${environment.join("\n")}\n${readFileSync(`/proc/${id}/cmdline`, "utf8")}`;
      for (const secret of [databaseUrl, redisUrl, new URL(databaseUrl).host, new URL(redisUrl).host, "postgres", "redis"]) expect(told).not.toContain(secret);
      const open = descriptorsOf(id);
      expect(open.filter((target) => sockets.has(target))).toEqual([]);
      // Files: /dev/null alone, and nothing that leads to the database, to the embedded one, or to the project's own files.
      expect(open.filter((target) => target.startsWith("/") && target !== "/dev/null")).toEqual([]);
    }
    stop.abort();
    expect((await running).status).toBe("Cancelled");
  },
);

/** Walks all that can be reached from `roots` by own properties and prototypes; gives what looks like the host. */
const WALK = `
const HOST = /^(process|require|module|exports|__dirname|__filename|Buffer|global|setFlagsFromString|ivm|isolate|__bifrost__|Reference|ExternalCopy|Callback)$/;
/** zod has a function of its own called process, and a regular expression says whether it is global. */
const isHost = (key: string, { value }: PropertyDescriptor): boolean => HOST.test(key) && value !== undefined && !(key === "process" && typeof value === "function");
export function walk(roots: Record<string, unknown>): { readonly found: string[]; readonly seen: number } {
  const seen = new Set<unknown>();
  const found: string[] = [];
  const queue: [string, unknown][] = Object.entries(roots);
  while (queue.length > 0) {
    const [path, value] = queue.pop()!;
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) continue;
    seen.add(value);
    const tag = Object.prototype.toString.call(value);
    if (/Reference|ExternalCopy|Isolate|Context|Callback|process/.test(tag)) found.push(path + " is " + tag);
    if (typeof value === "function") {
      // A function of another realm has another Function.prototype at the end of its chain.
      let last: unknown = value;
      for (let up = Object.getPrototypeOf(value); up !== null; up = Object.getPrototypeOf(up)) last = up;
      if (last !== Object.prototype) found.push(path + " is of another realm");
    }
    for (const key of Reflect.ownKeys(value)) {
      const at = path + "." + String(key);
      const property = Reflect.getOwnPropertyDescriptor(value, key)!;
      if (typeof key === "string" && isHost(key, property)) found.push(at);
      for (const part of [property.value, property.get, property.set]) if (part !== undefined) queue.push([at, part]);
      if (property.get !== undefined) { try { queue.push([at, Reflect.get(value, key)]); } catch {} }
    }
    queue.push([path + ".[[Prototype]]", Object.getPrototypeOf(value)]);
  }
  return { found, seen: seen.size };
}
`;

it("B84: from globals, the SDK, the context, input, errors and module namespaces, no host object can be reached by any chain of properties and prototypes", async () => {
  const execution = await (
    await world.harness({
      files: {
        "walk.ts": WALK,
        "wf.ts": `import * as sdk from "bifrost";
import { walk } from "./walk";
import * as self from "./wf";
export default sdk.workflow(async (params: any, ctx: any) => {
  const errors: unknown[] = [];
  for (const fail of [() => crypto.subtle.digest("no-such-algorithm", new Uint8Array(1)), () => import("./nowhere" + ""), () => import("fs" + ""), async () => JSON.parse("{"), async () => new URL(":"), async () => atob("*"), async () => structuredClone(() => {}), async () => crypto.getRandomValues(new Uint8Array(70_000))]) {
    try { await fail(); } catch (error) { errors.push(error); }
  }
  const pending = [crypto.subtle.digest("SHA-256", new Uint8Array(1)), import("./walk" + "")];
  return { ...walk({ globalThis, sdk, params, ctx, errors, self, meta: import.meta, pending, settled: await Promise.all(pending), timer: setTimeout(() => {}, 0), handler: (async function* () {})() }), errors: errors.length };
});
`,
      },
    })
  ).run("wf.ts", { deep: { er: [1] } });
  expect(execution.error).toBeUndefined();
  expect(execution.result).toMatchObject({ found: [], errors: 8 });
  expect((execution.result as { seen: number }).seen).toBeGreaterThan(1000);
});

it("B84: constructors of everything that crosses make no code and lead to no other realm", async () => {
  const { result, error } = await (
    await world.harness({
      files: {
        "wf.ts": workflow(`
const ways: Record<string, () => unknown> = {
  input: () => p.deep.constructor.constructor("return process")(),
  context: () => (ctx as any).constructor.constructor("return process")(),
  log: () => (ctx.log.info as any).constructor("return process")(),
  timer: () => (setTimeout as any).constructor("return process")(),
  console: () => (console.log as any).constructor("return process")(),
  digest: () => (crypto.subtle.digest as any).constructor("return process")(),
  asyncFunction: () => (async () => {}).constructor("return process")(),
  generator: () => (function* () {}).constructor("return process")().next(),
  indirectEval: () => (0, eval)("process"),
  timerText: () => (setTimeout as any)("globalThis.hacked = 1", 0),
  prepareStackTrace: () => { let got: any; (Error as any).prepareStackTrace = (_: any, sites: any[]) => { got = sites; return ""; }; void new Error().stack; return got?.map((site: any) => site.getThis?.() ?? site.getFunction?.()).find((each: any) => each?.process); },
  callee: () => { const f = function (this: any): any { return (f as any).caller?.arguments; }; return f(); },
  getterThis: () => Object.getOwnPropertyDescriptor(globalThis, "process")?.get?.call(undefined),
  errorConstructor: () => { try { null!.x; } catch (e: any) { return e.constructor.constructor("return process")(); } return undefined; },
};
const got: string[] = [];
for (const [name, way] of Object.entries(ways)) {
  try { const value: any = way(); if (value !== undefined && (name !== "timerText")) got.push(name + ": " + typeof value); } catch {}
}
await new Promise((r) => setTimeout(r, 5));
try { (await crypto.subtle.digest("nope", new Uint8Array())); } catch (e: any) { try { if (e.constructor.constructor("return process")()) got.push("host error"); } catch {} }
try { await import("nowhere" + ""); } catch (e: any) { try { if (e.constructor.constructor("return process")()) got.push("import error"); } catch {} }
return { got, hacked: typeof (globalThis as any).hacked };`),
      },
    })
  ).run("wf.ts", { deep: {} });
  expect(error).toBeUndefined();
  expect(result).toEqual({ got: [], hacked: "undefined" });
});

it("B84: an error from a failed host call holds no host path, no frame of ours and no property of the host's, read in the room and in the record", async () => {
  const files = {
    "wf.ts": workflow(`
const read: Record<string, string> = {};
for (const [name, fail] of Object.entries<() => Promise<unknown>>({
  digest: () => crypto.subtle.digest("no-such-algorithm", new Uint8Array(1)),
  missing: () => import("./nowhere" + ""),
  denied: () => import("node:fs" + ""),
  absolute: () => import("/etc/passwd" + ""),
  link: () => import("./broken" + ""),
  named: () => import("./name" + ""),
})) {
  try { await fail(); read[name] = "did not fail"; } catch (error: any) { read[name] = [error.name, error.message, error.stack, ...Reflect.ownKeys(error).map((key) => String(key) + "=" + String(error[key])), String(error.cause)].join("\\n"); }
}
ctx.log.info("all", read);
console.error(new Error("printed"));
if (p.which) await import(p.which);
return read;`),
    "broken.ts": "export default ((;",
    "name.ts": `import { nothing } from "./empty"; export default nothing;`,
    "empty.ts": "export {};",
  };
  const harness = await world.harness({ files });
  const HOST = /node:|file:|node_modules|isolated|\/src\/|\/sandbox\/|\/work\/|\/home\/|\/tmp\/|bootstrap|child-main|postgres|redis:/;
  const { result, logs } = await harness.run("wf.ts");
  const read = result as Record<string, string>;
  expect(Object.keys(read)).toHaveLength(6);
  for (const [name, text] of Object.entries(read)) {
    expect(text).not.toContain("did not fail");
    expect(text.replaceAll("node:fs", ""), name).not.toMatch(HOST);
  }
  expect(JSON.stringify(logs).replaceAll("node:fs", "")).not.toMatch(HOST);
  for (const which of ["./nowhere", "./broken", "./name"]) {
    const { error, status } = await harness.run("wf.ts", { which });
    expect(status).toBe("Failed");
    expect(JSON.stringify(error)).not.toMatch(HOST);
  }
});
