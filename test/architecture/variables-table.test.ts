// One table of environment variables: src/variables.ts. The README shows the same between two marks.
import { describe, expect, it } from "vitest";
import { VARIABLES, variablesTable } from "../../src/variables.ts";
import { projectFiles, read } from "./project-files.ts";

const BETWEEN = /<!-- variables -->\n+([\s\S]*?)\n+<!-- \/variables -->/u;

describe("the table of environment variables", () => {
  it("stands in the README as it stands in the code", () => {
    expect(BETWEEN.exec(read("README.md"))?.[1], "to write it: node src/cli/launcher.mjs test/architecture/write-variables.ts").toBe(variablesTable());
  });

  it("holds every variable of ours that is named anywhere, and is said in sentences", () => {
    const known = new Set<string>([...Object.keys(VARIABLES), ...INTERNAL]);
    const named = projectFiles()
      .filter((path) => /^(src|db|sandbox)\/.*\.(ts|mjs)$|^(README\.md|compose\.yaml)$/u.test(path))
      .flatMap((path) => read(path).match(/\bBIFROST_[A-Z_]*[A-Z]\b/gu) ?? []);
    expect([...new Set(named)].filter((name) => !known.has(name))).toEqual([]);
    for (const [name, { meaning }] of Object.entries(VARIABLES)) expect(meaning, name).toMatch(/^[A-Z].*\.$/u);
  });
});

/** Of tests, and between processes of ours. */
const INTERNAL = ["BIFROST_FUZZ_TIMES", "BIFROST_FUZZ_SEED", "BIFROST_LAUNCHER"];
