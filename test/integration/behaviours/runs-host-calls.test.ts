// A host call that fails never ends the process that serves it, whatever author code does with the rejection (B85).
import { expect, it } from "vitest";
import { roomProcesses } from "../../support/child-processes.ts";
import { settledProcesses } from "../../../src/testing/shared-pools.ts";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

const REJECTIONS: Readonly<Record<string, string>> = {
  "a digest of an algorithm that is not there": "void crypto.subtle.digest('no-such', new Uint8Array(1));",
  "an import of a module that is not there": "void import('./nowhere' + '');",
  "an import that is denied": "void import('child_process' + '');",
  "an import of a module that does not parse": "void import('./broken' + '');",
  "a hundred failing calls at once": "for (let n = 0; n < 100; n += 1) { void crypto.subtle.digest('no' + n, new Uint8Array(1)); void import('./no' + n); }",
};

it.each(Object.entries(REJECTIONS))("B85: %s, whose rejection nobody handles, fails the run and never the process", async (_title, body) => {
  const harness = await engine.harness({
    files: {
      "wf.ts": workflow(`${body} await new Promise((r) => setTimeout(r, 200)); return 1;`),
      "fine.ts": workflow("return 'fine';"),
      "broken.ts": "export default ((;",
    },
  });
  await Promise.all([harness.run("fine.ts"), harness.run("fine.ts"), harness.run("fine.ts"), harness.run("fine.ts")]);
  // At rest: where a workspace has taken every child, one that it leaves idle makes room for a spare.
  await settledProcesses();
  const before = new Set(roomProcesses());
  for (let n = 0; n < 3; n += 1) {
    const { status, error } = await harness.run("wf.ts");
    expect([status, error?.code === "ERR_PROCESS_CRASH"]).toEqual(["Failed", false]);
  }
  expect((await harness.run("fine.ts")).result).toBe("fine");
  // None was lost: those there were are there still, beside such as were started meanwhile.
  expect([...before].filter((id) => !roomProcesses().includes(id))).toEqual([]);
});

const HANDLED: Readonly<Record<string, string>> = {
  "caught at once": "try { await fail(); } catch {}",
  "caught late": "const late = fail(); late.catch(() => {}); await new Promise((r) => setTimeout(r, 20)); await late.catch(() => {});",
  "caught and thrown from the handler into another promise": "await fail().catch(() => Promise.reject(new Error('again'))).catch(() => {});",
  "raced against itself": "await Promise.allSettled([fail(), fail(), Promise.race([fail(), fail()]).catch(() => {}), Promise.any([fail(), fail()])]);",
  "on an object with a hostile then":
    "Object.defineProperty(Object.prototype, 'then', { configurable: true, get() { return undefined; } }); await fail().catch(() => {}); delete (Object.prototype as any).then;",
  "with a hostile toString as argument":
    "try { await crypto.subtle.digest({ toString() { throw new Error('x'); } } as any, new Uint8Array(1)); } catch {} try { await import({ toString() { throw new Error('y'); } } as any); } catch {}",
  "with arguments of every wrong kind":
    "for (const bad of [undefined, null, 1n, Symbol('s'), {}, [], () => {}, NaN, 'x'.repeat(100_000)] as any[]) { try { await crypto.subtle.digest(bad, bad); } catch {} try { await import(bad); } catch {} try { ctx.log.info(bad, bad); } catch {} try { structuredClone(bad); } catch {} }",
};

it.each(Object.entries(HANDLED))("B85: a failing host call %s does not even fail the run", async (_title, body) => {
  const harness = await engine.harness({
    files: {
      "wf.ts": workflow(`const fail = () => p.import ? import("./nowhere" + "") : crypto.subtle.digest("no-such", new Uint8Array(1)); ${body} return "on";`),
    },
  });
  for (const input of [{}, { import: true }]) expect(await harness.run("wf.ts", input)).toMatchObject({ status: "Success", result: "on" });
});
