// What holds for the text of every source file and is no matter of imports.
import { describe, expect, it } from "vitest";
import { projectFiles, read } from "./project-files.ts";

const LONGEST_FILE_LINES = 300;

/** Who may read the environment, and why it is not passed in. */
const ENVIRONMENT_READERS = new Map([
  ["src/config.ts", "turns the environment into a frozen Config"],
  ["src/cli/launcher.mjs", "runs before there is a Node that could load config.ts: cache directory, and the whole environment for the process it becomes"],
]);

const sources = projectFiles().filter((path) => /^(src|db|sandbox)\/.*\.(ts|mjs)$/u.test(path) && !path.startsWith("db/example/"));

/** Without comments, so that explaining a thing is not doing it. */
function code(path: string): string {
  return read(path)
    .replaceAll(/\/\*[\s\S]*?\*\//gu, "")
    .replaceAll(/(^|\s)\/\/.*$/gmu, "");
}

describe("source files", () => {
  it("read the environment only where configuration is made", () => {
    const readers = sources.filter((path) =>
      /\bprocess\s*(\?\.|\.)\s*env\b|\bprocess\[|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b|import\s*\{[^}]*\benv\b[^}]*\}\s*from\s*"(node:)?process"/u.test(
        code(path),
      ),
    );
    expect(readers.filter((path) => !ENVIRONMENT_READERS.has(path))).toEqual([]);
  });

  it(`are no longer than ${LONGEST_FILE_LINES} lines`, () => {
    const long = sources.map((path) => ({ path, lines: read(path).split("\n").length - 1 })).filter(({ lines }) => lines > LONGEST_FILE_LINES);
    expect(long).toEqual([]);
  });

  it("begin by saying what they are", () => {
    const silent = sources.filter((path) => !/^(#!.*\n)?(\/\/|\/\*)/u.test(read(path)) && read(path).split("\n").length > 20);
    expect(silent).toEqual([]);
  });

  it("are not named for nothing in particular", () => {
    const vague = sources.filter((path) => /(^|[/-])(manager|service|utils?|helpers?|common|engine|worker|misc)([./-]|$)/u.test(path));
    expect(vague).toEqual([]);
  });
});
