// Values that are legal in JavaScript and hard to hand over: they end with a clear error or as text, and hold nobody up (B90).
import { expect, it } from "vitest";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

it("B90: an array too long for any result is refused at once, however few items it has", async () => {
  const { error } = await engine.run({ "wf.ts": workflow("const rows: number[] = []; rows[4_294_967_293] = 1; return { rows };") });
  expect(error).toMatchObject({ code: "ERR_RESULT_NOT_SERIALIZABLE", details: { path: "$.rows", found: "an array of 4294967294 items" } });
});

it("B90: the path to what a result must not hold is named once, and a long one without its middle", async () => {
  const { error } = await engine.run({
    "wf.ts": workflow("let value: unknown = []; for (let level = 0; level < 100_000; level++) value = [value]; return { value };"),
  });
  expect(error?.details).toMatchObject({ path: `$.value${"[0]".repeat(9)}.…${"[0]".repeat(10)}` });
  expect(error?.message.split("$")).toHaveLength(2);
});

it("data of a log line that is nested deeper than an answer can be written out is kept as text", async () => {
  const { status, logs } = await engine.run(
    { "wf.ts": workflow("let value: unknown = '[[[\\\\'; for (let level = 0; level < p.depth; level++) value = [value]; ctx.log.info('deep', value);") },
    { input: { depth: 5000 } },
  );
  expect({ status, data: logs[0]?.data }).toEqual({ status: "Success", data: `${"[".repeat(5000)}"[[[\\\\"${"]".repeat(5000)}` });
});
