/* oxlint-disable typescript/no-explicit-any -- what comes out of a room is JSON of any shape, judged by the test */
import { describe, expect, it } from "vitest";
import { createRoom, type TestRoom } from "../../support/room.ts";

/** As the compiler leaves `import.meta` and `import()`: both taken from the module's scope. */
function scoped(path: string, text: string): string {
  return `import { scopeOf } from "bifrost:scope"; const { meta, dynamicImport } = scopeOf(${JSON.stringify(path)});\n${text}`;
}

async function entry(room: TestRoom, text: string, files: Readonly<Record<string, string>> = {}): Promise<{ outcome: string; value: any }> {
  await room.evaluate(
    { ...files, "flows/entry.js": `import { workflow } from "bifrost"; ${scoped("flows/entry.js", `export default workflow(async () => {${text}});`)}` },
    "flows/entry.js",
  );
  return room.invoke();
}

describe("import() and import.meta", () => {
  it("B12: a dynamic import gives the instance that a static import gives, evaluated once", async () => {
    await using room = await createRoom();
    const files = {
      "shared/count.js": `console.log("evaluated"); export let count = 0; export const add = () => ++count;`,
      "flows/a.js": `export { add } from "../shared/count.js";`,
    };
    const { value } = await entry(
      room,
      `const name = "count"; const a = await dynamicImport("./a.js"); const b = await dynamicImport(\`../shared/\${name}.js\`); const c = await dynamicImport("workspace:///shared/count.js"); a.add(); return [b.count, b === c];`,
      files,
    );
    expect(value).toEqual([1, true]);
    expect(room.text()).toBe("evaluated");
  });

  it("B12: import.meta has url, filename, dirname and a resolve that asks nobody", async () => {
    await using room = await createRoom();
    const { value } = await entry(
      room,
      `const outcome = (make) => { try { return make(); } catch (error) { return error.name; } };
       return [meta.url, meta.filename, meta.dirname, Object.keys(meta), Object.getPrototypeOf(meta), ...["./x", "../a/b.ts", "shared/x", "workspace:///y.ts", "bifrost", "node:fs", ".", "../../up"].map((specifier) => outcome(() => meta.resolve(specifier)))];`,
    );
    expect(value).toEqual([
      "workspace:///flows/entry.js",
      "flows/entry.js",
      "flows",
      ["dirname", "filename", "resolve", "url"],
      null,
      "workspace:///flows/x",
      "workspace:///a/b.ts",
      "workspace:///shared/x",
      "workspace:///y.ts",
      "bifrost",
      "node:fs",
      "workspace:///flows",
      "TypeError",
    ]);
  });

  it("B12: the specifier is converted as the language does, and what the conversion throws rejects", async () => {
    await using room = await createRoom();
    const { value } = await entry(
      room,
      `const outcome = (promise) => promise.then((namespace) => namespace.default, (error) => [error.name, error.message]);
       return [await outcome(dynamicImport({ toString: () => "../shared/one.js" })), await outcome(dynamicImport({ toString() { throw new RangeError("no"); } })), (await outcome(dynamicImport(Symbol("s"))))[0],
         await outcome(dynamicImport("../shared/one.js", { with: { type: "json" } })), (await outcome(dynamicImport("../shared/one.js", { with: { type: "css" } })))[0], (await outcome(dynamicImport("../shared/one.js", 1)))[0], await outcome(dynamicImport("../shared/one.js", undefined))];`,
      { "shared/one.js": "export default 1;" },
    );
    expect(value).toEqual([1, ["RangeError", "no"], "TypeError", 1, "TypeError", "TypeError", 1]);
  });

  it("B14: what fails while it is imported rejects with the error itself, or with one of the realm's own class", async () => {
    await using room = await createRoom();
    const { value } = await entry(
      room,
      `const { Custom } = await dynamicImport("../shared/custom.js");
       const own = await dynamicImport("../shared/throws.js").catch((error) => [error instanceof Custom, error.message, error.cause.message]);
       const syntax = await dynamicImport("../shared/broken.js").catch((error) => [error instanceof SyntaxError, error instanceof Error, error.constructor === SyntaxError, error.name]);
       const absent = await dynamicImport("../shared/absent.js").catch((error) => [error instanceof Error, typeof error.message]);
       return [own, syntax, absent];`,
      {
        "shared/custom.js": "export class Custom extends Error {}",
        "shared/throws.js": `import { Custom } from "./custom.js"; throw new Custom("mine", { cause: new Error("why") });`,
        "shared/broken.js": "export const = 1;",
      },
    );
    expect(value).toEqual([
      [true, "mine", "why"],
      [true, true, true, "SyntaxError"],
      [true, "string"],
    ]);
  });
});
