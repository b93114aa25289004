// What a data provider may return, and what it says of keeping that.
import { expect, it } from "vitest";
import { createRoom, type TestRoom } from "../../support/room.ts";

async function withEntry(room: TestRoom, declarations: string): Promise<void> {
  await room.evaluate({ "entry.js": `import { workflow, dataProvider } from "bifrost";\n${declarations}` }, "entry.js");
}

it.for([
  ["[]", undefined],
  ['[{ label: "a", value: null }, { label: "", value: { deep: [1] }, metadata: {} }, { label: "b", value: 0, metadata: undefined, more: 1 }]', undefined],
  ["undefined", { path: "$", expected: "a list of options", received: "null" }],
  ['({ label: "a", value: 1 })', { path: "$", expected: "a list of options", received: "object" }],
  ['[{ label: "a", value: 1 }, "b"]', { path: "$[1]", expected: "{ label, value, metadata? }", received: 'string "b"' }],
  ["[[]]", { path: "$[0]", expected: "{ label, value, metadata? }", received: "array" }],
  ["[{ label: 5, value: 1 }]", { path: "$[0].label", expected: "string", received: "number 5" }],
  ["[{ value: 1 }]", { path: "$[0].label", expected: "string", received: "undefined" }],
  ['[{ label: "a" }]', { path: "$[0].value", expected: "any JSON data", received: "undefined" }],
  ['[{ label: "a", value: undefined }]', { path: "$[0].value", expected: "any JSON data", received: "undefined" }],
  ['[{ label: "a", value: 1, metadata: [] }]', { path: "$[0].metadata", expected: "object", received: "array" }],
  ['[{ label: "a", value: 1, metadata: null }]', { path: "$[0].metadata", expected: "object", received: "null" }],
  ['(Object.prototype.label = "a", Object.prototype.value = 1, [{}])', { path: "$[0].label", expected: "string", received: "undefined" }],
  [
    '[{ get label() { return (this.times = (this.times ?? 0) + 1) > 1 ? 5 : "a"; }, value: 1 }]',
    { path: "$[0].label", expected: "string", received: "number 5" },
  ],
] as const)("B93: a data provider that returns %s: %o", async ([result, problem]) => {
  await using room = await createRoom();
  await withEntry(room, `export default dataProvider(() => ${result}); export const same = workflow(() => ${result});`);
  const { outcome, value } = await room.invoke("default", {});
  if (problem === undefined) expect(outcome).toBe("R");
  else expect({ outcome, value: value as unknown }).toEqual({ outcome: "O", value: problem });
  // What a workflow returns is its own matter.
  expect((await room.invoke("same", {})).outcome).toBe("R");
});

it("a data provider says for how long its options may be given again: at most seven days, and nobody else does", async () => {
  await using room = await createRoom();
  await withEntry(
    room,
    `const outcome = (f) => { try { f(); return "made"; } catch (error) { return String(error); } };
     export const five = dataProvider({ cache: "5m" }, () => []); export const never = dataProvider({ cache: 0 }, () => []); export const unsaid = dataProvider(() => []);
     export default workflow(() => [() => dataProvider({ cache: "169h" }, () => []), () => dataProvider({ cache: true }, () => []), () => workflow({ cache: "5m" }, () => 1), () => dataProvider({ cache: "168h" }, () => [])].map(outcome));`,
  );
  expect((await room.describe("five")).value).toMatchObject({ kind: "data_provider", cacheMs: 300_000 });
  expect((await room.describe("never")).value).toMatchObject({ cacheMs: 0 });
  expect((await room.describe("unsaid")).value).toMatchObject({ cacheMs: null });
  expect((await room.invoke("default", {})).value).toEqual([
    'TypeError: dataProvider({ cache }): cache is string "169h", and must be 168h, which are seven days, at most',
    'TypeError: dataProvider({ cache }): cache is boolean true, and must be milliseconds or a text such as "30s", "5m" or "1h"',
    "TypeError: workflow({ cache }): only dataProvider() has the option cache",
    "made",
  ]);
});
