import { describe, expect, it } from "vitest";
import { createRoom, type TestRoom } from "../../support/room.ts";

async function withEntry(room: TestRoom, declarations: string): Promise<void> {
  await room.evaluate(
    { "entry.js": `import * as sdk from "bifrost"; const { workflow, tool, dataProvider, UserError, z } = sdk;\n${declarations}` },
    "entry.js",
  );
}

describe("invoking", () => {
  it("calls what workflow, tool or dataProvider declared, with parameters and a context", async () => {
    await using room = await createRoom();
    await withEntry(
      room,
      `export default workflow({ name: "main" }, async (params, ctx) => [params, ctx.executionId, ctx.workflow, ctx.workspace, Object.keys(ctx.log), Object.isFrozen(ctx)]);
       export const shout = tool((params) => params.text.toUpperCase()); export const options = dataProvider({ description: "d" }, () => [{ label: "a", value: 1 }]);`,
    );
    expect(await room.invoke("default", { a: 1 })).toEqual({
      outcome: "R",
      value: [{ a: 1 }, "execution-1", "entry.js::default", "default", ["debug", "info", "warn", "error"], true],
    });
    expect(await room.invoke("shout", { text: "hi" })).toEqual({ outcome: "R", value: "HI" });
    expect(await room.invoke("options")).toEqual({ outcome: "R", value: [{ label: "a", value: 1 }] });
  });

  it("B16: an export that is no executable is refused with what the file exports", async () => {
    await using room = await createRoom();
    await withEntry(
      room,
      `export default async function main() {} export const n = 1; export const wf = workflow(() => 1); export const fake = Object.assign(() => 1, { kind: "workflow" });`,
    );
    expect(await room.invoke("default")).toEqual({ outcome: "X", value: { exports: ["default", "fake", "n", "wf"], found: "function" } });
    expect(await room.invoke("n")).toMatchObject({ outcome: "X", value: { found: "number" } });
    expect(await room.invoke("absent")).toMatchObject({ outcome: "X", value: { found: "undefined" } });
    expect(await room.invoke("fake")).toMatchObject({ outcome: "X", value: { found: "function" } });
    expect(await room.invoke("toString")).toMatchObject({ outcome: "X", value: { found: "undefined" } });
  });

  it("a declaration that is wrong fails where it stands, and says what it must be", async () => {
    await using room = await createRoom();
    await withEntry(
      room,
      `const outcome = (make) => { try { make(); return "made"; } catch (error) { return error.name + ": " + error.message; } };
       export default workflow(() => [() => workflow(), () => workflow({}), () => workflow({ name: "" }, () => 1), () => tool({ params: { a: 1 } }, () => 1), () => dataProvider({ timeout: "soon" }, () => 1), () => workflow({ timeout: "1.5h", name: "x" }, () => 1)].map(outcome));`,
    );
    expect((await room.invoke()).value).toEqual([
      "TypeError: workflow(options, function): options is undefined, and must be an object",
      "TypeError: workflow(options, function): the second argument is undefined, and must be a function",
      'TypeError: workflow({ name }): name is string "", and must be a non-empty string',
      "TypeError: tool({ params }): params is object, and must be a schema, as z.object({ … }) gives",
      'TypeError: dataProvider({ timeout }): timeout is string "soon", and must be milliseconds or a text such as "30s", "5m" or "1h"',
      "made",
    ]);
  });

  it("author code may call an executable directly: same check, same context; problems are thrown", async () => {
    await using room = await createRoom({ zod: true });
    await withEntry(
      room,
      `const child = workflow({ name: "child", params: z.object({ n: z.number().default(2) }) }, async (params, ctx) => [params.n, ctx.executionId]);
       export default workflow(async () => [await child(), await child({ n: 5 }), await child({ n: "x" }).catch((error) => [error.name, error.message])]);`,
    );
    expect((await room.invoke()).value).toEqual([
      [2, "execution-1"],
      [5, "execution-1"],
      ["TypeError", 'Parameters for child do not fit its schema: $.n: expected number, received string "x"'],
    ]);
    await using other = await createRoom();
    await withEntry(
      other,
      `const child = workflow({ name: "child" }, () => 1); export let message; await child().catch((error) => { message = error.message; }); export default workflow(() => message);`,
    );
    expect((await other.invoke()).value).toMatch(/^child was called while modules were being evaluated/);
  });

  it("z is there for modules linked before zod is given and after", async () => {
    await using room = await createRoom({ zod: true });
    await withEntry(
      room,
      `export default workflow(() => [typeof z.object, z.string().safeParse(1).success, Object.keys(z.locales), z.email().safeParse("a@b.co").success]);`,
    );
    expect((await room.invoke()).value).toEqual(["function", false, ["en"], true]);
  });
});

describe("B90: an input that does not fit", () => {
  it.each([
    ["z.object({ n: z.number() })", { n: "a" }, "$.n", "number", 'string "a"'],
    ["z.object({ n: z.number() })", {}, "$.n", "number", "undefined"],
    ["z.object({ n: z.number() })", [1], "$", "object", "array"],
    ["z.object({ n: z.number().int() })", { n: 1.5 }, "$.n", "int", "number 1.5"],
    ["z.object({ n: z.number().positive() })", { n: -1 }, "$.n", "number greater than 0", "number -1"],
    ["z.object({ n: z.number().max(3) })", { n: 4 }, "$.n", "number at most 3", "number 4"],
    ["z.object({ s: z.string().min(2) })", { s: "" }, "$.s", "string of length at least 2", 'string ""'],
    ["z.object({ s: z.email() })", { s: "x" }, "$.s", "string in format email", 'string "x"'],
    ['z.object({ s: z.enum(["a", "b"]) })', { s: "c" }, "$.s", '"a" | "b"', 'string "c"'],
    ["z.object({ s: z.literal(5) })", { s: true }, "$.s", "5", "boolean true"],
    ["z.object({ s: z.union([z.string(), z.number()]) })", { s: null }, "$.s", "string | number", "null"],
    ["z.strictObject({ a: z.string() })", { a: "x", b: 1, c: 2 }, "$", "no other keys", 'unknown keys "b", "c"'],
    ['z.object({ "odd key": z.array(z.object({ id: z.string() })) })', { "odd key": [{ id: "a" }, {}] }, '$["odd key"][1].id', "string", "undefined"],
    ['z.object({ n: z.number().refine((n) => n % 2 === 0, "must be even") })', { n: 3 }, "$.n", "must be even", "number 3"],
  ])("%s given %j: path, expected, received", async (schema, input, path, expected, received) => {
    await using room = await createRoom({ zod: true });
    await withEntry(room, `export default workflow({ params: ${schema} }, () => { console.log("called"); });`);
    const { outcome, value } = await room.invoke("default", input);
    expect({ outcome, problems: value.map(({ message: _message, ...rest }: { message: string }) => rest) }).toEqual({
      outcome: "I",
      problems: [{ path, expected, received }],
    });
    expect(room.lines).toEqual([]);
  });

  it("names every problem, and asynchronous checks count", async () => {
    await using room = await createRoom({ zod: true });
    await withEntry(
      room,
      `export default workflow({ params: z.object({ a: z.string(), b: z.number(), c: z.string().refine(async (c) => c === "ok", "not ok") }) }, () => 1);`,
    );
    expect((await room.invoke("default", { c: "ok" })).value).toHaveLength(2);
    expect((await room.invoke("default", { a: "", b: 1, c: "x" })).value).toMatchObject([{ path: "$.c", expected: "not ok" }]);
    expect((await room.invoke("default", { a: "", b: 1, c: "ok" })).outcome).toBe("R");
  });

  it("extra keys follow the schema, and what it makes of the input is what the function gets", async () => {
    await using room = await createRoom({ zod: true });
    await withEntry(
      room,
      `const shape = { a: z.string().default("d"), n: z.coerce.number().optional() };
       export const strips = workflow({ params: z.object(shape) }, (params) => params); export const keeps = workflow({ params: z.looseObject(shape) }, (params) => params); export const transforms = workflow({ params: z.object(shape).transform(({ a }) => a.length) }, (params) => params); export const none = workflow((params) => params);`,
    );
    expect((await room.invoke("strips", { x: 1, n: "5" })).value).toEqual({ a: "d", n: 5 });
    expect((await room.invoke("keeps", { x: 1 })).value).toEqual({ a: "d", x: 1 });
    expect((await room.invoke("transforms", { a: "abc" })).value).toBe(3);
    expect((await room.invoke("none", [1, null])).value).toEqual([1, null]);
  });

  it("other libraries' schemas are taken by safeParse or by Standard Schema", async () => {
    await using room = await createRoom();
    await withEntry(
      room,
      `const standard = { "~standard": { version: 1, vendor: "v", validate: async (value) => (typeof value.n === "number" ? { value: value.n } : { issues: [{ message: "n must be a number", path: [{ key: "n" }] }] }) } };
       const parses = { safeParse: (value) => (value.ok ? { success: true, data: "parsed" } : { success: false, error: {} }) };
       export const a = workflow({ params: standard }, (params) => params); export const b = workflow({ params: parses }, (params) => params);`,
    );
    expect(await room.invoke("a", { n: 4 })).toEqual({ outcome: "R", value: 4 });
    expect((await room.invoke("a", { n: "x" })).value).toEqual([
      { path: "$.n", expected: "n must be a number", received: 'string "x"', message: "n must be a number" },
    ]);
    expect(await room.invoke("b", { ok: true })).toEqual({ outcome: "R", value: "parsed" });
    expect((await room.invoke("b", {})).value).toEqual([{ path: "$", expected: "a valid input", received: "object", message: "The schema refused the input" }]);
  });

  it("what a schema's own code throws fails the run", async () => {
    await using room = await createRoom({ zod: true });
    await withEntry(room, `export default workflow({ params: z.object({}).refine(() => { throw new RangeError("in refine"); }) }, () => 1);`);
    expect(await room.invoke()).toMatchObject({ outcome: "E", value: { name: "RangeError", message: "in refine" } });
  });
});

describe("retrying, as an author declares it", () => {
  it("is described with what is left out filled in, and is null where nothing is declared", async () => {
    await using room = await createRoom();
    await withEntry(
      room,
      `export const whole = workflow({ retry: { attempts: 20, backoff: "1.5s" }, idempotent: true }, () => 1); export const often = workflow({ retry: { attempts: 1 } }, () => 1);
       export const slow = workflow({ retry: { backoff: 0 } }, () => 1); export const twice = workflow({ idempotent: true }, () => 1); export const none = workflow(() => 1);`,
    );
    const retryOf = async (name: string): Promise<unknown> => (await room.describe(name)).value.retry;
    expect(await retryOf("whole")).toEqual({ attempts: 20, backoffMs: 1500, idempotent: true });
    expect(await retryOf("often")).toEqual({ attempts: 1, backoffMs: 1000, idempotent: false });
    expect(await retryOf("slow")).toEqual({ attempts: 3, backoffMs: 0, idempotent: false });
    expect(await retryOf("twice")).toEqual({ attempts: 3, backoffMs: 1000, idempotent: true });
    expect(await retryOf("none")).toBeNull();
  });

  it("is refused where it cannot be, by a message that names option and value", async () => {
    await using room = await createRoom();
    await withEntry(
      room,
      `const outcome = (make) => { try { make(); return "made"; } catch (error) { return String(error); } };
       export default workflow(() => [() => workflow({ retry: 3 }, () => 1), () => workflow({ retry: [] }, () => 1), () => workflow({ retry: { attempts: 0 } }, () => 1), () => workflow({ retry: { attempts: 21 } }, () => 1),
         () => workflow({ retry: { attempts: 1.5 } }, () => 1), () => workflow({ retry: { attempt: 2 } }, () => 1), () => workflow({ retry: { backoff: "soon" } }, () => 1), () => workflow({ retry: { backoff: "61m" } }, () => 1),
         () => workflow({ idempotent: "yes" }, () => 1), () => tool({ idempotent: true }, () => 1), () => dataProvider({ retry: {} }, () => [])].map(outcome));`,
    );
    const attempts = "must be a whole number from 1 to 20, the first attempt included";
    expect((await room.invoke()).value).toEqual([
      "TypeError: workflow({ retry }): retry is number 3, and must be { attempts, backoff }",
      "TypeError: workflow({ retry }): retry is array, and must be { attempts, backoff }",
      `TypeError: workflow({ retry }): retry.attempts is number 0, and ${attempts}`,
      `TypeError: workflow({ retry }): retry.attempts is number 21, and ${attempts}`,
      `TypeError: workflow({ retry }): retry.attempts is number 1.5, and ${attempts}`,
      'TypeError: workflow({ retry }): retry has no option string "attempt", only attempts and backoff',
      'TypeError: workflow({ retry }): retry.backoff is string "soon", and must be milliseconds or a text such as "30s", "5m" or "1h"',
      'TypeError: workflow({ retry }): retry.backoff is string "61m", and must be an hour at most',
      'TypeError: workflow({ idempotent }): idempotent is string "yes", and must be true or false',
      "TypeError: tool({ idempotent }): only workflow() has the option idempotent",
      "TypeError: dataProvider({ retry }): only workflow() has the option retry",
    ]);
  });
});

describe("B50: describing", () => {
  it("gives kind, name and the parameters as JSON Schema of what a caller may send", async () => {
    await using room = await createRoom({ zod: true });
    await withEntry(
      room,
      `export default workflow({ name: "main", description: "does", timeout: "2m", params: z.object({ days: z.number().int().default(30), when: z.date().optional() }) }, () => 1); export const plain = tool(() => 1);
       export const foreign = dataProvider({ params: { safeParse: () => ({ success: true }) } }, () => []); export const bad = workflow({ params: z.object({ get a() { throw new Error("late"); } }) }, () => 1);`,
    );
    const { outcome, value } = await room.describe("default");
    expect(outcome).toBe("D");
    expect(value).toMatchObject({
      kind: "workflow",
      name: "main",
      description: "does",
      timeoutMs: 120_000,
      reason: null,
      parameters: { type: "object", properties: { days: { type: "integer", default: 30 }, when: {} } },
    });
    expect(value.parameters.required ?? []).toEqual([]);
    expect((await room.describe("plain")).value).toEqual({
      kind: "tool",
      name: null,
      description: null,
      timeoutMs: null,
      retry: null,
      cacheMs: null,
      parameters: null,
      reason: null,
    });
    expect((await room.describe("foreign")).value).toMatchObject({ kind: "data_provider", parameters: null, reason: expect.stringContaining("zod") });
    expect((await room.describe("bad")).value).toMatchObject({ parameters: null, reason: "Error: late" });
    expect((await room.describe("absent")).outcome).toBe("X");
  });
});
