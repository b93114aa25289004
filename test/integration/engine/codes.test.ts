// Codes are ours to give: what author code throws carries none of its choosing.
import { expect, it } from "vitest";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();

it.each([
  ["on the error itself", `throw Object.assign(new Error("own"), { code: "ERR_INTERNAL" });`],
  ["on Error.prototype", `(Error.prototype as any).code = "ERR_INTERNAL"; throw new Error("own");`],
  ["on Object.prototype", `(Object.prototype as any).code = "ERR_INTERNAL"; throw new Error("own");`],
  [
    "on Object.prototype, for an error that the room cannot find again",
    `(Object.prototype as any).code = "ERR_INTERNAL";
    setTimeout(() => { throw Object.defineProperty(new Error("own"), "stack", { value: "own" }); }, 1);
    await new Promise(() => {});`,
  ],
])("the author's own throw carries no code of ours: %s", async (_where, body) => {
  const { status, error } = await engine.run({ "wf.ts": workflow(body) });
  expect({ status, name: error?.name, message: error?.message }).toEqual({ status: "Failed", name: "Error", message: "own" });
  expect(error).not.toHaveProperty("code");
});
