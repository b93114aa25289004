// B91 over HTTP: a UserError's message reaches every caller; all else about a failure reaches admins alone.
import { describe, expect, it } from "vitest";
import { useRpcWorld } from "../../support/rpc-world.ts";

const world = useRpcWorld();

const FILES = {
  "user.ts": `import { workflow, UserError } from "bifrost";\nexport default workflow(async (_, ctx) => { ctx.log.info("host is db.internal"); throw new UserError("Pick a later date"); });\n`,
  "plain.ts": `import { workflow } from "bifrost";\nexport default workflow(async (_, ctx) => { ctx.log.error("host is db.internal"); throw new TypeError("cannot reach db.internal"); });\n`,
  "absent.ts": `import { workflow } from "bifrost";\nimport { x } from "./db.internal.ts";\nexport default workflow(async () => x);\n`,
  "good.ts": `import { workflow } from "bifrost";\nexport default workflow(async (_, ctx) => { ctx.log.info("all well"); return 1; });\n`,
  "strict.ts": `import { workflow, z } from "bifrost";\nexport default workflow({ params: z.object({ days: z.number() }) }, async () => 1);\n`,
  "slow.ts": `import { workflow } from "bifrost";\nexport default workflow(async (_, ctx) => { ctx.log.info("host is db.internal"); await new Promise(() => {}); });\n`,
};

const HIDDEN = /db\.internal|"stack":"[^"]*\\n|"frames":\[\{/;

async function callers() {
  const workspace = await world.workspace(FILES);
  const token = await world.token(["execute", "read"], workspace);
  const run = async (workflow: string, more: object = {}) => await world.ask("POST", "/v1/executions", { token, body: { workflow, ...more } });
  const asAdmin = async (path: string) => await world.ask("GET", path, { workspace });
  const asCaller = async (path: string) => await world.ask("GET", path, { token });
  return { workspace, token, run, asAdmin, asCaller };
}

describe("a caller who is no admin", () => {
  it("gets a UserError's message verbatim, in the envelope, the state and the list", async () => {
    const { run, asCaller } = await callers();
    const { body, text } = await run("user.ts");
    expect(body).toMatchObject({ status: "Failed", error: { name: "UserError", message: "Pick a later date", userFacing: true }, logs: [], modules: [] });
    expect(text).not.toMatch(HIDDEN);
    for (const path of [`/v1/executions/${body.id}/result`, `/v1/executions/${body.id}`]) {
      const read = await asCaller(path);
      expect(read.body.error.message).toBe("Pick a later date");
      expect(read.text).not.toMatch(HIDDEN);
    }
    expect((await asCaller("/v1/executions")).body.executions[0].error).toEqual({ name: "UserError", message: "Pick a later date", userFacing: true });
  });

  it("gets a general message for every other failure, wherever it is told; an admin gets all of it", async () => {
    const { run, asAdmin, asCaller } = await callers();
    for (const [workflow, code, told] of [
      ["plain.ts", undefined, /cannot reach db\.internal/],
      ["absent.ts", "ERR_MODULE_NOT_FOUND", /db\.internal/],
    ] as const) {
      const { body, text } = await run(workflow);
      expect([body.status, body.error.code, body.error.name]).toEqual(["Failed", code, "Error"]);
      expect(text).not.toMatch(HIDDEN);
      for (const path of [`/v1/executions/${body.id}/result`, `/v1/executions/${body.id}`, "/v1/executions", `/v1/executions/${body.id}/logs`]) {
        expect((await asCaller(path)).text).not.toMatch(HIDDEN);
        expect((await asAdmin(path)).status).toBe(200);
      }
      const whole = await asAdmin(`/v1/executions/${body.id}/result`);
      expect([whole.body.error.message, whole.body.error.stack]).toEqual([expect.stringMatching(told), expect.any(String)]);
      expect((await asAdmin("/v1/executions")).text).toMatch(told);
    }
  });

  it("is told what was wrong with the input, for otherwise nobody could act", async () => {
    const { run, asCaller } = await callers();
    const { body } = await run("strict.ts", { input: { days: "x" } });
    expect(body.error).toMatchObject({ code: "ERR_INPUT_INVALID", details: { problems: [{ path: "$.days", expected: "number" }] } });
    expect((await asCaller("/v1/executions")).body.executions[0].error.message).toBe(body.error.message);
  });

  it("gets log lines of what went well, and none of a failure, by page and by stream, before its end or after", async () => {
    const { token, run, workspace, asCaller } = await callers();
    const stream = async (id: string) => (await world.ask("GET", `/v1/executions/${id}/logs`, { token, headers: { accept: "text/event-stream" } })).text;
    const good = await run("good.ts");
    expect(good.body.logs).toMatchObject([{ message: "all well" }]);
    expect((await asCaller(`/v1/executions/${good.body.id}/logs`)).body.lines).toMatchObject([{ message: "all well" }]);
    expect(await stream(good.body.id)).toMatch(/all well[^]*event: end/);
    const slow = await run("slow.ts", { mode: "async" });
    const streaming = stream(slow.body.id);
    while ((await world.ask("GET", `/v1/executions/${slow.body.id}/logs`, { workspace })).body.lines.length === 0);
    expect((await asCaller(`/v1/executions/${slow.body.id}/logs`)).body).toEqual({ lines: [] });
    await world.ask("POST", `/v1/executions/${slow.body.id}/cancel`, { token });
    const text = await streaming;
    expect(text).not.toMatch(HIDDEN);
    expect(text).toMatch(/event: end\ndata: .*"Cancelled"/);
  });

  it("is not told which server did not answer, nor which host runs what", async () => {
    const { run, asCaller, asAdmin } = await callers();
    const { body } = await run("good.ts");
    expect((await asCaller(`/v1/executions/${body.id}`)).body.host).toBeUndefined();
    expect((await asAdmin(`/v1/executions/${body.id}`)).body.host).toEqual(expect.any(String));
    expect((await asCaller("/ready")).text).not.toContain("message");
  });
});
