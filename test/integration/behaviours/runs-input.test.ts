// What goes into a run and comes out of it, and who gets to read what (B90, B91), over a real Redis and a real PostgreSQL.
import { expect, it } from "vitest";
import { forCaller } from "../../../src/audience.ts";
import { workflow } from "../../support/engine.ts";
import { useStoredWorld } from "../../support/stored-world.ts";

const world = useStoredWorld();

it("B90: 10 MB go in and come out, and are in the record as they were", async () => {
  const harness = await world.harness({ files: { "wf.ts": workflow("return { length: p.text.length, text: p.text };") } });
  const text = "äöü€ plain ".repeat(1_000_000);
  expect(Buffer.byteLength(text)).toBeGreaterThan(10 * 1024 * 1024);
  const execution = await harness.run("wf.ts", { text });
  expect(execution.status).toBe("Success");
  expect((execution.result as { text: string }).text === text).toBe(true);
  const stored = await harness.executor.execution(execution.id);
  expect((stored.result as { text: string }).text === text).toBe(true);
}, 60_000);

it("B90: past the limit an input is refused before it begins, and a result fails its run, each with its own code", async () => {
  const harness = await world.harness({ files: { "wf.ts": workflow("return 'x'.repeat(p.length);") } });
  await expect(harness.run("wf.ts", { text: "x".repeat(33 * 1024 * 1024) })).rejects.toMatchObject({
    code: "ERR_INPUT_TOO_LARGE",
    details: { limit: 32 * 1024 * 1024 },
  });
  const execution = await harness.run("wf.ts", { length: 33 * 1024 * 1024 });
  expect(execution).toMatchObject({ status: "Failed", error: { code: "ERR_RESULT_TOO_LARGE" } });
  expect(await harness.executor.execution(execution.id)).toEqual(execution);
}, 60_000);

it("B90: an input that does not fit names path, expected and received of each problem; extra keys follow the schema; the function is not called", async () => {
  const harness = await world.harness({
    files: {
      "wf.ts": `import { workflow, z } from "bifrost";
const item = z.object({ id: z.number().int(), tags: z.array(z.string()) });
export default workflow({ params: z.object({ list: z.array(item), who: z.string().default("nobody") }) }, async (p, ctx) => { ctx.log.info("called"); return p; });
export const strict = workflow({ params: z.strictObject({ a: z.number() }) }, async (p) => p);
export const loose = workflow({ params: z.looseObject({ a: z.number() }) }, async (p) => p);
`,
    },
  });
  expect(await harness.run("wf.ts", { list: [{ id: 1, tags: [], extra: 1 }], other: true })).toMatchObject({
    status: "Success",
    result: { list: [{ id: 1, tags: [] }], who: "nobody" },
  });
  const { status, error, logs } = await harness.run("wf.ts", { list: [{ id: 1.5, tags: ["a", 2] }, "no"], who: null });
  expect({ status, code: error?.code, logs }).toEqual({ status: "Failed", code: "ERR_INPUT_INVALID", logs: [] });
  const problems = error?.details?.["problems"] as { path: string; expected: string; received: string }[];
  expect(problems.map(({ path }) => path)).toEqual(["$.list[0].id", "$.list[0].tags[1]", "$.list[1]", "$.who"]);
  for (const { expected, received } of problems) expect([expected, received]).not.toContain("");
  for (const { path } of problems) expect(error?.message).toContain(path);
  expect((await harness.run("wf.ts::strict", { a: 1, b: 2 })).error).toMatchObject({ code: "ERR_INPUT_INVALID" });
  expect((await harness.run("wf.ts::loose", { a: 1, b: 2 })).result).toEqual({ a: 1, b: 2 });
});

it("B90: a schema in an imported module, with refinements and transforms, is that of the snapshot", async () => {
  const harness = await world.harness({
    files: {
      "wf.ts": `import { workflow } from "bifrost"; import { params } from "shared/params"; export default workflow({ params }, async (p) => p);`,
      "shared/params.ts": `import { z } from "bifrost"; export const params = z.object({ n: z.coerce.number().transform((n) => n * 2) });`,
    },
  });
  expect((await harness.run("wf.ts", { n: "21" })).result).toEqual({ n: 42 });
  await harness.write({
    "shared/params.ts": `import { z } from "bifrost"; export const params = z.object({ n: z.number().refine((n) => n > 100, "more than a hundred") });`,
  });
  expect((await harness.run("wf.ts", { n: 21 })).error).toMatchObject({
    code: "ERR_INPUT_INVALID",
    message: expect.stringContaining("more than a hundred") as string,
  });
});

const UNFIT: Readonly<Record<string, string>> = {
  "a function": "return { at: [() => 1] };",
  "a symbol": "return { at: [Symbol('x')] };",
  "a cycle": "const at: any[] = []; at[0] = at; return { at };",
};

it.each(Object.entries(UNFIT))("B90: a result with %s in it fails with a clear error that names the path, and is recorded", async (_title, body) => {
  const harness = await world.harness({ files: { "wf.ts": workflow(body) } });
  const execution = await harness.run("wf.ts");
  expect(execution).toMatchObject({ status: "Failed", error: { code: "ERR_RESULT_NOT_SERIALIZABLE", message: expect.stringContaining("at[0]") as string } });
  expect(await world.rows("select error->>'code' as code from executions where id = $1", [execution.id])).toEqual([{ code: "ERR_RESULT_NOT_SERIALIZABLE" }]);
});

it("B91: a UserError's message reaches the caller verbatim; of any other error he reads that it failed, and the record keeps all of it", async () => {
  const harness = await world.harness({
    files: {
      "wf.ts": `import { workflow, UserError } from "bifrost"; import { check } from "./check";
class NotYours extends UserError {}
export const plain = workflow(async () => { throw new UserError("Choose another date."); });
export const derived = workflow(async () => { throw new NotYours("That is not yours."); });
export const inner = workflow(async () => { ctx(); function ctx(): never { throw new Error("db at 10.0.0.1 said no", { cause: new UserError("hidden") }); } });
export const deep = workflow(async (p) => { check(p); });
`,
      "check.ts": `import { UserError } from "bifrost"; export function check(p: any): void { if (p.n === undefined) throw new UserError("n is missing"); }`,
    },
  });
  for (const [name, message] of [
    ["plain", "Choose another date."],
    ["derived", "That is not yours."],
    ["deep", "n is missing"],
  ]) {
    const execution = await harness.run(`wf.ts::${name}`);
    expect(execution.error).toMatchObject({ message, userFacing: true });
    expect(forCaller(execution).error?.message).toBe(message);
    expect(forCaller(await harness.executor.execution(execution.id))).toEqual(forCaller(execution));
  }
  const execution = await harness.run("wf.ts::inner");
  expect(execution.error).toMatchObject({ message: "db at 10.0.0.1 said no", cause: { message: "hidden" }, frames: [{ path: "wf.ts" }, { path: "wf.ts" }] });
  expect(JSON.stringify(forCaller(execution))).not.toMatch(/10\.0\.0\.1|hidden|wf\.ts:\d/);
  expect((await harness.executor.execution(execution.id)).error).toEqual(execution.error);
});
