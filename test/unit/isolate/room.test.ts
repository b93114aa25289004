// A room with its host's side, in this process: what it does with calls, limits, grants and cancellation. Author code that
// cannot be stopped from inside is for the tests of whole processes.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { MB } from "../../../src/limits.ts";
import { SDK_LINK, type Plan, type RoomBounds, type RoomGrants } from "../../../src/isolate/room-job.ts";
import type { RoomOutcome } from "../../../src/isolate/room-outcome.ts";
import { Room } from "../../../src/isolate/room.ts";
import { loadSandboxBundle } from "../../../src/isolate/sandbox-bundle.ts";

const CACHE_DIRECTORY = join(import.meta.dirname, "..", "..", "..", "node_modules", ".cache", "bifrost-executor");
const BOUNDS: RoomBounds = { logLines: 1000, logBytes: 100_000, pendingCalls: 1000, totalCalls: 10_000, resultBytes: MB };
const NO_GRANTS: RoomGrants = { webAssembly: false, codeGeneration: false };

interface Setting {
  readonly bounds?: Partial<RoomBounds>;
  readonly grants?: Partial<RoomGrants>;
  readonly memoryMb?: number;
  readonly wallMs?: number;
  readonly onCall?: (room: Room, callId: number, name: string, argument: string) => void;
  readonly onLine?: (room: Room, text: string) => void;
}

interface Ran {
  readonly outcome: RoomOutcome;
  readonly lines: readonly string[];
  readonly defects: readonly string[];
}

/** `source` is the module, or the body of its workflow. */
async function run(source: string, setting: Setting = {}): Promise<Ran> {
  const code = source.startsWith("import ")
    ? source
    : `import { workflow } from "bifrost"; import { dynamicImport } from "bifrost:module"; export default workflow(async (params, ctx) => {${source}\n});`;
  const plan: Plan = { id: 1, entry: 0, modules: [{ path: "wf.ts", key: "wf", links: [["bifrost", SDK_LINK]], scoped: true }] };
  const bundle = await loadSandboxBundle({ cacheDirectory: CACHE_DIRECTORY });
  const grants = { ...NO_GRANTS, ...setting.grants };
  const memoryMb = setting.memoryMb ?? 64;
  const room = new Room(bundle, { memoryMb, zod: false, grants });
  const lines: string[] = [];
  const defects: string[] = [];
  try {
    const { outcome } = await room.run(
      {
        zod: false,
        mode: "call",
        exportName: "default",
        input: "{}",
        context: JSON.stringify({ executionId: "execution", workflow: "wf.ts::default", workspace: "default" }),
        wallMs: setting.wallMs ?? 15_000,
        cpuMs: 0,
        memoryMb,
        bounds: { ...BOUNDS, ...setting.bounds },
        grants,
      },
      plan,
      {
        onLog: ({ parts }) => {
          lines.push(parts.join(""));
          setting.onLine?.(room, parts.join(""));
        },
        onImport: (importId) => void room.answerImport({ importId, failure: { name: "Error", message: "no such module", code: "ERR_MODULE_NOT_FOUND" } }),
        onUnlinked: () => undefined,
        onCall: (callId, name, argument) => setting.onCall?.(room, callId, name, argument),
        onDefect: (message) => defects.push(message),
        code: () => code,
      },
    );
    return { outcome, lines, defects };
  } finally {
    await new Promise((done) => setImmediate(done));
    room.dispose();
  }
}

describe("a run that passes a limit ends there, whatever author code does about it", () => {
  it.each<[string, string, RoomOutcome]>([
    [
      "timers",
      "for (let i = 0; i < 100_000; i++) try { setTimeout(() => {}, 1e6); } catch {} return 'went on';",
      { kind: "exceeded", limit: "pendingCalls", amount: 1001 },
    ],
    ["immediates, for ever", "for (;;) try { setImmediate(() => {}); } catch {}", { kind: "exceeded", limit: "pendingCalls", amount: 1001 }],
    ["import()", "for (;;) dynamicImport('./x').catch(() => {});", { kind: "exceeded", limit: "pendingCalls", amount: 1001 }],
    ["import() one after the other", "for (;;) await dynamicImport('./x').catch(() => {});", { kind: "exceeded", limit: "totalCalls", amount: 10_001 }],
    ["digests", "for (;;) crypto.subtle.digest('SHA-1', new Uint8Array(1)).catch(() => {});", { kind: "exceeded", limit: "pendingCalls", amount: 1001 }],
    [
      "digests one after the other",
      "for (;;) await crypto.subtle.digest('SHA-1', new Uint8Array(1)).catch(() => {});",
      { kind: "exceeded", limit: "totalCalls", amount: 10_001 },
    ],
    ["a result of one character more", "return 'x'.repeat(1024 * 1024 - 1);", { kind: "exceeded", limit: "resultBytes", amount: MB + 1 }],
  ])("%s", async (_title, body, outcome) => {
    expect(await run(body)).toEqual({ outcome, lines: [], defects: [] });
  });

  it("a result of just the limit arrives", async () => {
    const { outcome } = await run("return 'x'.repeat(1024 * 1024 - 2);");
    expect(outcome.kind).toBe("answered");
  });
});

describe("a flood that is no reason to end", () => {
  it("of log lines is cut behind the limit, and the run goes on", async () => {
    const { outcome, lines } = await run("for (let i = 0; i < 1_000_000; i++) console.log(i); return 'done';");
    expect([outcome, lines.length, lines[0], lines.at(-1)]).toEqual([{ kind: "answered", text: `R"done"` }, 1001, "0", "1000"]);
  });

  it("of one long line is cut, and keeps its beginning", async () => {
    const { outcome, lines } = await run("console.log('a'.repeat(20_000_000)); console.log('more'); return 1;");
    expect([outcome, lines.length, lines[0]?.slice(0, 3), (lines[0]?.length ?? 0) > BOUNDS.logBytes, (lines[0]?.length ?? 0) < 3 * BOUNDS.logBytes]).toEqual([
      { kind: "answered", text: "R1" },
      1,
      "aaa",
      true,
      true,
    ]);
  });

  it("of timers that are started and stopped, of questions for the time and for random bytes leaves the host able to end it", async () => {
    for (const body of [
      "for (;;) clearTimeout(setTimeout(() => {}, 1e6));",
      "for (;;) performance.now();",
      "for (;;) crypto.getRandomValues(new Uint8Array(65_536));",
    ])
      expect((await run(body, { wallMs: 400 })).outcome).toEqual({ kind: "terminated", reason: "wall" });
  });
});

describe("an error that reads like the end of the isolate", () => {
  it.each(["Isolate is disposed", "Isolate was disposed during execution due to memory limit", "Isolate is already disposed"])("%s", async (message) => {
    const { outcome } = await run(`import { workflow } from "bifrost"; throw new Error(${JSON.stringify(message)});`);
    expect(outcome).toMatchObject({ kind: "threw", error: expect.stringContaining(message) as string });
    expect((await run(`setTimeout(() => { throw new Error(${JSON.stringify(message)}); }, 1); await new Promise(() => {});`)).outcome).toMatchObject({
      kind: "threw",
    });
  });
});

it("an error of any length tells its beginning, from a module, a timer or a rejection", async () => {
  for (const source of [
    `import { workflow } from "bifrost"; throw new TypeError("m".repeat(3_000_000));`,
    `setTimeout(() => { throw new TypeError("m".repeat(3_000_000)); }, 1); await new Promise(() => {});`,
    `Promise.reject(new TypeError("m".repeat(3_000_000))); await new Promise(() => {});`,
  ]) {
    const { outcome } = await run(source);
    expect(outcome.kind).toBe("threw");
    const { name, message, stack } = JSON.parse((outcome as { error: string }).error) as { name: string; message: string; stack: string };
    expect([name, message.slice(0, 3), message.length <= 1_000_001, stack.length <= 1_000_001]).toEqual(["TypeError", "mmm", true, true]);
  }
});

describe("a granted room", () => {
  it("compiles WebAssembly also asynchronously", async () => {
    const bytes = "new Uint8Array([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,7,1,3,97,100,100,0,0,10,9,1,7,0,32,0,32,1,106,11])";
    const { outcome } = await run(`return (await WebAssembly.instantiate(${bytes})).instance.exports.add(4, 5);`, { grants: { webAssembly: true } });
    expect(outcome).toEqual({ kind: "answered", text: "R9" });
  });

  it("differs from one that was granted nothing", async () => {
    const body = "return [typeof WebAssembly, (() => { try { return eval('1'); } catch (error) { return error.name; } })()];";
    const granted = await Promise.all([run(body), run(body, { grants: { webAssembly: true, codeGeneration: true } })]);
    expect(granted.map(({ outcome }) => outcome)).toEqual([
      { kind: "answered", text: `R["undefined","EvalError"]` },
      { kind: "answered", text: `R["object",1]` },
    ]);
  });
});

it("what host calls carry to the supervisor at one time is bounded, and author code is told", async () => {
  let waiting = 0;
  const source = (before: string): string =>
    `import { workflow, workflows } from "bifrost"; export default workflow(async () => { const input = "x".repeat(30_000_000); const calls = [${before}workflows.execute("a", input), workflows.execute("b", input)]; const settled = await Promise.allSettled(calls); return settled.map(({ status, reason }) => reason?.name ?? status); });`;
  const setting: Setting = {
    memoryMb: 512,
    onCall: (room, callId) => {
      waiting++;
      setTimeout(() => room.settle(callId, true, `{"result":1}`), 50);
    },
  };
  expect((await run(source(""), setting)).outcome).toEqual({ kind: "answered", text: `R["fulfilled","fulfilled"]` });
  expect((await run(source(`workflows.execute("c", input), `), setting)).outcome).toEqual({
    kind: "answered",
    text: `R["fulfilled","fulfilled","RangeError"]`,
  });
  expect(waiting).toBe(4);
});

describe("Room.cancel", () => {
  const cancelling: Setting = { onLine: (room, text) => void (text === "ready" && room.cancel().then((listens) => answers.push(listens))) };
  let answers: boolean[] = [];

  it.each([
    [
      "true where ctx.signal was read, and the run may end as it likes",
      "const { signal } = ctx; ctx.log.info('ready'); await new Promise((done) => signal.addEventListener('abort', done)); return 'cleaned up';",
      [true],
      { kind: "answered", text: `R"cleaned up"` },
    ],
    [
      "false where it was not",
      "ctx.log.info('ready'); await new Promise((done) => setTimeout(done, 20)); return 1;",
      [false],
      { kind: "answered", text: "R1" },
    ],
    [
      "what a listener throws ends the run",
      "ctx.signal.onabort = () => { throw new RangeError('listener'); }; ctx.log.info('ready'); await new Promise(() => {});",
      [true],
      { kind: "threw" },
    ],
    [
      "no answer while a listener holds the isolate",
      "ctx.signal.onabort = () => { for (;;); }; ctx.log.info('ready'); await new Promise(() => {});",
      [],
      { kind: "terminated", reason: "wall" },
    ],
  ] as const)("%s", async (_title, body, expected, outcome) => {
    answers = [];
    expect((await run(body, { ...cancelling, wallMs: 1500 })).outcome).toMatchObject(outcome);
    expect(answers.slice(0, expected.length)).toEqual(expected);
  });
});

it("calls that are not this process's own are handed on, and settled once", async () => {
  const settled: string[] = [];
  const onCall: Setting["onCall"] = (room, callId, name, argument) => {
    settled.push(`${name} ${argument}`);
    room.settle(callId, name === "config", name === "config" ? `{"value":"value"}` : JSON.stringify({ name: "TypeError", message: "refused" }));
    room.settle(callId, true, `"again"`);
    room.settle(callId + 1000, true, `"never asked"`);
  };
  const { outcome, defects } = await run(
    `import { workflow, config, workflows } from "bifrost"; export default workflow(async () => [await config.get("key"), await config.get("key")]);`,
    { onCall },
  );
  expect([outcome, defects]).toEqual([{ kind: "answered", text: `R["value","value"]` }, []]);
  expect(settled).toEqual([`config {"key":"key"}`, `config {"key":"key"}`]);
});
