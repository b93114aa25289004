import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { parseModulePath } from "../../../src/modules/module-path.ts";
import type { ModulePath } from "../../../src/modules/module-path.ts";
import { DEFAULT_IMPORT_POLICY } from "../../../src/modules/import-policy.ts";
import { resolve } from "../../../src/modules/resolver.ts";
import { compileModule } from "../../../src/modules/compiler/transpile.ts";
import { pushDirectory } from "../../../src/workspace/push.ts";
import { storedTarget } from "../../../src/workspace/stored-push.ts";
import { openWorkspace } from "../../support/open-workspace.ts";

const EXAMPLE = fileURLToPath(new URL("../../../db/example", import.meta.url));

it("the example workspace pushes without a warning, registers its workflows, and every import in it resolves", async () => {
  const imports: { readonly path: ModulePath; readonly specifier: string }[] = [];
  const opened = await openWorkspace();
  const { warnings } = await pushDirectory(EXAMPLE, storedTarget(opened));
  expect(warnings).toEqual([]);
  const rows = await opened.origin.executables(opened.workspace);
  expect(rows.map((row) => `${row.kind} ${row.name} ${row.path}`).toSorted()).toEqual([
    "data_provider client-choices clients/choices.ts",
    "tool look-up-ticket look-up-ticket.ts",
    "workflow client-review client-review.ts",
    "workflow hello hello.ts",
    "workflow sla-watch sla-watch.ts",
    "workflow triage-tickets triage-tickets.ts",
  ]);
  const snapshot = await opened.pin();
  for (const [path, text] of Object.entries(await opened.contents())) {
    if (!path.endsWith(".ts")) continue;
    const { facts } = compileModule({ hash: snapshot.hashOf(path)!, kind: "ts", text, options: {} });
    for (const { specifier } of facts.imports) if (specifier !== undefined) imports.push({ path: parseModulePath(path), specifier });
  }
  expect(imports.length).toBeGreaterThan(20);
  const has = (path: string): boolean => snapshot.has(path);
  for (const { path, specifier } of imports) {
    expect(resolve(specifier, path, { has, paths: () => snapshot.paths(), policy: DEFAULT_IMPORT_POLICY }).kind, `${specifier} in ${path}`).not.toBe("failure");
  }
});

it("the example workspace has no type errors, with the SDK's own types", async () => {
  const compiler = fileURLToPath(import.meta.resolve("typescript/lib/tsc.js"));
  await expect(promisify(execFile)(process.execPath, [compiler, "-p", EXAMPLE])).resolves.toMatchObject({ stdout: "" });
});
