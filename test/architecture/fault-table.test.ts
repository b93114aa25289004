// One table of faults: src/errors.ts. The README shows the same, and no other code is used anywhere.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FAULTS } from "../../src/errors.ts";
import { projectFiles, read, ROOT } from "./project-files.ts";

interface Row {
  readonly code: string;
  readonly owner: string;
  readonly exitCode: number;
  readonly httpStatus: number;
  readonly meaning: string;
}

/** Rows of any table in the README whose first cell is a code: code, owner, CLI exit code, HTTP status, meaning. */
function readmeRows(markdown: string): Row[] {
  return markdown.split("\n").flatMap((line) => {
    const [, code, owner = "", exitCode, httpStatus, meaning = ""] = line.split(/(?<!\\)\|/u).map((cell) => cell.trim());
    const name = /^`(ERR_[A-Z_]+)`$/u.exec(code ?? "")?.[1];
    return name === undefined ? [] : [{ code: name, owner, exitCode: Number(exitCode), httpStatus: Number(httpStatus), meaning }];
  });
}

/** The same table, to be pasted: `| code | owner | CLI | HTTP | meaning |`. */
function expectedRows(): Row[] {
  return Object.entries(FAULTS).map(([code, { owner, exitCode, httpStatus, meaning }]) => ({ code, owner, exitCode, httpStatus, meaning }));
}

/** Codes of Node and of the libraries, which we read and never give. */
const FOREIGN =
  /^ERR_(STREAM|MODULE_NOT_FOUND_IN_PACKAGE|IPC|INVALID|SOCKET|UNKNOWN|ISOLATE|VM|SCRIPT|SQLITE|SERVER|USE|PARSE|ACCESS|UNESCAPED|FS|OUT|WORKER|BUFFER|CHILD|HTTP)_?/u;

describe("the fault table", () => {
  it("stands in the README as it stands in the code", () => {
    expect(existsSync(join(ROOT, "README.md")), "README.md is there").toBe(true);
    expect(readmeRows(read("README.md"))).toEqual(expectedRows());
  });

  it("holds every code that is used, and every code in it is used", () => {
    const paths = projectFiles().filter((path) => /^(src|sandbox|db)\/.*\.(ts|mjs)$/u.test(path) && path !== "src/errors.ts");
    const used = new Set(paths.flatMap((path) => read(path).match(/\bERR_[A-Z_]+[A-Z]\b/gu) ?? []));
    const known = new Set<string>(Object.keys(FAULTS));
    expect([...used].filter((code) => !known.has(code) && !FOREIGN.test(code))).toEqual([]);
    expect([...known].filter((code) => !used.has(code))).toEqual([]);
  });

  it("gives every fault an exit code, a status and a sentence", () => {
    for (const [code, { exitCode, httpStatus, meaning }] of Object.entries(FAULTS)) {
      expect([1, 2, 3, 4, 5, 69, 70, 124, 130, 137], code).toContain(exitCode);
      expect([200, 400, 401, 403, 404, 409, 413, 422, 500, 503], code).toContain(httpStatus);
      expect(meaning, code).toMatch(/^[A-Z].*\.$/u);
    }
  });
});
