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
const SUM_BOMB = `export const a = ${"1+".repeat(50_000)}1;`;
const NESTED_BOMB = `export const a = ${"(".repeat(20_000)}1${")".repeat(20_000)};`;

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

  it("a module that takes too long ends as a syntax fault, and those behind it are compiled", async () => {
    await using transpile = pool({ timeoutMs: 1500, size: 1 });
    const outcomes = await transpile.compile([SUM_BOMB, "export const b = 1;", "export const c = 1;"].map(request));
    expect(outcomes.map(told)).toEqual(["ERR_MODULE_SYNTAX time", "export const b = 1;", "export const c = 1;"]);
    expect(outcomes[0]).toMatchObject({ fault: { name: "SyntaxError" } });
    expect(told((await transpile.compile([request("export const d = 1;")]))[0])).toBe("export const d = 1;");
  });

  it("20,000 nested parentheses cost neither host nor child its life", async () => {
    await using transpile = pool({ size: 1 });
    expect(told((await transpile.compile([request("1")]))[0])).toContain("1;");
    const before = children();
    expect(told((await transpile.compile([request(NESTED_BOMB)]))[0])).toBe("ERR_MODULE_SYNTAX depth");
    expect(children()).toEqual(before);
  });

  it("a module that exhausts the child's memory ends as a syntax fault, others do not", async () => {
    await using transpile = pool({ memoryMb: 40, size: 1 });
    const big = `export const a = [${"[1,2,{a:3}],".repeat(60_000)}];`;
    const outcomes = await transpile.compile([big, "export const b = 1;"].map(request));
    expect(outcomes.map(told)).toEqual(["ERR_MODULE_SYNTAX memory", "export const b = 1;"]);
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
