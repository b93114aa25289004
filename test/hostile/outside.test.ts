// B33, from the outside: what the operating system shows of every process that runs author code or compiles it, while it
// does, when the supervisor's environment is full of credentials. Linux lists it under /proc.
import { readFileSync, readlinkSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { closeSharedPools, createHarness, type Harness } from "../../src/testing/index.ts";
import { settledProcesses } from "../../src/testing/shared-pools.ts";
import { commandOf, descendantsOf, descriptorsOf, networkSockets } from "../support/child-processes.ts";
import { workflow } from "../support/engine.ts";
import { expectNoLeaks } from "../support/leaks.ts";

expectNoLeaks({ mayStay: (command) => /child-main|transpile-child|esbuild/.test(command) });

const SECRET = `secret-${randomUUID()}`;
const CREDENTIALS = {
  DATABASE_URL: `postgres://user:${SECRET}@127.0.0.1:1/db`,
  REDIS_URL: `redis://:${SECRET}@127.0.0.1:1`,
  AWS_SECRET_ACCESS_KEY: SECRET,
  NPM_TOKEN: SECRET,
  NODE_OPTIONS_OF_OURS: SECRET,
};
/** Of the child's own making, or Node's: where its channel is, which C library, where compiled code is kept. */
const OWN_NAMES = /^(?:LIBC|NODE_CHANNEL_FD|NODE_CHANNEL_SERIALIZATION_MODE|NODE_COMPILE_CACHE)=/;

const before = new Map(Object.keys(CREDENTIALS).map((name) => [name, process.env[name]]));
let harness: Harness;

beforeAll(async () => {
  await closeSharedPools();
  Object.assign(process.env, CREDENTIALS);
  harness = await createHarness({
    files: { "wf.ts": workflow("ctx.log.info('begun'); await new Promise(() => {});"), "ready.ts": workflow("return 1;") },
  });
});

afterAll(async () => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await harness.dispose();
  await closeSharedPools();
});

it.runIf(process.platform === "linux")(
  "cannot happen: B33: a process that runs or compiles author code has a credential, a name of the service's environment, a network socket or an open file",
  async () => {
    // One that is only starting still reads its own code; after a run and a rest none starts.
    await harness.run("ready.ts");
    await settledProcesses();
    const begun = Promise.withResolvers<void>();
    const stop = new AbortController();
    const running = harness.run("wf.ts", {}, { signal: stop.signal, onLog: () => begun.resolve() });
    await begun.promise;
    const sockets = networkSockets();
    const ids = descendantsOf(process.pid).filter((id) => /child-main|transpile-child/.test(commandOf(id)));
    expect(ids.filter((id) => commandOf(id).includes("child-main")).length).toBeGreaterThan(0);
    for (const id of ids) {
      const environment = readFileSync(`/proc/${id}/environ`, "utf8")
        .split("\0")
        .filter((line) => line !== "");
      expect(environment.filter((line) => !OWN_NAMES.test(line))).toEqual([]);
      const told = [...environment, readFileSync(`/proc/${id}/cmdline`, "utf8"), readlinkSync(`/proc/${id}/cwd`)].join("\n");
      expect(told).not.toMatch(/secret-|postgres|redis/);
      const open = descriptorsOf(id);
      expect(open.filter((target) => sockets.has(target))).toEqual([]);
      expect(open.filter((target) => target.startsWith("/") && target !== "/dev/null")).toEqual([]);
    }
    stop.abort();
    expect((await running).status).toBe("Cancelled");
  },
);

it.runIf(process.platform === "linux")(
  "cannot happen: B33: a credential of the supervisor is found in the memory that author code can read, or in what it is told",
  async () => {
    await harness.write({
      "look.ts": workflow(
        `const texts: string[] = []; const seen = new Set<unknown>(); const queue: unknown[] = [globalThis, ctx, p, import.meta];
while (queue.length > 0) { const value: any = queue.pop(); if (typeof value === "string") { texts.push(value); continue; } if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) continue; seen.add(value); if (typeof value === "function") texts.push(Function.prototype.toString.call(value)); for (const key of Reflect.ownKeys(value)) { texts.push(String(key)); try { queue.push(value[key]); } catch (error) { queue.push(error); } } queue.push(Object.getPrototypeOf(value)); }
return texts.filter((text) => /${SECRET.slice(0, 15)}|DATABASE_URL|REDIS_URL|postgres:|redis:/.test(text)).map((text) => text.slice(0, 100));`,
      ),
    });
    const { status, result } = await harness.run("look.ts");
    expect({ status, result }).toEqual({ status: "Success", result: [] });
  },
);
