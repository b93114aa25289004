import { expect, it } from "vitest";
import { explainLink } from "../../../src/executions/explain-link.ts";
import type { LinkError } from "../../../src/isolate/room-outcome.ts";
import type { ClosureModule } from "../../../src/modules/closure.ts";
import { mapStack } from "../../../src/modules/source-positions.ts";
import { load, loaded } from "../modules/sample-modules.ts";

async function modulesOf(files: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, ClosureModule>> {
  return new Map(loaded(await load(files, "wf.ts")).modules.map((module) => [module.path as string, module]));
}

function explain(error: Partial<LinkError>, modules: ReadonlyMap<string, ClosureModule>) {
  return explainLink(
    { name: "SyntaxError", message: "", stack: "", ...error },
    { modules, entry: "wf.ts", mapStack: (stack) => mapStack(stack, (path) => modules.get(path)) },
  );
}

it("V8's own stack that overflows at a module's code is a limit of nesting, told with the module, its deepest place and its importers", async () => {
  const modules = await modulesOf({ "wf.ts": `import "./deep";`, "deep.ts": "export const a = [[[[1]]]];" });
  const fault = explain({ name: "RangeError", message: "Maximum call stack size exceeded", path: "deep.ts" }, modules);
  expect(fault).toMatchObject({ code: "ERR_NESTING_LIMIT", details: { path: "deep.ts", line: 1, column: 22, reason: "stack", chain: [{ path: "wf.ts" }] } });
  expect(fault.message).toMatch(/^deep\.ts:1:22: .* it overflows the compiler's stack\. .*\nImported by way of wf\.ts:1:8\.$/s);
  // An import()'s error does not say which module it was.
  expect(explain({ name: "RangeError", message: "Maximum call stack size exceeded [workspace:///deep.ts:1:1]" }, modules).details["path"]).toBe("deep.ts");
  expect(explain({ name: "RangeError", message: "Maximum call stack size exceeded" }, modules).details["path"]).toBe("wf.ts");
});

it("an early error that quotes a megabyte of the author's text is told briefly, by its begin and its end, whatever the text holds", async () => {
  const modules = await modulesOf({ "wf.ts": "export const a = 1;" });
  for (const text of ["(a".repeat(500_000), " [workspace:///wf.ts:1:".repeat(50_000)]) {
    const message = `Invalid regular expression: /${text}/: Regular expression too large [workspace:///wf.ts:1:1]`;
    const fault = explain({ message }, modules);
    expect(fault).toMatchObject({ code: "ERR_MODULE_SYNTAX", details: { path: "wf.ts" } });
    expect(fault.message).toContain("wf.ts:1:1: Invalid regular expression: /");
    expect(fault.message).toContain("Regular expression too large");
    expect(fault.message.length).toBeLessThan(1000);
  }
});
