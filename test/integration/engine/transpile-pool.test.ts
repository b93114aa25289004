import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { hashContent } from "../../../src/modules/content-hash.ts";
import type { CompileRequest } from "../../../src/modules/compiler/transpile.ts";
import { createTranspilePool } from "../../../src/process/transpile-pool.ts";
import type { TranspileOutcome, TranspilePoolOptions } from "../../../src/process/transpile-pool.ts";

function request(text: string): CompileRequest {
  return { hash: hashContent(text), kind: "ts", text, options: {} };
}

function told(outcome: TranspileOutcome | undefined): string {
  if (outcome === undefined) return "nothing";
  return "ok" in outcome ? outcome.ok.js.trim() : `${outcome.fault.code} ${(outcome.fault.details["reason"] as string | undefined) ?? ""}`.trim();
}

/** Process ids of the transpile children of this process. */
function children(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1];
        return Number(parent) === process.pid && readFileSync(`/proc/${name}/cmdline`, "utf8").includes("transpile-child");
      } catch {
        return false;
      }
    })
    .map(Number);
}

const pool = (options: TranspilePoolOptions = {}): ReturnType<typeof createTranspilePool> => createTranspilePool({ size: 2, ...options });
const SUM_BOMB = `export const a = ${"1+".repeat(200_000)}1;`;
const NESTED_BOMB = `export const a = ${"(".repeat(20_000)}1${")".repeat(20_000)};`;
/** Each level doubles the work of the parser. */
const DOUBLING_BOMB = `export const x = ${"async(".repeat(40)}`;
/** Its chain is no nesting to people, and too deep for the compiler's stack. */
const CHAIN_BOMB = `export const x = (y: number) => y${".z".repeat(20_000)};`;

describe("transpile pool", () => {
  it("gives one outcome for each request, in order, equal ones done once, syntax errors as diagnostics", async () => {
    await using transpile = pool();
    const texts = Array.from({ length: 60 }, (_, index) => `export const x = ${index % 50};`);
    const outcomes = await transpile.compile([...texts, "const ="].map(request));
    expect(outcomes.slice(0, 60).map(told)).toEqual(texts);
    expect(outcomes[0]).toBe(outcomes[50]);
    const broken = outcomes[60];
    expect(broken !== undefined && "ok" in broken && broken.ok.facts.diagnostics[0]?.severity).toBe("error");
  });

  it.each([
    ["a sum of 200,000 terms", SUM_BOMB],
    ["140 characters that double the parser's work forty times", DOUBLING_BOMB],
  ])("a module that takes too long ends by itself, with what to do, and those behind it are compiled: %s", async (_title, bomb) => {
    await using transpile = pool({ timeoutMs: 1000, size: 1 });
    const outcomes = await transpile.compile([bomb, "export const b = 1;", "export const c = 1;"].map(request));
    expect(outcomes.map(told)).toEqual(["ERR_NESTING_LIMIT time", "export const b = 1;", "export const c = 1;"]);
    expect(outcomes[0]).toMatchObject({
      fault: { name: "SyntaxError", details: { limit: 1000 }, message: expect.stringContaining("Split the module") as string },
    });
    expect(told((await transpile.compile([request("export const d = 1;")]))[0])).toBe("export const d = 1;");
  });

  it("a source that took too long is not tried again, whoever asks", async () => {
    await using transpile = pool({ timeoutMs: 500, size: 1 });
    const [first] = await transpile.compile([request(DOUBLING_BOMB)], { tenant: "one" });
    const [child] = children();
    expect(child).toBeUndefined();
    const again = await transpile.compile([request(DOUBLING_BOMB)], { tenant: "two" });
    expect(again).toEqual([first]);
    // Nobody was started for it.
    expect(children()).toEqual([]);
  });

  it("20,000 nested parentheses cost neither host nor child its life: they are found before the parser meets them", async () => {
    await using transpile = pool({ size: 1 });
    expect(told((await transpile.compile([request("1")]))[0])).toContain("1;");
    const before = children();
    const [outcome] = await transpile.compile([request(NESTED_BOMB)]);
    expect(outcome).toMatchObject({ fault: { code: "ERR_NESTING_LIMIT", details: { reason: "depth", limit: 2000, line: 1, column: 2017 } } });
    expect(children()).toEqual(before);
  });

  it("a compiler that ran out of stack compiles nobody else's module: what it had remembered would be read into it", async () => {
    await using transpile = pool({ size: 1 });
    // The parser remembers that what opens at the first bracket is no arrow function, and forgets it where it ends well only.
    const bomb = `export const a = (x)+${"(x=".repeat(20_000)}`;
    const jsx: CompileRequest = { ...request(bomb), kind: "tsx" };
    const [refused, good] = await transpile.compile([jsx, request("export const b = (y) => y;")]);
    expect(told(refused)).toBe("ERR_NESTING_LIMIT stack");
    expect(told(good)).toBe("export const b = (y) => y;");
    expect(told((await transpile.compile([request("export const c = (y) => y;")]))[0])).toBe("export const c = (y) => y;");
  });

  it("a number of a million digits, one token, is refused like other sources that overflow the compiler's stack", async () => {
    await using transpile = pool({ size: 1 });
    const outcomes = await transpile.compile([`export const a = 0x${"f".repeat(1_000_000)}n;`, "export const b = 1;"].map(request));
    expect(outcomes.map(told)).toEqual(["ERR_NESTING_LIMIT stack", "export const b = 1;"]);
  });

  it("a chain that overflows the compiler's stack is told with its length and place", async () => {
    await using transpile = pool({ size: 1 });
    const [outcome] = await transpile.compile([request(CHAIN_BOMB)]);
    expect(outcome).toMatchObject({ fault: { code: "ERR_NESTING_LIMIT", details: { reason: "stack", line: 1, amount: expect.any(Number) as number } } });
  });

  it("a module that exhausts the child's memory ends by itself at the first try, others do not", async () => {
    await using transpile = pool({ memoryMb: 40, size: 1 });
    const big = `export const a = [${"[1,2,{a:3}],".repeat(60_000)}];`;
    const outcomes = await transpile.compile([big, "export const b = 1;"].map(request));
    expect(outcomes.map(told)).toEqual(["ERR_NESTING_LIMIT memory", "export const b = 1;"]);
    expect(outcomes[0]).toMatchObject({ fault: { details: { limit: 40 * 1024 * 1024 } } });
  });

  it("a tenant's bombs make no other tenant wait: not its first, and not those behind it", async () => {
    await using transpile = pool({ timeoutMs: 60_000, size: 1 });
    const bombs = Array.from({ length: 20 }, (_, index) => request(`${DOUBLING_BOMB} // ${index}`));
    const hostile = transpile.compile(bombs, { tenant: "hostile" });
    for (let index = 0; index < 3; index += 1) {
      expect(told((await transpile.compile([request(`export const x = ${index};`)], { tenant: "good" }))[0])).toBe(`export const x = ${index};`);
    }
    // Its one child is at the first of them; the other was the good tenant's.
    expect(children().length).toBe(2);
    await transpile.close();
    expect((await hostile).map(told)).toEqual(bombs.map(() => "ERR_EXECUTOR_CLOSED"));
  });

  it("a hundred bombs at once end too, with the honest modules among them compiled as long as there is patience", async () => {
    await using transpile = pool({ timeoutMs: 400, size: 1 });
    const bombs = (count: number, name: string): CompileRequest[] =>
      Array.from({ length: count }, (_, index) => request(`${DOUBLING_BOMB} // ${name} ${index}`));
    const good = (index: number): CompileRequest => request(`export const good = ${index};`);
    const outcomes = (await transpile.compile([...bombs(6, "a"), good(1), ...bombs(94, "b"), good(2)])).map(told);
    expect(outcomes.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => "ERR_NESTING_LIMIT time"));
    expect([outcomes[6], outcomes[101]]).toEqual(["export const good = 1;", "ERR_NESTING_LIMIT time"]);
    // Neither what was given up nor what had less time is held against it.
    expect(told((await transpile.compile([good(2)]))[0])).toBe("export const good = 2;");
  }, 90_000);

  it("tenants are served in turn: a module behind a thousand of another's is among the first", async () => {
    await using transpile = pool({ size: 1 });
    const order: string[] = [];
    const many = Array.from({ length: 400 }, (_, index) => request(`export const many = ${index};`));
    const hostile = transpile.compile(many, { tenant: "many" }).then(() => order.push("many"));
    const good = transpile.compile([request("export const one = 1;")], { tenant: "one" }).then(() => order.push("one"));
    await Promise.all([hostile, good]);
    expect(order).toEqual(["one", "many"]);
  });

  it("a child that someone kills is replaced, and its work is done again", async () => {
    await using transpile = pool({ size: 1 });
    await transpile.compile([request("1")]);
    const [child] = children();
    const compiling = transpile.compile(Array.from({ length: 40 }, (_, index) => request(`export const y = ${index};`)));
    process.kill(child ?? 0, "SIGKILL");
    expect((await compiling).map(told)).toEqual(Array.from({ length: 40 }, (_, index) => `export const y = ${index};`));
    expect(children()).not.toContain(child);
  });

  it("B82: no process is left behind after close, and what was in flight is told so", async () => {
    const transpile = pool();
    transpile.warm();
    const compiling = transpile.compile([request(SUM_BOMB)]);
    expect(children().length).toBeGreaterThan(0);
    await transpile.close();
    expect(told((await compiling)[0])).toBe("ERR_EXECUTOR_CLOSED");
    expect(children()).toEqual([]);
    expect(told((await transpile.compile([request("1")]))[0])).toBe("ERR_EXECUTOR_CLOSED");
    await transpile.close();
  });

  it("an executable that is not Node fails the request and nothing else", async () => {
    await using transpile = pool({ execPath: "/nonexistent/node" });
    expect(told((await transpile.compile([request("1")]))[0])).toBe("ERR_INTERNAL");
  });

  const moduleUrl = new URL("../../../src/process/transpile-pool.ts", import.meta.url).href;
  const script = (body: string): readonly string[] => [
    "--input-type=module",
    "-e",
    `import { createTranspilePool } from ${JSON.stringify(moduleUrl)}; const pool = createTranspilePool(); ${body}`,
  ];

  it("an idle child does not keep its host alive, a host with work waits for it, and the child ends with its host", () => {
    const compile = `console.log((await pool.compile([{ hash: "h", kind: "ts", text: "1", options: {} }]))[0].ok.js.trim());`;
    expect(execFileSync(process.execPath, [...script(compile)], { encoding: "utf8" })).toContain("1;");
  });

  it("B112: a child at work ends when its host is killed", async () => {
    const body = `pool.compile([{ hash: "h", kind: "ts", text: "1+".repeat(200000) + "1", options: {} }]); const { readFileSync } = await import("node:fs");
      setTimeout(() => { console.log(readFileSync("/proc/self/task/" + process.pid + "/children", "utf8").trim()); process.kill(process.pid, "SIGKILL"); }, 1500);`;
    let printed = "";
    try {
      execFileSync(process.execPath, [...script(body)], { encoding: "utf8" });
    } catch (error) {
      printed = (error as { stdout: string }).stdout;
    }
    const orphan = Number(printed.trim());
    expect(orphan).toBeGreaterThan(0);
    const deadline = Date.now() + 10_000;
    while (isAlive(orphan) && Date.now() < deadline) await sleep(50);
    expect(isAlive(orphan)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
