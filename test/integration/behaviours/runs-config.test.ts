// What workflows are configured with, in runs over a real PostgreSQL with a real Redis, and over the embedded database: granted
// secrets are given out, are in nothing that is kept, and others get none (B89).
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Execution, LogLine } from "../../../src/completion.ts";
import { closeSharedPools } from "../../../src/testing/index.ts";
import { BOTH, openConfigured, type Configured } from "../../support/configured.ts";
import { workflow as source } from "../../support/engine.ts";

const TOKEN = "tok_9f8e7d6c5b4a/+x";
const FORMS = [
  TOKEN,
  btoa(TOKEN),
  encodeURIComponent(TOKEN),
  Buffer.from(TOKEN).toString("hex"),
  JSON.stringify(TOKEN).slice(1, -1),
  btoa(`user:${TOKEN}`).slice(8, 24),
];

function workflow(body: string): string {
  return source(body, `import { config, workflows, UserError } from "bifrost";`);
}

function expectNone(text: string): void {
  for (const form of FORMS) expect(text).not.toContain(form);
}

describe.each(BOTH)("configuration in runs over $name", ({ embedded }) => {
  let world: Configured;
  beforeAll(async () => {
    world = await openConfigured({ embedded });
  });
  afterEach(() => world.settled());
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
    await closeSharedPools();
  });

  it("B89: a workflow reads plain values as the JSON they are, granted secrets as text, and undefined for what is not there", async () => {
    const { executor, config } = await world.workspace({
      "wf.ts":
        workflow(`const all = await Promise.all(["limits", "name", "off", "TOKEN", "NONE", "toString", "__proto__", "no key!"].map((key) => config.get<any>(key)));
        return { limits: all[0], name: all[1], off: all[2], token: [typeof all[3], all[3].length], absent: all.slice(4).map((each) => each === undefined) };`),
    });
    await config.setValue("limits", { retries: 3, ["__proto__"]: ["x"] });
    await config.setValue("name", "Ada");
    await config.setValue("off", false);
    await config.setSecret("TOKEN", { value: TOKEN, grantedTo: ["wf.ts"] });
    const { result, error } = await executor.run("wf.ts", "{}");
    expect([error, result]).toEqual([
      undefined,
      { limits: { retries: 3, ["__proto__"]: ["x"] }, name: "Ada", off: false, token: ["string", TOKEN.length], absent: [true, true, true, true] },
    ]);
  });

  it("B89: what is set, granted or taken back holds from the next question on, without a restart", async () => {
    const { executor, config } = await world.workspace({ "wf.ts": workflow(`return (await config.get("K").catch((error: Error) => error.name)) ?? null;`) });
    const run = async (): Promise<unknown> => (await executor.run("wf.ts", "{}")).result;
    expect(await run()).toBeNull();
    await config.setValue("K", "one");
    expect(await run()).toBe("one");
    await config.setSecret("K", { value: TOKEN });
    expect(await run()).toBe("ConfigDeniedError");
    await config.grant("K", ["wf.ts::default"]);
    expect(await run()).toBe("[secret K]");
    await config.revoke("K", ["wf.ts::default"]);
    expect(await run()).toBe("ConfigDeniedError");
  });

  it("B89: a secret of the run comes before the workspace's, also where that is not granted", async () => {
    const { executor, config } = await world.workspace({ "wf.ts": workflow(`return (await config.get("TOKEN"))!.length;`) });
    await config.setSecret("TOKEN", { value: TOKEN });
    expect((await executor.run("wf.ts", "{}", { secrets: { TOKEN: "of-the-run" } })).result).toBe(10);
  });

  it("B89: a secret that is not granted fails with key, workflow and the command that grants it", async () => {
    const { executor, config, name } = await world.workspace({ "tickets/close.ts": workflow(`return await config.get("TOKEN");`) });
    await config.setSecret("TOKEN", { value: TOKEN, grantedTo: ["other/"] });
    const { status, error } = await executor.run("tickets/close.ts", "{}");
    expect([status, error?.name, error?.code, error?.frames[0]?.path]).toEqual(["Failed", "ConfigDeniedError", undefined, "tickets/close.ts"]);
    expect(error?.message).toBe(
      `The secret TOKEN is not granted to tickets/close.ts::default. Whoever runs the workspace can grant it: bifrost-executor config grant TOKEN tickets/close.ts::default --workspace ${name}`,
    );
  });

  it("B89: after runs that do all they can to leave it behind, it stands nowhere in the database and nowhere in Redis", async () => {
    const leak = `console.log("plain", token, { token }, [token]); console.error(new Error("in an error: " + token)); ctx.log.info("data", { [token]: [token] });
      console.log(btoa(token), btoa("user:" + token), encodeURIComponent(token), JSON.stringify({ token }), String.raw({ raw: [token] }));
      for (const half of [token.slice(0, 6) + "…", token]) console.log(half);`;
    const { executor, config } = await world.workspace({
      "inner.ts": workflow(
        `const token = await config.get("TOKEN"); ${leak} if (p.fail) throw new Error("inner: " + token, { cause: new TypeError(token) }); return { token, given: p };`,
      ),
      "wf.ts": workflow(`console.log("early", p.given, p); const token = (await config.get("TOKEN"))!; ${leak}
        const inner = await workflows.execute<any>("inner.ts", { token, nested: { ["k " + token]: "Bearer " + token } });
        console.log(inner.token === token, inner.given.token === token);
        await workflows.execute("inner.ts", { token, fail: true }).catch((error: Error) => console.log(error.message === "inner: " + token, error));
        if (p.how === "result") return { [token]: token, deep: [[{ x: "a" + token + "b" }]] };
        if (p.how === "user") throw new UserError("for you: " + token);
        if (p.how === "odd") return { [token]: () => 1 };
        if (p.how === "loop") for (;;) console.log(token);
        class Odd extends Error { name = "Odd" + token; }
        throw new Odd("at the end: " + token, { cause: new AggregateError([new Error(token)], token) });`),
    });
    await config.setSecret("TOKEN", { value: TOKEN, grantedTo: ["wf.ts", "inner.ts"] });
    const live: LogLine[] = [];
    const told: Execution[] = [];
    for (const how of ["result", "user", "odd", "throw", "loop"]) {
      // Who asked knows it too, and says it before anybody could know it for a secret.
      const input = JSON.stringify({ how, given: TOKEN, [`key ${TOKEN}`]: [TOKEN] });
      const limits = { ...executor.workspace.limits, wallMs: how === "loop" ? 4000 : 30_000, logLines: 200 };
      told.push(await executor.run("wf.ts", input, { limits, onLog: (line) => live.push(line), onNestedLog: (line) => live.push(line) }));
    }
    expect(told.map(({ status }) => status)).toEqual(["Success", "Failed", "Failed", "Failed", "Timeout"]);
    // Between workflows that may both read it, it is what it is.
    expect(told[0]?.logs.filter(({ message }) => message === "true true")).toHaveLength(1);
    expect(told[0]?.logs.filter(({ message }) => message.startsWith("true Error: inner: [secret TOKEN]"))).toHaveLength(1);
    // Who follows a log has seen what came before anybody asked for the secret; what is kept of it has it no more.
    expectNone(JSON.stringify([told, live.filter(({ message }) => !message.startsWith("early"))]));
    expect(told.map(({ logs }) => logs[0]?.message.startsWith("early [secret TOKEN] {"))).toEqual([true, true, true, true, true]);
    const everything = await world.everything();
    expect(everything).toContain("[secret TOKEN]");
    expect(everything).toContain("at the end: [secret TOKEN]");
    expectNone(everything);
  });

  it("B89: what a granted workflow gives to one that is not granted is kept from it: result, error and cause", async () => {
    const { executor, config } = await world.workspace({
      "granted.ts": workflow(`const token = await config.get("TOKEN"); if (p.fail) throw new TypeError("no " + token, { cause: new Error(token) });
        return p.quiet ? { ok: true } : { token, header: "Bearer " + token, coded: btoa(token!), [token!]: 1, open: p.open };`),
      "thief.ts": workflow(`const direct = await config.get("TOKEN").catch((error: Error) => error.name);
        const result = await workflows.execute<any>("granted.ts", { open: "as it was" });
        const failure = await workflows.execute("granted.ts", { fail: true }).catch((error: any) => [error.name, error.message, String(error.cause)]);
        const letters = (value: unknown) => JSON.stringify(value).split("").join(" ");
        return { direct, letters: [letters(result), letters(failure)] };`),
      "between.ts": workflow(`return workflows.execute("thief.ts");`),
      "owner.ts": workflow(
        `const token = await config.get("TOKEN"); const result = await workflows.execute<any>("granted.ts"); return result.token === token;`,
      ),
    });
    await config.setSecret("TOKEN", { value: TOKEN, grantedTo: ["granted.ts", "owner.ts"] });
    for (const reference of ["thief.ts", "between.ts"]) {
      const { result, error } = await executor.run(reference, "{}");
      expect(error).toBeUndefined();
      const { direct, letters } = result as { readonly direct: string; readonly letters: readonly string[] };
      expect(direct).toBe("ConfigDeniedError");
      const [given = "", failure = ""] = letters.map((text) => text.split(" ").join(""));
      expectNone(given + failure);
      expect([given.includes("[secretTOKEN]"), given.includes("asitwas"), failure.includes("no[secretTOKEN]")]).toEqual([true, true, true]);
    }
    expect((await executor.run("owner.ts", "{}")).result).toBe(true);
  });

  it("B89: what is imported reads with the grants of what was started", async () => {
    const { executor, config } = await world.workspace({
      "granted.ts": `import { config, workflow } from "bifrost"; export const read = () => config.get("TOKEN"); export default workflow(async () => (await read())!.length);`,
      "other.ts": `import { workflow } from "bifrost"; import granted, { read } from "./granted.ts";
        export default workflow(async () => Promise.all([read(), granted()].map((each: Promise<unknown>) => each.catch((error: Error) => error.name))));`,
    });
    await config.setSecret("TOKEN", { value: TOKEN, grantedTo: ["granted.ts"] });
    expect((await executor.run("granted.ts", "{}")).result).toBe(TOKEN.length);
    expect((await executor.run("other.ts", "{}")).result).toEqual(["ConfigDeniedError", "ConfigDeniedError"]);
  });

  it("B50: neither a dry run nor the reading of parameters has anything of it", async () => {
    const { executor, config } = await world.workspace();
    await config.setSecret("TOKEN", { value: TOKEN, grantedTo: ["*"] });
    await config.setValue("plain", "a plain value");
    await executor.write({
      "wf.ts": `import { config, workflow, z } from "bifrost"; const top = await Promise.all([config.get("TOKEN"), config.get("plain")].map((each) => each.catch((error: Error) => error.message)));
        console.log(JSON.stringify(top)); export default workflow({ params: z.object({ n: z.number().default(top.join().length) }) }, async () => top);`,
    });
    await executor.settled();
    const [described] = await executor.executables();
    expect([described?.parametersReason, JSON.stringify(described?.parameters)]).toEqual([
      null,
      expect.not.stringContaining(String(`${TOKEN},a plain value`.length)) as string,
    ]);
    const dry = await executor.run("wf.ts", "{}", { mode: "validate", secrets: { GIVEN: "given-value" } });
    expect([dry.status, dry.logs.length]).toEqual(["Success", 1]);
    expect(dry.logs[0]?.message).toContain("In a dry run nothing of the configuration is read");
    expect(dry.logs[0]?.message).not.toMatch(/tok_|secret TOKEN|a plain value/);
  });

  it("B85: a stored secret that is damaged fails the call and not the process; author code may go on", async () => {
    const { executor, config, id } = await world.workspace({
      "wf.ts": workflow(`if (p.catch) return config.get("TOKEN").catch((error: any) => [error.name, error.message]); return config.get("TOKEN");`),
    });
    await config.setSecret("TOKEN", { value: TOKEN, grantedTo: ["*"] });
    await sql`update config_values set encrypted = left(encrypted, 150) where workspace_id = ${id}::uuid`.execute(world.backing.database.db);
    const { status, error } = await executor.run("wf.ts", "{}");
    expect([status, error?.code]).toEqual(["Failed", "ERR_CACHE_CORRUPT"]);
    expect((await executor.run("wf.ts", `{"catch":true}`)).result).toEqual([
      "Error",
      "The value of TOKEN could not be read: A stored record has the wrong shape and could not be restored.",
    ]);
    await config.setSecret("TOKEN", { value: TOKEN });
    expect((await executor.run("wf.ts", "{}")).result).toBe("[secret TOKEN]");
  });

  it("B85: a thousand questions at once are answered, and nothing is asked of the database after the end", async () => {
    const { executor, config } = await world.workspace({
      "wf.ts": workflow(
        `const all = Array.from({ length: 1000 }, (_, n) => config.get(n % 2 ? "plain" : "NONE")); return p.leave ? "left" : (await Promise.all(all)).filter((each) => each === "value").length;`,
      ),
    });
    await config.setValue("plain", "value");
    expect((await executor.run("wf.ts", "{}")).result).toBe(500);
    expect((await executor.run("wf.ts", `{"leave":true}`)).result).toBe("left");
  });
});
