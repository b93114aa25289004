// What the soak runs: good workflows, each of which checks that nothing of others has reached it, and hostile ones of every kind.
// A form judges how its own run ended.
import type { Execution } from "../../src/completion.ts";
import { MB, type AskedLimits } from "../../src/limits.ts";

export interface SoakForm {
  readonly name: string;
  /** Body of a workflow's function; `p` is {n}, `ctx` its context. */
  readonly body: string;
  /** What stands above it. */
  readonly head?: string;
  readonly limits?: AskedLimits;
  /** Cancelled at its first log line. */
  readonly cancelled?: true;
  /** What is wrong with how it ended; undefined where nothing is. */
  judge(execution: Execution, n: number): string | undefined;
}

/** Beside the forms' own files. */
export const LIBRARY: Readonly<Record<string, string>> = {
  "lib/sum.ts": `import { STEP } from "./step.ts";\nlet calls = 0;\nexport const sum = (n: number): number => { let all = 0; for (let i = 1; i <= n % 100; i += STEP) all += i; calls++; return all; };\nexport const called = (): number => calls;\n`,
  "lib/step.ts": `export const STEP: number = 1;\n`,
  "lib/late.ts": `await null;\nexport const late = (n: number): string => "late " + n;\n`,
};

/** Says what an earlier run may have left: it must find nothing. */
const CLEAN = `const left = [globalThis, Object.prototype, Array.prototype, Promise.prototype].flatMap((place) => Object.getOwnPropertyNames(place).filter((key) => key.startsWith("soak")));
  if (left.length > 0) throw new Error("left by others: " + left.join());
  (globalThis as any).soak = p.n; (Object.prototype as any).soakProto = p.n; delete (Object.prototype as any).soakProto;`;

export const GOOD: readonly SoakForm[] = [
  {
    name: "sums",
    head: `import { sum, called } from "./lib/sum.ts";`,
    body: `${CLEAN} return { n: p.n, sum: sum(p.n), called: called() };`,
    judge: (execution, n) => returned(execution, { n, sum: ((n % 100) * ((n % 100) + 1)) / 2, called: 1 }),
  },
  {
    name: "talks",
    body: `${CLEAN} for (let i = 0; i < p.n % 7; i++) console.log("line", i, "of", p.n); ctx.log.warn("data", { n: p.n }); return p.n;`,
    judge: (execution, n) => returned(execution, n) ?? said(execution, [...Array.from({ length: n % 7 }, (_, i) => `line ${i} of ${n}`), "data"]),
  },
  {
    name: "waits and imports",
    body: `${CLEAN} await new Promise((done) => setTimeout(done, p.n % 5)); const { late } = await import("./lib/late.ts"); return late(p.n);`,
    judge: (execution, n) => returned(execution, `late ${n}`),
  },
  {
    name: "digests",
    body: `${CLEAN} const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(String(p.n)))); return { n: p.n, length: bytes.length };`,
    judge: (execution, n) => returned(execution, { n, length: 32 }),
  },
  {
    name: "gives 20 kB",
    body: `${CLEAN} return Array.from({ length: 200 }, (_, i) => ({ n: p.n, i, text: "x".repeat(80) }));`,
    judge: ({ status, result }, n) => {
      const rows = result as readonly { readonly n: number }[] | undefined;
      return status === "Success" && rows?.length === 200 && rows.every((row) => row.n === n) ? undefined : `${status} with other rows`;
    },
  },
  {
    name: "fails as it means to",
    head: `import { UserError } from "bifrost";`,
    body: `${CLEAN} throw new UserError("no " + p.n);`,
    judge: ({ status, error }, n) =>
      status === "Failed" && error?.code === undefined && error?.message === `no ${n}` ? undefined : `${status}: ${error?.message}`,
  },
];

const WALL: AskedLimits = { wallMs: 250, cpuMs: 60_000 };
const MEMORY: AskedLimits = { wallMs: 20_000, cpuMs: 20_000, memoryBytes: 16 * MB };
const SLEEP = "await new Promise((done) => setTimeout(done, 3));";

export const HOSTILE: readonly SoakForm[] = [
  ...coded("ERR_TIMEOUT_WALL", WALL, {
    "a loop": "for (;;);",
    "promise jobs without end": "const again = (): unknown => Promise.resolve().then(again); again(); await new Promise(() => {});",
    "a promise that never settles": "await new Promise(() => {});",
    "a loop after an awaited host call": `${SLEEP} for (;;);`,
    "a loop in a timer": "setTimeout(() => { for (;;); }, 1); await new Promise(() => {});",
    "a getter that loops while the result is read": "return { get rows() { for (;;); } };",
    "includes over 2^53 - 1 places": "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);",
    "powers of integers without end": "let x = 3n; for (;;) x = (x ** 1000n) % (2n ** 4000n);",
    "digits of an enormous integer": "return String(7n ** 3_000_000n).length + String(3n ** 20_000_000n).length + String(5n ** 20_000_000n).length;",
  }),
  {
    name: "looping getters thrown at the top level",
    head: "const looping = { get message() { for (;;); }, get stack() { for (;;); } };\nif (looping) throw looping;",
    body: "return 1;",
    limits: WALL,
    judge: coding("ERR_TIMEOUT_WALL"),
  },
  ...coded("ERR_TIMEOUT_CPU", { wallMs: 20_000, cpuMs: 100 }, { "a loop that uses up its processor time": "for (;;);" }),
  ...coded("ERR_MEMORY_LIMIT", MEMORY, {
    "objects without end": "const all: unknown[] = []; for (;;) all.push({ a: new Array(100).fill(all.length) });",
    "a Map without end": "const all = new Map<number, unknown>(); for (let i = 0; ; i++) all.set(i, { i });",
    "buffers without end": "const all: unknown[] = []; for (;;) all.push(new Uint8Array(4_000_000).fill(1));",
    "an array of 2^32 - 2 places that is filled": "new Array(2 ** 32 - 2).fill(0);",
    "an array made of 2^32 - 1 places": "Array.from({ length: 2 ** 32 - 1 });",
  }),
  ...coded(
    "ERR_HOST_CALL_LIMIT",
    { ...WALL, wallMs: 20_000, totalCalls: 300, pendingCalls: 300 },
    {
      "a storm of imports": `for (let i = 0; ; i++) await import("./nowhere" + i + ".ts").catch(() => {});`,
      "a storm of timers": "for (;;) setTimeout(() => {}, 1000);",
    },
  ),
  ...coded("ERR_RESULT_TOO_LARGE", { ...WALL, wallMs: 20_000, resultBytes: 10_000 }, { "a result that is too large": `return "x".repeat(10_000);` }),
  {
    name: "a flood of log lines",
    body: `for (let i = 0; i < 5000; i++) console.log("flood", i); return p.n;`,
    limits: { wallMs: 20_000, cpuMs: 20_000, logLines: 200 },
    judge: (execution, n) =>
      returned(execution, n) ??
      (execution.logs.length <= 201 && /truncated/.test(execution.logs.at(-1)?.message ?? "") ? undefined : `${execution.logs.length} lines`),
  },
  {
    name: "a flood of rejections",
    body: `for (let i = 0; i < 2000; i++) void Promise.reject(new Error("rejected " + p.n)); ${SLEEP} return 1;`,
    judge: ({ status, error }, n) =>
      status === "Failed" && error?.code === undefined && error?.message === `rejected ${n}` ? undefined : `${status}: ${error?.message}`,
  },
  {
    name: "prototypes and globals replaced",
    body: `for (const place of [Array.prototype, Object.prototype, Promise.prototype, String.prototype] as any[]) for (const key of Reflect.ownKeys(place)) try { place[key] = () => { throw 1; }; } catch {} Object.defineProperty(Object.prototype, "soakLeft", { value: 1 }); (globalThis as any).soakLeft = 1; return 1;`,
    limits: WALL,
    // Its own ruin is its own affair; what it left is what the next run looks for.
    judge: () => undefined,
  },
  {
    name: "a loop that is cancelled",
    body: `console.log("begun"); for (;;);`,
    limits: { wallMs: 20_000, cpuMs: 20_000 },
    cancelled: true,
    judge: coding("ERR_CANCELLED"),
  },
];

function coded(code: string, limits: AskedLimits, bodies: Readonly<Record<string, string>>): SoakForm[] {
  return Object.entries(bodies).map(([name, body]) => ({ name, body, limits, judge: coding(code) }));
}

function coding(code: string): SoakForm["judge"] {
  return ({ status, error }) => (error?.code === code ? undefined : `${status} ${error?.code ?? error?.message ?? ""} instead of ${code}`);
}

function returned({ status, result, error }: Execution, wanted: unknown): string | undefined {
  if (status !== "Success") return `${status} ${error?.code ?? ""}: ${error?.message}`;
  return JSON.stringify(result) === JSON.stringify(wanted) ? undefined : `returned ${JSON.stringify(result)?.slice(0, 200)}`;
}

function said({ logs }: Execution, wanted: readonly string[]): string | undefined {
  const messages = logs.map(({ message }) => message);
  return JSON.stringify(messages) === JSON.stringify(wanted) ? undefined : `said ${JSON.stringify(messages).slice(0, 200)}`;
}
