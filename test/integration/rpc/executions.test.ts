// Executions over HTTP, with real servers: how they are asked for, and what is told of them.
import { randomUUID } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { executionSchema, pageSchema, stateSchema, stateWithInputSchema } from "../../../src/rpc/contract-execution.ts";
import { useRpcWorld } from "../../support/rpc-world.ts";

const world = useRpcWorld();

const FILES = {
  "hello.ts": `import { workflow } from "bifrost";\nexport default workflow(async ({ name = "world" }: any, ctx) => { ctx.log.info("greeting", { name }); return { hello: name }; });\n`,
  "echo.ts": `import { workflow } from "bifrost";\nexport default workflow(async (params: any) => params);\n`,
  "size.ts": `import { workflow } from "bifrost";\nexport default workflow(async ({ text }: any) => text.length);\n`,
  "big.ts": `import { workflow } from "bifrost";\nexport default workflow(async ({ bytes }: any) => "é".repeat(bytes / 2));\n`,
  "fail.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => { throw new RangeError("too far"); });\n`,
  "partly.ts": `import { workflow } from "bifrost";\nexport default workflow(async () => ({ success: false, done: 3 }));\n`,
  "spin.ts": `import { workflow } from "bifrost";\nexport default workflow(async (_, ctx) => { ctx.log.info("begun"); for (;;); });\n`,
  "wait.ts": `import { workflow } from "bifrost";\nexport default workflow(async (_, ctx) => { ctx.log.info("begun"); await new Promise(() => {}); });\n`,
};

async function execute(workspace: string, body: object, options = {}) {
  return await world.ask("POST", "/v1/executions", { body, workspace, ...options });
}

/** Until author code says that it has begun. */
async function begun(workspace: string, id: string): Promise<void> {
  for (;;) {
    const { body } = await world.ask("GET", `/v1/executions/${id}/logs`, { workspace });
    if (body.lines.length > 0) return;
  }
}

describe("POST /v1/executions", () => {
  it("answers with the envelope of an execution that ended, and all of it is in the contract", async () => {
    const workspace = await world.workspace(FILES);
    const { status, body } = await execute(workspace, { workflow: "hello", input: { name: "Ada" } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ version: 1, workflow: "hello.ts::default", status: "Success", result: { hello: "Ada" } });
    expect(body.logs).toMatchObject([{ sequence: 1, level: "info", message: "greeting", data: { name: "Ada" } }]);
    expect(executionSchema.parse(body)).toEqual(body);
    const again = await world.ask("GET", `/v1/executions/${body.id}/result`, { workspace });
    expect(again.body).toEqual(body);
  });

  it("answers 200 also for author code that failed, and for one that returned success: false (B80)", async () => {
    const workspace = await world.workspace(FILES);
    const failed = await execute(workspace, { workflow: "fail.ts" });
    expect([failed.status, failed.body.status, failed.body.error.name, failed.body.error.message]).toEqual([200, "Failed", "RangeError", "too far"]);
    expect(failed.body.error.frames[0]).toMatchObject({ path: "fail.ts", line: 2 });
    const partly = await execute(workspace, { workflow: "partly.ts" });
    expect([partly.status, partly.body.status, partly.body.result]).toEqual([200, "CompletedWithErrors", { success: false, done: 3 }]);
  });

  it("hands the input on as the text it is: numbers, order of keys and keys that JavaScript puts first are kept", async () => {
    const workspace = await world.workspace(FILES);
    const input = '{"b":1.10,"a":12345678901234567890,"2":-0,"1":1e2, "\\u0061\\u0000":"\\ud800", "__proto__":{"x":1}}';
    const { body } = await execute(workspace, {}, { body: `{"workflow":"echo.ts", "input" : ${input} }` });
    expect(body.status).toBe("Success");
    const { text } = await world.ask("GET", `/v1/executions/${body.id}`, { workspace });
    expect(text).toContain(`"input":${input}`);
  });

  it("takes an absent input for an empty object", async () => {
    const workspace = await world.workspace(FILES);
    expect((await execute(workspace, { workflow: "echo.ts" })).body.result).toEqual({});
    expect((await execute(workspace, { workflow: "echo.ts", input: null })).body.result).toBeNull();
    expect((await execute(workspace, { workflow: "echo.ts", input: [1, "}"] })).body.result).toEqual([1, "}"]);
  });

  it("B90: takes an input of 31 MB, and gives a result of 5 MB whole", { timeout: 60_000 }, async () => {
    const workspace = await world.workspace(FILES);
    const text = "x".repeat(31 * 1024 * 1024);
    const sized = await execute(workspace, { workflow: "size.ts", input: { text }, limits: undefined });
    expect([sized.status, sized.body.status, sized.body.result]).toEqual([200, "Success", text.length]);
    const big = await execute(workspace, { workflow: "big.ts", input: { bytes: 5_000_000 } });
    expect(big.body.result).toBe("é".repeat(2_500_000));
    const again = await world.ask("GET", `/v1/executions/${big.body.id}/result`, { workspace });
    expect(again.body).toEqual(big.body);
  });

  it("refuses an input over the workspace's limit with 413, and a body over the server's with 413 as well", { timeout: 60_000 }, async () => {
    const workspace = await world.workspace(FILES);
    const over = await execute(workspace, { workflow: "size.ts", input: { text: "x".repeat(33 * 1024 * 1024) } });
    expect([over.status, over.body.code, over.body.details.limit]).toEqual([413, "ERR_INPUT_TOO_LARGE", 32 * 1024 * 1024]);
    const far = await execute(workspace, { workflow: "size.ts", input: { text: "x".repeat(41 * 1024 * 1024) } });
    expect([far.status, far.body.code]).toEqual([413, "ERR_INPUT_TOO_LARGE"]);
    const after = await execute(workspace, { workflow: "hello" });
    expect(after.body.status).toBe("Success");
  });

  it("answers 404 for a workflow, a file and a workspace that there is not, and 409 for an ambiguous name", async () => {
    const workspace = await world.workspace({
      ...FILES,
      "one.ts": `import { workflow } from "bifrost";\nexport default workflow({ name: "same" }, async () => 1);\n`,
      "two.ts": `import { workflow } from "bifrost";\nexport default workflow({ name: "same" }, async () => 2);\n`,
    });
    const answers = await Promise.all([
      execute(workspace, { workflow: "helo" }),
      execute(workspace, { workflow: "helo.ts" }),
      execute(workspace, { workflow: "hello.ts::other" }),
      execute(randomUUID(), { workflow: "hello" }),
      execute(workspace, { workflow: "same" }),
      execute(workspace, { workflow: "../hello.ts" }),
    ]);
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [404, "ERR_WORKFLOW_NOT_FOUND"],
      [404, "ERR_PATH_NOT_FOUND"],
      [404, "ERR_EXECUTABLE_NOT_FOUND"],
      [404, "ERR_WORKFLOW_NOT_FOUND"],
      [409, "ERR_WORKFLOW_AMBIGUOUS"],
      [400, "ERR_PATH_INVALID"],
    ]);
    expect(answers[0]?.body.details.nearest).toBe("hello");
  });

  it("async: answers 202 and Location as soon as it is kept, and the result is fetched, or waited for", async () => {
    const workspace = await world.workspace(FILES);
    const accepted = await execute(workspace, { workflow: "hello", input: { name: "Bo" }, mode: "async" });
    expect(accepted.status).toBe(202);
    expect(stateSchema.parse(accepted.body)).toEqual(accepted.body);
    expect(accepted.headers.get("location")).toBe(`/v1/executions/${accepted.body.id}`);
    const { status, body } = await world.ask("GET", `/v1/executions/${accepted.body.id}/result?waitMs=20000`, { workspace });
    expect([status, body.status, body.result]).toEqual([200, "Success", { hello: "Bo" }]);
    const state = await world.ask("GET", accepted.headers.get("location") ?? "", { workspace });
    expect(state.body).toMatchObject({ status: "Success", askedBy: "BIFROST_TOKEN", input: { name: "Bo" }, attempt: 1 });
    expect(stateWithInputSchema.parse(state.body)).toEqual(state.body);
  });

  it("sync with waitMs: answers 202 where it has not ended by then, and the execution goes on", async () => {
    const workspace = await world.workspace(FILES);
    const { status, body } = await execute(workspace, { workflow: "wait.ts", waitMs: 1 });
    expect([status, body.status]).toEqual([202, expect.stringMatching(/Pending|Running/)]);
    const waited = await world.ask("GET", `/v1/executions/${body.id}/result?waitMs=1`, { workspace });
    expect(waited.status).toBe(202);
    expect((await world.ask("POST", `/v1/executions/${body.id}/cancel`, { workspace })).status).toBe(200);
  });

  it("one idempotency key, in the body or as a header, is one execution; another request with it is refused with 409", async () => {
    const workspace = await world.workspace(FILES);
    const key = randomUUID();
    const [first, second] = await Promise.all([
      execute(workspace, { workflow: "hello", idempotencyKey: key }),
      execute(workspace, { workflow: "hello" }, { headers: { "idempotency-key": key } }),
    ]);
    expect(second.body).toEqual(first.body);
    const other = await execute(workspace, { workflow: "hello", input: { name: "else" }, idempotencyKey: key });
    expect([other.status, other.body.code]).toEqual([409, "ERR_IDEMPOTENCY_CONFLICT"]);
    const elsewhere = await world.workspace(FILES);
    expect((await execute(elsewhere, { workflow: "hello", idempotencyKey: key })).body.id).not.toBe(first.body.id);
    const both = await execute(workspace, { workflow: "hello", idempotencyKey: key }, { headers: { "idempotency-key": `${key}x` } });
    expect([both.status, both.body.details.path]).toEqual([400, "idempotencyKey"]);
  });

  it("one id is one execution, whichever case it is written in; another request with it is refused with 409", async () => {
    const workspace = await world.workspace(FILES);
    const id = randomUUID();
    const first = await execute(workspace, { workflow: "hello", id: id.toUpperCase() });
    const second = await execute(workspace, { workflow: "hello", id });
    expect([first.body.id, second.body]).toEqual([id, first.body]);
    const other = await execute(workspace, { workflow: "echo.ts", id });
    expect([other.status, other.body.code]).toEqual([409, "ERR_IDEMPOTENCY_CONFLICT"]);
    const read = await world.ask("GET", `/v1/executions/${id.toUpperCase()}`, { workspace });
    expect(read.body.id).toBe(id);
  });

  it("scheduledAt and delayMs: it is Scheduled until then", async () => {
    const workspace = await world.workspace(FILES);
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const scheduled = await execute(workspace, { workflow: "hello", mode: "async", scheduledAt: at });
    expect(scheduled.body).toMatchObject({ status: "Scheduled", dueAt: at });
    const delayed = await execute(workspace, { workflow: "hello", mode: "async", delayMs: 3_600_000 });
    expect(delayed.body.status).toBe("Scheduled");
    const soon = await execute(workspace, { workflow: "hello", delayMs: 50 });
    expect(soon.body.status).toBe("Success");
    for (const { body } of [scheduled, delayed]) {
      const cancelled = await world.ask("POST", `/v1/executions/${body.id}/cancel`, { workspace });
      expect(cancelled.body).toEqual({ id: body.id, phase: "waiting" });
    }
    const both = await execute(workspace, { workflow: "hello", scheduledAt: at, delayMs: 1 });
    expect([both.status, both.body.details.path]).toEqual([400, "delayMs"]);
  });

  it("delayMs is no matter of this host's clock: a day behind, it is Scheduled for as long", async () => {
    const workspace = await world.workspace(FILES);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 86_400_000 });
    try {
      const { body } = await execute(workspace, { workflow: "hello", mode: "async", delayMs: 3_600_000 });
      expect([body.status, Date.parse(body.dueAt) - Date.parse(body.queuedAt)]).toEqual(["Scheduled", 3_600_000]);
      await world.ask("POST", `/v1/executions/${body.id}/cancel`, { workspace });
    } finally {
      vi.useRealTimers();
    }
  });

  it("limits can only be lowered, and snapshotId runs the code of an earlier execution", async () => {
    const workspace = await world.workspace(FILES);
    const spun = await execute(workspace, { workflow: "spin.ts", limits: { wallMs: 200 } });
    expect([spun.body.status, spun.body.error.code]).toEqual(["Timeout", "ERR_TIMEOUT_WALL"]);
    const raised = await execute(workspace, { workflow: "spin.ts", limits: { wallMs: 10 ** 9 } });
    expect([raised.status, raised.body.code]).toEqual([400, "ERR_INPUT_INVALID"]);
    const before = await execute(workspace, { workflow: "echo.ts", input: 1 });
    await world.ask("PUT", "/v1/files", { workspace, body: { files: { "echo.ts": FILES["partly.ts"] } } });
    expect((await execute(workspace, { workflow: "echo.ts", input: 1 })).body.status).toBe("CompletedWithErrors");
    const asBefore = await execute(workspace, { workflow: "echo.ts", input: 1, snapshotId: before.body.snapshotId });
    expect([asBefore.body.result, asBefore.body.snapshotId]).toEqual([1, before.body.snapshotId]);
  });
});

describe("POST /v1/executions/:id/cancel", () => {
  it("B86: stops a synchronous loop, is idempotent, answers 409 for one that ended otherwise and 404 for one unknown", async () => {
    const workspace = await world.workspace(FILES);
    const running = execute(workspace, { workflow: "spin.ts", id: "00000000-0000-7000-8000-00000000cafe" });
    const id = "00000000-0000-7000-8000-00000000cafe";
    while ((await world.ask("GET", `/v1/executions/${id}`, { workspace })).status === 404);
    await begun(workspace, id);
    const cancelled = await world.ask("POST", `/v1/executions/${id}/cancel`, { workspace });
    expect([cancelled.status, cancelled.body.id]).toEqual([200, id]);
    const ended = await running;
    expect([ended.status, ended.body.status, ended.body.error.code]).toEqual([200, "Cancelled", "ERR_CANCELLED"]);
    expect(ended.body.logs).toMatchObject([{ message: "begun" }]);
    const again = await world.ask("POST", `/v1/executions/${id}/cancel`, { workspace });
    expect([again.status, again.body.id]).toEqual([200, id]);
    const other = await execute(workspace, { workflow: "hello" });
    const late = await world.ask("POST", `/v1/executions/${other.body.id}/cancel`, { workspace });
    expect([late.status, late.body.code]).toEqual([409, "ERR_EXECUTION_ENDED"]);
    const unknown = await world.ask("POST", `/v1/executions/${randomUUID()}/cancel`, { workspace });
    expect([unknown.status, unknown.body.code]).toEqual([404, "ERR_EXECUTION_NOT_FOUND"]);
    const elsewhere = await world.ask("POST", `/v1/executions/${other.body.id}/cancel`, { workspace: await world.workspace({}) });
    expect([elsewhere.status, elsewhere.body.code]).toEqual([404, "ERR_EXECUTION_NOT_FOUND"]);
  });

  it("who goes away while it waits leaves the execution running", async () => {
    const workspace = await world.workspace(FILES);
    const gone = new AbortController();
    const id = "00000000-0000-7000-8000-00000000beef";
    const asking = execute(workspace, { workflow: "wait.ts", id }, { signal: gone.signal }).catch((error: Error) => error.name);
    while ((await world.ask("GET", `/v1/executions/${id}`, { workspace })).status === 404);
    await begun(workspace, id);
    gone.abort();
    expect(await asking).toBe("AbortError");
    expect((await world.ask("GET", `/v1/executions/${id}`, { workspace })).body.status).toBe("Running");
    await world.ask("POST", `/v1/executions/${id}/cancel`, { workspace });
    expect(world.log.filter((line) => /"level":"error"/.test(line))).toEqual([]);
  });
});

describe("GET /v1/executions", () => {
  it("lists newest first, page by page, with filters, and has no inputs, results, modules or stacks", async () => {
    const workspace = await world.workspace(FILES);
    const ids: string[] = [];
    for (const workflow of ["hello", "fail.ts", "hello", "echo.ts"])
      ids.unshift((await execute(workspace, { workflow, input: { name: "input-text" } })).body.id);
    const pages: string[][] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const { body } = await world.ask("GET", `/v1/executions?limit=3${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`, { workspace });
      expect(pageSchema.parse(body)).toEqual(body);
      pages.push(body.executions.map(({ id }: { id: string }) => id));
      cursor = body.next;
    }
    expect(pages.flat()).toEqual(ids);
    const all = await world.ask("GET", "/v1/executions", { workspace });
    expect(all.text).not.toMatch(/input-text|"modules"|"stack"|"result"/);
    const listed = async (query: string) =>
      (await world.ask("GET", `/v1/executions?${query}`, { workspace })).body.executions.map(({ id }: { id: string }) => id);
    expect(await listed("workflow=hello.ts")).toEqual([ids[1], ids[3]]);
    expect(await listed("workflow=hello.ts%3A%3Adefault&status=Success")).toEqual([ids[1], ids[3]]);
    expect(await listed("status=Failed&status=Timeout")).toEqual([ids[2]]);
    expect(await listed("status=Cancelled")).toEqual([]);
    expect(await listed(`since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([]);
    expect(await listed("askedBy=nobody")).toEqual([]);
  });

  it("refuses what it does not know, naming it: status, limit, cursor, and a parameter of no such name", async () => {
    const answers = await Promise.all(
      ["status=Done", "limit=0", "limit=ten", "cursor=nonsense", "sort=up"].map((query) => world.ask("GET", `/v1/executions?${query}`)),
    );
    expect(answers.map(({ status, body }) => [status, body.code, body.details.path])).toEqual([
      [400, "ERR_INPUT_INVALID", "status"],
      [400, "ERR_INPUT_INVALID", "limit"],
      [400, "ERR_INPUT_INVALID", "limit"],
      [400, "ERR_INPUT_INVALID", "cursor"],
      [400, "ERR_INPUT_INVALID", "sort"],
    ]);
    const [wrong] = answers;
    expect(wrong?.body.detail).toMatch(/^status is "Done"; "Scheduled" or .* is wanted\.$/);
  });
});

describe("POST /v1/validate", () => {
  it("does all but the call, and records nothing", async () => {
    const workspace = await world.workspace({
      ...FILES,
      "strict.ts": `import { workflow, z } from "bifrost";\nexport default workflow({ params: z.object({ days: z.number() }) }, async () => 1);\n`,
    });
    const good = await world.ask("POST", "/v1/validate", { workspace, body: { workflow: "fail.ts" } });
    expect([good.status, good.body.status]).toEqual([200, "Success"]);
    expect(executionSchema.parse(good.body)).toEqual(good.body);
    const bad = await world.ask("POST", "/v1/validate", { workspace, body: { workflow: "strict.ts", input: { days: "x" } } });
    expect([bad.status, bad.body.status, bad.body.error.code]).toEqual([200, "Failed", "ERR_INPUT_INVALID"]);
    expect((await world.ask("GET", "/v1/executions", { workspace })).body.executions).toEqual([]);
  });
});
