// Secrets handed to a run (B89): asked for by name, gone from all that leaves the run.
import { expect, it } from "vitest";
import type { LogLine } from "../../../src/completion.ts";
import { useEngine, workflow as source } from "../../support/engine.ts";
import { openOwnEngine } from "../../support/own-engine.ts";

const engine = useEngine();
const TOKEN = "tok_9f8e7d6c5b4a";
const secrets = { TOKEN, PIN: "4711", PEM: "-----BEGIN KEY-----\nAbCdEfGhIjKlMnOp\nQrStUvWxYz012345\n-----END KEY-----\n" };

function workflow(body: string): string {
  return source(body, `import { config, workflows, UserError } from "bifrost";`);
}

it("B89: author code gets the secrets that were handed to its run by name, and undefined for any other", async () => {
  const files = {
    "wf.ts": workflow(`const [token, other, inherited] = await Promise.all([config.get("TOKEN"), config.get("OTHER"), config.get("toString")]);
      return [token?.length, token?.slice(0, 3), other === undefined, inherited === undefined, Object.keys(globalThis).join().includes("tok_")];`),
  };
  expect((await engine.run(files, { secrets })).result).toEqual([TOKEN.length, "tok", true, true, false]);
  expect((await engine.run(files)).result).toEqual([null, null, true, true, false]);
});

it("B89: a key that is no name is refused with what was wanted", async () => {
  const { result } = await engine.run({
    "wf.ts": workflow(`return Promise.all([undefined, "", 7, "x".repeat(300)].map((key: any) => config.get(key).catch((error: Error) => error.message)));`),
  });
  expect(result).toEqual([expect.stringContaining("key is"), expect.stringContaining("must be a string"), expect.any(String), expect.any(String)]);
});

it("B89: they are scrubbed from result, logs and live log lines", async () => {
  const live: LogLine[] = [];
  const execution = await engine.run(
    {
      "wf.ts": workflow(`const [token, pin, pem] = await Promise.all(["TOKEN", "PIN", "PEM"].map((key) => config.get(key)));
        console.log("with", token, { token, pin: Number(pin) }); ctx.log.warn("sent " + token, { ["key " + token]: [encodeURIComponent(pem!)] });
        for (const line of pem!.split("\\n")) console.log(line);
        console.error(new Error("no " + token));
        return { [token!]: "Bearer " + token, pin: Number(pin), auth: btoa("user:" + token), pem, plain: "as it was" };`),
    },
    { secrets, onLog: (line) => live.push(line) },
  );
  expect(execution.result).toEqual({
    "[secret TOKEN]": "Bearer [secret TOKEN]",
    pin: "[secret PIN]",
    auth: expect.not.stringContaining(btoa(TOKEN).slice(2, -4)),
    pem: "[secret PEM]",
    plain: "as it was",
  });
  expect(live).toEqual(execution.logs);
  expect(live.slice(0, 4).map(({ message, data }) => [message, data])).toEqual([
    ["with [secret TOKEN] { token: '[secret TOKEN]', pin: [secret PIN] }", undefined],
    ["sent [secret TOKEN]", { "key [secret TOKEN]": ["[secret PEM]"] }],
    ["[secret PEM]", undefined],
    ["[secret PEM]", undefined],
  ]);
  for (const value of [TOKEN, "AbCdEf", "4711"])
    expect(JSON.stringify([execution.result, live.map(({ message, data }) => [message, data])])).not.toContain(value);
});

it.each([
  [
    "an error",
    `class Odd extends Error { name = "Odd " + token; } const f = { [token]: () => { throw new Odd("no " + token, { cause: new TypeError("because " + token) }); } }[token]!; f();`,
  ],
  ["a UserError", `throw new UserError("Not with " + token);`],
  ["a text", `throw "no " + token;`],
  ["a result that is no data", `return { [token]: () => 1 };`],
  ["a rejection that nobody handles", `void Promise.reject(new Error(token)); await new Promise((r) => setTimeout(r, 500));`],
])("B89: they are scrubbed from %s: name, message, stack, frames, causes and details", async (_what, body) => {
  const execution = await engine.run({ "wf.ts": workflow(`const token = (await config.get("TOKEN"))!; ${body}`) }, { secrets });
  expect(execution.status).toBe("Failed");
  const text = JSON.stringify(execution);
  expect(text).not.toContain(TOKEN);
  expect(text).toContain("[secret TOKEN]");
});

it("B89: what is recorded holds no secret: result, error, logs, and the input that the caller gave, which the run had whole", async () => {
  const recorded: unknown[] = [];
  await using own = await openOwnEngine({
    records: (kept) => ({
      ...kept,
      begin: async (start) => {
        recorded.push(start);
        return await kept.begin(start);
      },
      end: async (workspace, execution) => {
        recorded.push(execution);
        return await kept.end(workspace, execution);
      },
    }),
  });
  const executor = await own.workspace("one", {
    "inner.ts": workflow(`console.log("inner", p.token); return { header: "Bearer " + p.token, same: p.token === (await config.get("TOKEN")) };`),
    "wf.ts": workflow(`const token = await config.get("TOKEN"); const inner = await workflows.execute("inner.ts", { token });
      return [p.given === token, inner.same, inner.header === "Bearer " + token, inner.header];`),
  });
  const input = JSON.stringify({ given: TOKEN, other: 1 });
  const { result, error } = await executor.run("wf.ts", input, { secrets });
  // Between workflows of one execution nothing is scrubbed: what they tell each other stays inside.
  expect([error?.message, result]).toEqual([undefined, [true, true, true, "Bearer [secret TOKEN]"]]);
  expect(recorded).toHaveLength(4);
  expect(JSON.stringify(recorded)).not.toContain(TOKEN);
  expect(recorded[0]).toMatchObject({ inputJson: `{"given":"[secret TOKEN]","other":1}` });
});

it("B89: an error that comes from what was executed is scrubbed with its cause", async () => {
  const execution = await engine.run(
    {
      "inner.ts": workflow(`throw new Error("no " + (await config.get("TOKEN")));`),
      "wf.ts": workflow(
        `try { await workflows.execute("inner.ts"); } catch (error: any) { if (error.message !== "no " + (await config.get("TOKEN"))) return "changed"; throw error; }`,
      ),
    },
    { secrets },
  );
  expect([execution.status, execution.error?.message, execution.error?.cause?.message]).toEqual(["Failed", "no [secret TOKEN]", "no [secret TOKEN]"]);
  expect(JSON.stringify(execution)).not.toContain(TOKEN);
});

it("B89: the next run in the same process is given none of them", async () => {
  const harness = await engine.harness({ files: { "wf.ts": workflow(`return (await config.get("TOKEN")) ?? "none";`) } });
  expect((await harness.run("wf.ts", {}, { secrets })).result).toBe("[secret TOKEN]");
  expect((await harness.run("wf.ts")).result).toBe("none");
  expect((await harness.run("wf.ts", {}, { secrets: { TOKEN: "another-one" } })).result).toBe("[secret TOKEN]");
});

it("B90: secrets that cannot be are refused before anything begins, without being shown", async () => {
  const harness = await engine.harness({ files: { "wf.ts": workflow(`return 1;`) } });
  for (const wrong of [{ "a b": "hidden-value" }, { A: "hidden-value".repeat(6000) }, { A: 7 }, { "": "hidden-value" }]) {
    const refused = await harness.run("wf.ts", {}, { secrets: wrong as Record<string, string> }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "ERR_INPUT_INVALID" });
    expect(JSON.stringify([String(refused), (refused as { details: unknown }).details])).not.toContain("hidden-value");
  }
});

it("B84: what the SDK gives to ask the supervisor with cannot be changed by one module for another", async () => {
  const { result } = await engine.run({
    "wf.ts": workflow(`return Promise.all([workflows, config].map((each: any) => [Object.isFrozen(each), Object.keys(each).join()]));`),
  });
  expect(result).toEqual([
    [true, "execute"],
    [true, "get"],
  ]);
});

it("a harness is configured with what the test says, beside secrets of each run", async () => {
  const harness = await engine.harness({
    config: { limits: { retries: 2 }, TOKEN: "plain" },
    files: { "wf.ts": workflow(`return [await config.get("limits"), await config.get("TOKEN"), (await config.get("none")) ?? null];`) },
  });
  expect((await harness.run("wf.ts")).result).toEqual([{ retries: 2 }, "plain", null]);
  expect((await harness.run("wf.ts", {}, { secrets: { TOKEN } })).result).toEqual([{ retries: 2 }, "[secret TOKEN]", null]);
  await expect(engine.harness({ config: { "a b": 1 } })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" });
  await expect(engine.harness({ config: { A: null } })).rejects.toMatchObject({ code: "ERR_INPUT_INVALID" });
});
