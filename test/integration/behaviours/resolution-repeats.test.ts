// That failing at imports again and again costs neither the errors their details nor the host its memory (B7, B14).
import { expect, it } from "vitest";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

it("B7: after a thousand failed import()s the one that nobody catches is told of in full", async () => {
  const body = `for (let n = 0; n < 1000; n++) await import("./absent" + n).catch(() => {});\nawait import("./absent" + "-at-last");`;
  const execution = await engine.run({ "wf.ts": workflow(body) });
  expect(execution.error).toMatchObject({ code: "ERR_MODULE_NOT_FOUND", details: { specifier: "./absent-at-last", importer: "wf.ts" } });
});

it("B14: a module that V8 refuses is refused alike each time, and leaves the next import() alone", async () => {
  const body = `const seen = new Set(); for (let n = 0; n < 50; n++) seen.add((await import("./" + "twice").catch((error) => error)).message);\nreturn [[...seen], (await import("./fine")).default];`;
  const execution = await engine.run({ "twice.ts": "let a = 1;\nlet a = 2;", "fine.ts": "export default 'fine';", "wf.ts": workflow(body) });
  expect(execution.result).toEqual([[expect.stringMatching(/^twice\.ts:2:5: Identifier 'a' has already been declared/)], "fine"]);
});
