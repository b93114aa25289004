// A host of children as any user: a program, so that a test can be another user than it tests. Prints one JSON line.
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { readEnd, startChild, type StartedChild } from "../../../src/process/child-start.ts";
import type { LayerPlan } from "../../../src/process/hardening/layers.ts";
import { observeLayers } from "../../../src/process/hardening/observe-child.ts";
import { planLayers } from "../../../src/process/hardening/plan-layers.ts";

const [directory = "", mode = "report"] = process.argv.slice(2);
const MB = 1024 * 1024;
const ENTRY = new URL("attempts.ts", import.meta.url);
const HOARD = new URL("hoard.mjs", import.meta.url);
const layers = planLayers({ cacheDirectory: directory });

async function start(given: LayerPlan, entry = ENTRY, tier: "jit" | "jitless" = "jit"): Promise<StartedChild> {
  const child = startChild({ entry, tier, memoryBytes: 64 * MB, packages: [], compileCache: undefined, layers: given });
  let words = "";
  child.process.stderr?.setEncoding("utf8").on("data", (text: string) => (words += text));
  const closed = once(child.process, "close").then(([code, signal]) => `${String(signal ?? code)}: ${words}`);
  const first = await Promise.race([once(child.process, "message").then(([message]) => message as unknown), closed]);
  if (first !== "ready") throw new Error(`The child said ${JSON.stringify(first)}`);
  return child;
}

async function end(child: StartedChild): Promise<void> {
  child.kill();
  await once(child.process, "close");
  child.release();
}

async function attemptsWith(given: LayerPlan): Promise<unknown> {
  const child = await start(given);
  let connections = 0;
  await using server = createServer(() => connections++).listen(0, "127.0.0.1");
  await once(server, "listening");
  const file = join(directory, "host-file");
  writeFileSync(file, "kept");
  child.process.send({ port: (server.address() as AddressInfo).port, supervisor: process.pid, file, free: join(directory, "free") });
  const [attempts] = (await once(child.process, "message")) as [unknown];
  await end(child);
  return { attempts, connections };
}

/** How it ends when it takes memory without end. */
async function hoardWith(given: LayerPlan): Promise<unknown> {
  const child = await start(given, HOARD, "jitless");
  child.limitMemory(64 * MB);
  let lastWords = "";
  child.process.stderr?.setEncoding("utf8").on("data", (text: string) => (lastWords += text));
  const said = once(child.process, "message").then(([message]) => message as unknown);
  const closed = once(child.process, "close") as Promise<[number | null, string | null]>;
  child.process.send("hoard");
  const answer = await Promise.race([said, closed.then(() => undefined)]);
  if (answer !== undefined) child.kill();
  const [exitCode, signal] = await closed;
  const outOfMemory = child.outOfMemory();
  child.release();
  return { answer, outOfMemory, ...(answer === undefined && readEnd({ exitCode, signal, lastWords })) };
}

async function execWith(given: LayerPlan): Promise<unknown> {
  const child = await start(given);
  child.process.send("exec");
  const [exitCode, signal] = (await once(child.process, "close")) as [number | null, string | null];
  child.release();
  return { exitCode, signal };
}

/** The soft limit on a child's memory after it was told of a run that may use 1 GB. */
async function raiseWith(given: LayerPlan): Promise<unknown> {
  const child = await start(given, HOARD, "jitless");
  const limit = (): number => Number(/^Max data size +(\d+)/m.exec(readFileSync(`/proc/${child.nodePid()}/limits`, "latin1"))?.[1]);
  const before = limit();
  child.limitMemory(1024 * MB);
  const after = limit();
  await end(child);
  return { before, after };
}

if (mode === "report") {
  const bare = { ...layers, permissions: false };
  const report = {
    states: layers.states,
    seen: await observeLayers({ cacheDirectory: directory, layers }),
    all: await attemptsWith(layers),
    systemAlone: await attemptsWith(bare),
    exec: await execWith(bare),
    hoardInGroup: await hoardWith(bare),
    raised: await raiseWith(layers),
    hoardByLimit: await hoardWith({ ...bare, memoryGroups: undefined }),
  };
  console.log(JSON.stringify(report));
} else {
  const child = await start(layers);
  if (mode === "spin") child.process.send("spin");
  setTimeout(() => console.log(JSON.stringify({ pids: [child.process.pid, child.nodePid()] })), 200);
}
