import { describe, expect, it } from "vitest";
import { compile } from "./sample-modules.ts";

function entities(text: string): readonly string[] {
  return compile(text).facts.entities.map(({ kind, exportName, name }) => `${kind} ${exportName} ${name ?? "-"}`);
}

describe("entity detection", () => {
  it("B50: named, renamed and namespace imports of the SDK are seen", () => {
    expect(
      entities(
        `import { workflow, tool, dataProvider } from "bifrost"; export const a = workflow({ name: "A" }, f); export const b = tool({}, f); export let c = dataProvider({ name: \`C\` }, f);`,
      ),
    ).toEqual(["workflow a A", "tool b -", "data_provider c C"]);
    expect(entities(`import { workflow as w } from "bifrost"; export default w({ "name": "x" }, f);`)).toEqual(["workflow default x"]);
    expect(entities(`import * as sdk from "bifrost"; export default sdk.workflow({ ["name"]: "x" }, f); export const t = sdk["tool"]({});`)).toEqual([
      "workflow default x",
      "tool t -",
    ]);
  });

  it("B50: the value may be exported by another name, or after its declaration", () => {
    expect(entities(`import { workflow } from "bifrost"; const wf = workflow({ name: "x" }, f); export default wf;`)).toEqual(["workflow default x"]);
    expect(entities(`import { workflow } from "bifrost"; export { wf as y }; const wf = workflow({}, f);`)).toEqual(["workflow y -"]);
    expect(entities(`import { workflow } from "bifrost"; const wf = workflow({}, f); export { wf as default };`)).toEqual(["workflow default -"]);
    expect(entities(`import { workflow } from "bifrost"; const a = workflow({}, f); const b = a; export default (b as any)!;`)).toEqual(["workflow default -"]);
    expect(entities(`import { workflow } from "bifrost"; export default (workflow({ name: "x" } as const, f) satisfies unknown);`)).toEqual([
      "workflow default x",
    ]);
  });

  it("B50: one call is one entity, as its default export where it has one", () => {
    expect(entities(`import { workflow } from "bifrost"; export const wf = workflow({ name: "x" }, f); export default wf;`)).toEqual(["workflow default x"]);
  });

  it("B50: a name that is not a literal is not known", () => {
    expect(entities(`import { workflow } from "bifrost"; export default workflow({ name: "a" + "b" }, f);`)).toEqual(["workflow default -"]);
    expect(entities(`import { workflow } from "bifrost"; export default workflow({ name: "a", ...rest }, f);`)).toEqual(["workflow default -"]);
    expect(entities(`import { workflow } from "bifrost"; export default workflow({ ...rest, name: "a" }, f);`)).toEqual(["workflow default a"]);
    expect(entities(`import { workflow } from "bifrost"; export default workflow(options, f);`)).toEqual(["workflow default -"]);
  });

  it("B50: the same text in a comment, a string or a shadowed local is not seen", () => {
    expect(entities(`import { workflow } from "bifrost"; // export default workflow({})\nexport const s = 'workflow({})'; workflow;`)).toEqual([]);
    expect(
      entities(
        `import { workflow } from "bifrost"; export function f(workflow: any) { return workflow({}); } { const workflow = (x: any) => x; workflow({}); }`,
      ),
    ).toEqual([]);
    expect(entities(`function workflow(x: any) { return x; } export default workflow({ name: "x" });`)).toEqual([]);
    expect(entities(`import { workflow } from "./bifrost"; export default workflow({ name: "x" });`)).toEqual([]);
    expect(entities(`import type { workflow } from "bifrost"; export const x = workflow({});`)).toEqual([]);
    expect(entities(`import { workflow } from "bifrost"; const hidden = workflow({ name: "x" }, f); export type { hidden };`)).toEqual([]);
  });

  it("B50: a file with syntax errors keeps what is found in its recovered tree", () => {
    const { facts, js } = compile(
      `import { workflow } from "bifrost";\nexport default workflow({ name: "x" }, async () => { const a = ; });\nexport const b = `,
    );
    expect(js).toBe("");
    expect(facts.entities).toEqual([{ kind: "workflow", exportName: "default", name: "x", line: 2, column: 16 }]);
    expect(facts.diagnostics.length).toBeGreaterThan(0);
  });

  it("a file registers a thousand entities and says so at the last; names of half a kilobyte, and none that are longer", () => {
    const many = Array.from({ length: 1500 }, (_, index) => `export const w${index} = workflow({ name: "n${index}" });`).join("\n");
    const { facts } = compile(`import { workflow } from "bifrost";\n${many}`);
    expect([facts.entities.length, facts.entities.at(-1)?.name]).toEqual([1000, "n999"]);
    expect(facts.diagnostics).toMatchObject([{ line: 1001, severity: "warning", message: expect.stringContaining("at most 1000") as string }]);
    const long = "n".repeat(512);
    const named = (name: string, exported = "a"): string => `import { workflow } from "bifrost"; export const ${exported} = workflow({ name: "${name}" });`;
    expect(entities(named(long))).toEqual([`workflow a ${long}`]);
    expect(entities(named(`${long}n`))).toEqual(["workflow a -"]);
    expect(entities(named("x", long))).toEqual([`workflow ${long} x`]);
    expect(entities(named("x", `${long}n`))).toEqual([]);
    expect(entities(named("\u00e4".repeat(257)))).toEqual(["workflow a -"]);
  });
});
