// Attacks that take many runs, or two tenants at once: what one execution cannot use up, a hundred may.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createHarness, type Execution, type Harness } from "../../src/testing/index.ts";
import { settledProcesses } from "../../src/testing/shared-pools.ts";
import { descendantsOf, roomProcesses } from "../support/child-processes.ts";
import { workflow } from "../support/engine.ts";
import { goodRun, openHome, watchSupervisor } from "./hostile.ts";
import { attacks } from "./case.ts";
import { timesOut } from "./endings.ts";

const watch = watchSupervisor();

/** Kinds of attack that each end quickly, with the status they end in. */
const KINDS: Readonly<Record<string, { readonly files: Readonly<Record<string, string>>; readonly status: string; readonly code: string | undefined }>> = {
  loop: { files: { "wf.ts": workflow("for (;;);") }, status: "Timeout", code: "ERR_TIMEOUT_WALL" },
  native: { files: { "wf.ts": workflow("Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);") }, status: "Timeout", code: "ERR_TIMEOUT_WALL" },
  waits: { files: { "wf.ts": workflow("await new Promise(() => {});") }, status: "Timeout", code: "ERR_TIMEOUT_WALL" },
  memory: {
    files: { "wf.ts": workflow("const all: unknown[] = []; for (;;) all.push(new Array(1000).fill(1));") },
    status: "Failed",
    code: "ERR_MEMORY_LIMIT",
  },
  throws: { files: { "wf.ts": workflow("throw new Error('x'.repeat(10_000));") }, status: "Failed", code: undefined },
  logs: {
    files: { "wf.ts": workflow("for (let i = 0; i < 500; i++) console.log('x'.repeat(100), i); throw new Error('x');") },
    status: "Failed",
    code: undefined,
  },
  missing: { files: { "wf.ts": "import './nowhere';" }, status: "Failed", code: "ERR_MODULE_NOT_FOUND" },
  leaves: {
    files: {
      "wf.ts": workflow(
        "for (let i = 0; i < 500; i++) { setTimeout(() => { for (;;); }, i); void new Promise(() => {}); } (globalThis as any).hostile = 1; throw new Error('left');",
      ),
    },
    status: "Failed",
    code: undefined,
  },
};

/** Of a workspace whose runs share a process. */
const SHARING = {
  "loop.ts": workflow("for (;;);"),
  "native.ts": workflow("Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);"),
  "waits.ts": workflow("await new Promise((r) => setTimeout(r, 800)); return 'waited';"),
  "stays.ts": workflow("await new Promise(() => {});"),
};

const QUICK = ["throws", "logs", "missing", "leaves"];

async function hostile(kind: string, { limitMs = 250 }: { readonly limitMs?: number } = {}): Promise<Execution> {
  const { files } = KINDS[kind] as (typeof KINDS)[string];
  await using home = await createHarness({ workspace: "hostile", files });
  return await home.run("wf.ts", {}, { timeoutMs: KINDS[kind]?.code === "ERR_MEMORY_LIMIT" ? 30_000 : limitMs, cpuMs: 60_000, memoryMb: 16 });
}

function endsAs(execution: Execution, kind: string): void {
  const { status, error } = execution;
  expect({ kind, status, code: error?.code }, JSON.stringify(error?.details)).toEqual({ kind, status: KINDS[kind]?.status, code: KINDS[kind]?.code });
}

async function after(): Promise<void> {
  await goodRun(watch.bystander());
  await watch.nothingLeft();
}

describe("exhaustion across runs", () => {
  it("cannot leave this execution: a hundred runs that each leave timers, promises, globals and log lines", async () => {
    await using home = await createHarness({ workspace: "hostile", files: (KINDS["leaves"] as (typeof KINDS)[string]).files });
    for (let count = 0; count < 100; count++) endsAs(await home.run("wf.ts", {}, { timeoutMs: 5000 }), "leaves");
    await after();
  });

  it("cannot leave this execution: two tenants at once, one of them hostile in every way", async () => {
    const attackAll = async (): Promise<void> => {
      for (const kind of Object.keys(KINDS)) endsAs(await hostile(kind), kind);
    };
    const good = async (): Promise<void> => {
      for (let count = 0; count < 40; count++) await goodRun(watch.bystander());
    };
    await Promise.all([attackAll(), good()]);
    await after();
  });

  it("cannot leave this execution: a burst of 30 hostile runs on few processes, with good runs of somebody else between them", async () => {
    const kinds = Array.from({ length: 30 }, (_, index) => Object.keys(KINDS)[index % Object.keys(KINDS).length] as string);
    const ended = await Promise.allSettled(
      kinds.map(async (kind, index) => {
        const execution = hostile(kind, { limitMs: 150 });
        if (index % 3 === 0) await goodRun(watch.bystander());
        endsAs(await execution, kind);
      }),
    );
    expect(ended.filter(({ status }) => status === "rejected")).toEqual([]);
    await after();
  });

  it("cannot leave this execution: the supervisor's memory stays flat over 200 hostile runs", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const batch = async (runs: number): Promise<void> => {
      for (let count = 0; count < runs; count += QUICK.length) for (const kind of QUICK) endsAs(await hostile(kind, { limitMs: 5000 }), kind);
    };
    const used = async (): Promise<number> => {
      await settledProcesses();
      collect();
      return process.memoryUsage().heapUsed / 1024 / 1024;
    };
    await batch(60);
    const before = await used();
    await batch(200);
    expect((await used()) - before, "growth in MB").toBeLessThan(6);
    await after();
  });

  it("cannot leave this execution: a module that another workspace has too, spoilt by a run of its own", async () => {
    const shared = { "shared.ts": "export const list = [1, 2, 3]; export function twice(n: number): number { return n * 2; }" };
    const reads = workflow("return [list, twice(21), [].hostile === undefined];", `import { list, twice } from "./shared";`);
    const spoils = workflow(
      `list.push(4); twice.call = () => 0; (Array.prototype as any).hostile = 1; Object.defineProperty(Array.prototype, Symbol.iterator, { value: null }); JSON.parse = () => 666; (globalThis as any).Promise = null; Object.freeze(Object.prototype); throw new Error("spoilt");`,
      `import { list, twice } from "./shared";`,
    );
    await using home = await createHarness({ workspace: "hostile", files: { ...shared, "wf.ts": spoils, "reads.ts": reads } });
    await using other = await createHarness({ workspace: "other", files: { ...shared, "reads.ts": reads } });
    for (let count = 0; count < 5; count++) {
      expect((await home.run("wf.ts")).status).toBe("Failed");
      for (const harness of [other, home]) expect((await harness.run("reads.ts")).result).toEqual([[1, 2, 3], 42, true]);
    }
    await after();
  });

  it("cannot leave this execution: code that was compiled for a run that was killed is whole for the next", async () => {
    const lines = Array.from({ length: 2000 }, (_, index) => `export const v${index} = ${index};`).join("\n");
    const files = {
      "wf.ts": workflow("if (p.loops) for (;;); return v1999;", `import { v1999 } from "./long"; if ((globalThis as any).never) throw v1999;`),
      "long.ts": lines,
    };
    await using home = await createHarness({ workspace: "hostile", files });
    await using other = await createHarness({ workspace: "other", files });
    expect((await home.run("wf.ts", { loops: true }, { timeoutMs: 150 })).status).toBe("Timeout");
    for (const harness of [other, home]) expect(await harness.run("wf.ts")).toMatchObject({ status: "Success", result: 1999 });
    await after();
  });

  it("cannot leave this execution: an import that was refused a thousand times is found once its file is there", async () => {
    await using home = await createHarness({
      workspace: "hostile",
      files: { "wf.ts": workflow("let refused = 0; for (let i = 0; i < 1000; i++) await import('./late' + (i % 10)).catch(() => refused++); return refused;") },
    });
    expect(await home.run("wf.ts")).toMatchObject({ status: "Success", result: 1000 });
    await home.write(Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`late${index}.ts`, "export const x = 1;"])));
    expect(await home.run("wf.ts")).toMatchObject({ status: "Success", result: 0 });
    await after();
  });

  it("cannot leave this execution: a workspace of 2,000 modules, imported by one run and left by a loop", async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `m${index}`);
    const files = Object.fromEntries(names.map((name, index) => [`${name}.ts`, `export const ${name} = ${index};`]));
    const head = names.map((name) => `import { ${name} } from "./${name}";`).join("\n");
    await using home = await createHarness({
      workspace: "hostile",
      files: { ...files, "wf.ts": workflow(`if (p.loops) for (;;); return ${names.join(" + ")};`, head) },
    });
    expect(await home.run("wf.ts", {})).toMatchObject({ status: "Success", result: 1_999_000 });
    expect(await home.run("wf.ts", { loops: true }, { timeoutMs: 500 })).toMatchObject({ status: "Timeout" });
    await after();
  });

  it("cannot leave this execution: spare processes stand ready again after ten that were killed", async () => {
    await settledProcesses();
    const before = roomProcesses();
    for (let count = 0; count < 10; count++) endsAs(await hostile("native", { limitMs: 100 }), "native");
    await settledProcesses();
    const ready = roomProcesses();
    expect(ready.length).toBeGreaterThanOrEqual(Math.min(before.length, 2));
    await using fresh = await createHarness({ workspace: "fresh", files: { "wf.ts": workflow("return 'ready';") } });
    expect(await fresh.run("wf.ts")).toMatchObject({ status: "Success", result: "ready" });
    await after();
  });

  it("ends within the limit: twenty runs that are cancelled at once, half of them while they wait for a process", async () => {
    const home = await openHome(
      attacks(
        { loops: "ctx.log.info('begun'); await new Promise((r) => setTimeout(r, 1)); for (;;);" },
        { promise: "ends within the limit", expect: timesOut },
      )[0]!,
    );
    const cancel = new AbortController();
    const runs = Array.from({ length: 20 }, () => run(home, cancel.signal));
    const begun = goodRun(watch.bystander());
    setTimeout(() => cancel.abort(), 100);
    expect([...new Set(await Promise.all(runs))]).toEqual(["ERR_CANCELLED"]);
    await begun;
    await home.dispose();
    await after();
  });

  it("cannot leave this execution: a supervisor that stands still over a large result kills no process that was in time, and gives nobody one that it has killed", async () => {
    const files = { "wf.ts": workflow("ctx.log.info('begun'); await new Promise((r) => setTimeout(r, 20)); return 'in time';") };
    await using home = await createHarness({ workspace: "hostile", files });
    for (let count = 0; count < 2; count++) {
      await goodRun(watch.bystander());
      standStill(800);
      await nextTurn();
      await goodRun(watch.bystander());
      const late = await home.run("wf.ts", {}, { timeoutMs: 700, cpuMs: 0, onLog: () => standStill(1500) });
      expect(late).toMatchObject({ status: "Success", result: "in time" });
    }
    await after();
  });

  it("cannot leave this execution: where a workspace's runs share a process, a loop that can be interrupted ends alone", async () => {
    await using home = await createHarness({ workspace: "sharing", concurrency: 4, files: SHARING });
    const others = Array.from({ length: 3 }, () => home.run("waits.ts", {}, { timeoutMs: 20_000 }));
    const loops = await home.run("loop.ts", {}, { timeoutMs: 200, cpuMs: 60_000 });
    expect(loops).toMatchObject({ status: "Timeout", error: { code: "ERR_TIMEOUT_WALL" } });
    expect((await Promise.all(others)).map(({ status, result }) => [status, result])).toEqual(others.map(() => ["Success", "waited"]));
    await after();
  });

  it("not promised: where a workspace's runs share a process, one that must be killed takes the others along; each is told, with the reason", async () => {
    await using home = await createHarness({ workspace: "sharing", concurrency: 4, files: SHARING });
    const native = home.run("native.ts", {}, { timeoutMs: 300, cpuMs: 60_000 });
    const others = Array.from({ length: 3 }, () => home.run("stays.ts", {}, { timeoutMs: 5000 }));
    expect(await native).toMatchObject({ status: "Timeout", error: { code: "ERR_TIMEOUT_WALL" } });
    const ended = await Promise.all(others);
    expect(new Set(ended.map(({ id }) => id)).size).toBe(others.length);
    for (const each of ended) expect(each).toMatchObject({ status: "Failed", error: { code: "ERR_PROCESS_CRASH", details: { because: "wall" } } });
    expect((await home.run("waits.ts", {}, { timeoutMs: 20_000 })).status).toBe("Success");
    await after();
  });

  it.each(["the one that we started", "the one that runs the room"])(
    "cannot leave this execution: killed from outside (%s), a process is one crash, and the next run has another",
    async (which) => {
      await using home = await createHarness({ workspace: "hostile", files: { "wf.ts": workflow("ctx.log.info('begun'); await new Promise(() => {});") } });
      await settledProcesses();
      const begun = Promise.withResolvers<void>();
      const running = home.run("wf.ts", {}, { timeoutMs: 20_000, onLog: () => begun.resolve() });
      await begun.promise;
      // Which of them it is in cannot be seen from here: all end, also those that wait.
      const killed = roomProcesses();
      const wrapped = new Set(descendantsOf(process.pid).filter((id) => killed.includes(id) || descendantsOf(id).some((inner) => killed.includes(inner))));
      for (const id of killed) kill(which === "the one that we started" ? id : (descendantsOf(id).at(-1) ?? id));
      const execution = await running;
      expect(execution).toMatchObject({ status: "Failed", error: { code: "ERR_PROCESS_CRASH", name: "ProcessCrashError" }, logs: [{ message: "begun" }] });
      expect(await home.executor.execution(execution.id)).toEqual(execution);
      // With what each is wrapped in, whose end is what the supervisor hears of.
      while (descendantsOf(process.pid).some((id) => wrapped.has(id))) await sleep(10);
      await sleep(200);
      await after();
    },
  );
});

/** The code that a cancelled run ends with, whether it had begun or not. */
async function run(home: Harness, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await home.run("wf.ts", {}, { timeoutMs: 20_000, cpuMs: 60_000, signal })).error?.code;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** It may be gone by itself. */
function kill(id: number): void {
  try {
    process.kill(id, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** As reading a result of a million keys does to it. */
function standStill(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}
