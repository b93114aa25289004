// `config.get` as the supervisor answers it.
import { expect, it } from "vitest";
import { Fault } from "../../../src/errors.ts";
import { createConfigCalls } from "../../../src/executions/config-calls.ts";
import { HandedSecrets } from "../../../src/executions/handed-secrets.ts";
import { shellWord } from "../../../src/executions/shell-word.ts";
import type { Workspace } from "../../../src/snapshot/origin.ts";
import type { AskedConfig, ConfigAnswer } from "../../../src/workspace/config-values.ts";

const workspace = { id: "w1", name: "acme co" } as Workspace;
const entry = { path: "it's a $(trap).ts", exportName: "default" };

function calls(get: (asked: AskedConfig) => Promise<ConfigAnswer>, handed = new HandedSecrets({ GIVEN: "given" }), log?: (message: string) => void) {
  return createConfigCalls({ order: { workspace, handed }, entry, config: { get }, log });
}

async function answered(promise: Promise<{ readonly ok: boolean; readonly text: string }>): Promise<unknown> {
  const { ok, text } = await promise;
  return [ok, JSON.parse(text)];
}

it("B89: what was given to the execution comes first, and the workspace is not asked", async () => {
  const asked: string[] = [];
  const config = calls(async ({ key }) => {
    asked.push(key);
    return { kind: "value", value: [key] };
  });
  expect([await answered(config.get("GIVEN")), await answered(config.get("OTHER"))]).toEqual([
    [true, { value: "given" }],
    [true, { value: ["OTHER"] }],
  ]);
  expect(asked).toEqual(["OTHER"]);
});

it("B89: a secret is known to what scrubs before the answer is there", async () => {
  const handed = new HandedSecrets();
  const config = calls(async () => ({ kind: "secret", value: "the-secret", grants: ["*"] }), handed);
  expect(await answered(config.get("TOKEN"))).toEqual([true, { value: "the-secret" }]);
  expect(handed.scrubber()?.text("the-secret")).toBe("[secret TOKEN]");
});

it("B89: one that is not granted is refused with key, workflow, and a command that can be copied without danger", async () => {
  expect(await answered(calls(async () => ({ kind: "denied" })).get("TOKEN"))).toEqual([
    true,
    {
      error: {
        name: "ConfigDeniedError",
        message: `The secret TOKEN is not granted to it's a $(trap).ts::default. Whoever runs the workspace can grant it: bifrost-executor config grant TOKEN 'it'\\''s a $(trap).ts::default' --workspace 'acme co'`,
      },
    },
  ]);
});

it.each([
  ["a-b/c.ts::x", "a-b/c.ts::x"],
  ["", "''"],
  ["a b", "'a b'"],
  ["a;rm -rf ~", "'a;rm -rf ~'"],
  ["a\nb", "'a\\u000ab'"],
  ["a\u202eb", "'a\\u202eb'"],
])("a word of a shown command stays one word: %j", (text, shown) => {
  expect(shellWord(text)).toBe(shown);
});

it("B84: of a server that fails, author code learns no more than that it does; the operator is told all", async () => {
  const told: string[] = [];
  const fault = new Fault("ERR_DATABASE_UNAVAILABLE", "The database at db.internal:5432 does not answer.");
  const config = calls(
    () => Promise.reject(fault),
    undefined,
    (message) => told.push(message),
  );
  expect(await answered(config.get("TOKEN"))).toEqual([
    true,
    {
      error: {
        name: "Error",
        message: "The value of TOKEN could not be read: The database does not answer.",
        code: "ERR_DATABASE_UNAVAILABLE",
        faultCode: "ERR_DATABASE_UNAVAILABLE",
      },
    },
  ]);
  expect(told.join()).toContain("db.internal");
});

it("B85: the workspace is asked for one value at a time, and for none after the end", async () => {
  let [running, most, asked] = [0, 0, 0];
  const config = calls(async () => {
    asked += 1;
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running -= 1;
    if (asked === 2) throw new Fault("ERR_DATABASE_UNAVAILABLE", "gone for a moment");
    if (asked === 5) config.stop();
    return { kind: "absent" };
  });
  const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => config.get(`K${index}`)));
  expect([most, asked, answers.filter(({ text }) => text.includes("error")).length]).toEqual([1, 5, 1]);
});
