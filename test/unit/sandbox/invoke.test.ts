import { expect, it } from "vitest";
import { createRoom } from "../../support/room.ts";

it("B84: author code finds no process, require, WebAssembly, shared memory or internal of the room", async () => {
  await using room = await createRoom();
  const found = await room.run(`return ["process", "require", "WebAssembly", "SharedArrayBuffer", "Atomics", "Float16Array", "__bifrost__"].filter((name) => name in globalThis);`);
  expect(found).toEqual([]);
});

it("B90: an input that does not fit the schema names path, expected and received, and the function is not called", async () => {
  await using room = await createRoom({ zod: true });
  await room.evaluate(
    {
      "entry.js": `import { workflow, z } from "bifrost";
        export default workflow({ params: z.object({ days: z.number().int().positive(), rows: z.array(z.object({ id: z.string() })) }) }, async () => { console.log("called"); });`,
    },
    "entry.js",
  );
  const { outcome, value } = await room.invoke("default", { days: "abc", rows: [{ id: "a" }, { id: 7 }] });
  expect(outcome).toBe("I");
  expect(value).toMatchObject([
    { path: "$.days", expected: "number", received: 'string "abc"' },
    { path: "$.rows[1].id", expected: "string", received: "number 7" },
  ]);
  expect(room.lines).toEqual([]);
});

it("B80: an object with success === false is told apart and its result kept", async () => {
  await using room = await createRoom();
  await room.evaluate({ "entry.js": `import { workflow } from "bifrost"; export default workflow(async () => ({ success: false, done: 3 }));` }, "entry.js");
  expect(await room.invoke()).toEqual({ outcome: "F", value: { success: false, done: 3 } });
});
