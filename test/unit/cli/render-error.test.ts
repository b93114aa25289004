// What a person reads when a run has failed.
import { describe, expect, it } from "vitest";
import { renderError, type ErrorView, type ShownError } from "../../../src/cli/render-error.ts";
import { plain } from "../../../src/cli/terminal.ts";
import { describeUnexpected, reportText } from "../../../src/cli/unexpected.ts";
import { DEFAULT_IMPORT_POLICY } from "../../../src/modules/import-policy.ts";
import { parseModulePath } from "../../../src/modules/module-path.ts";
import { resolve } from "../../../src/modules/resolver.ts";

const HASH = "0123456789abcdef".repeat(4);
const EXECUTION = { id: "0198-id", snapshotId: "s1-abc", usage: { wallMs: 5012.3, cpuMs: 1250, peakMemoryBytes: 3 * 1024 ** 2 } };

function render(error: ShownError, view: Partial<ErrorView> = {}): readonly string[] {
  return renderError(error, { paint: plain, ...view }).split("\n");
}

function importError(specifier: string): ShownError {
  const paths = ["wf.ts", "shared/greet.ts"].map(parseModulePath);
  const found = resolve(specifier, parseModulePath("wf.ts"), {
    has: (path) => paths.includes(path),
    paths: () => paths,
    policy: DEFAULT_IMPORT_POLICY,
    position: { line: 1, column: 19 },
  });
  if (found.kind !== "failure") throw new Error("it resolves");
  const { code, name, message, details } = found.fault;
  return { code, name, message, details };
}

describe("an author's own error", () => {
  it("B13: shows name, message, code frame, frames with hash, causes, and which execution of which snapshot", () => {
    const frame = { path: "shared/x.ts", line: 3, column: 9, hash: HASH };
    const error = {
      name: "TypeError",
      message: "no tickets\nat all",
      frames: [
        { ...frame, functionName: "stale" },
        { ...frame, path: "wf.ts", hash: "" },
      ],
      cause: { name: "Error", message: "inner", stack: "", frames: [frame], cause: { name: "RangeError", message: "innermost", stack: "", frames: [] } },
    };
    expect(render(error, { codeFrame: "> 3 | boom()", execution: EXECUTION })).toEqual([
      "error TypeError: no tickets",
      "  at all",
      "",
      "> 3 | boom()",
      "",
      "  at shared/x.ts:3:9 @01234567  stale",
      "  at wf.ts:3:9",
      "  caused by Error: inner",
      "    at shared/x.ts:3:9 @01234567",
      "  caused by RangeError: innermost",
      "execution 0198-id  snapshot s1-abc",
      "",
    ]);
  });

  it("cannot reach the terminal with its control characters", () => {
    expect(render({ name: "E\u001b[2J", message: "\u001b]0;title\u0007 \u009b1m" })[0]).toBe("error E\\x1b[2J: \\x1b]0;title\\x07 \\x9b1m");
  });
});

describe("an error of ours", () => {
  it("B7: for a missing import lists the candidates and the nearest name, each once", () => {
    expect(render(importError("./shared/gret"))).toEqual([
      'error[ERR_MODULE_NOT_FOUND]: Cannot find module "./shared/gret" imported in wf.ts:1:19: it is not in the workspace.',
      expect.stringMatching(/^ {2}tried: shared\/gret\.ts, shared\/gret\.tsx, .*shared\/gret\/index\.ts, /u),
      '  help: Did you mean "shared/greet.ts"?',
      "",
    ]);
  });

  it("B8: for a denied import names the rule and what to do instead", () => {
    const lines = render(importError("node:crypto"));
    expect(lines[0]).toMatch(/^error\[ERR_IMPORT_DENIED\]: Cannot import "node:crypto" in wf\.ts:1:19: .* \(rule node-builtin\)\.$/u);
    expect(lines.slice(1)).toEqual([
      "  rule: node-builtin: Node's built-in modules do not exist where workflows run",
      "  help: Use the global `crypto`: randomUUID, getRandomValues, subtle.digest.",
      "",
    ]);
  });

  it("B90: for bad input has a line for each problem: path, expected, received", () => {
    const problems = [
      { path: "$.days", expected: "number", received: 'string "x"', message: "" },
      { path: "$.rows[3].id", expected: "string", received: "undefined", message: "" },
    ];
    expect(
      render({
        code: "ERR_INPUT_INVALID",
        name: "InputError",
        message: "The input does not fit the workflow's parameters:\n  $.days: …",
        details: { problems },
      }),
    ).toEqual([
      "error[ERR_INPUT_INVALID] InputError: The input does not fit the workflow's parameters.",
      '  $.days: expected number, received string "x"',
      "  $.rows[3].id: expected string, received undefined",
      "",
    ]);
  });

  it("shows the line of the input that is not JSON, with a mark below the mistake", () => {
    const lines = render({
      code: "ERR_INPUT_INVALID",
      name: "InputError",
      message: "--input is not JSON at 1:7.",
      details: { text: '{"a": tru}', line: 1, column: 7 },
    });
    expect(lines.slice(1, 3)).toEqual(['  text: {"a": tru}', "              ^"]);
  });

  it.for([
    ["ERR_TIMEOUT_WALL", { limit: 5000, amount: 5012 }, ["  limit: 5 s", "  used: 5.01 s"]],
    ["ERR_TIMEOUT_CPU", { limit: 1000, amount: 1250 }, ["  limit: 1 s", "  used: 1.25 s of processor time"]],
    ["ERR_MEMORY_LIMIT", { limit: 128 * 1024 ** 2, amount: 3 * 1024 ** 2 }, ["  limit: 128 mb", "  used: 3 mb at the peak"]],
    ["ERR_RESULT_TOO_LARGE", { limit: 1024 ** 2, amount: 1024 ** 2 + 1 }, ["  limit: 1 mb", "  amount: 1048577 bytes"]],
    ["ERR_HOST_CALL_LIMIT", { limit: 10, amount: 11 }, ["  limit: 10", "  amount: 11"]],
  ] as const)("for %s says the limit and what was used", ([code, details, facts]) => {
    const lines = render({ code, name: "LimitError", message: "too much", details }, { execution: EXECUTION });
    expect(lines.slice(1, 3)).toEqual(facts);
  });

  it("for a server or a setting has no advice but its message, and for bad usage ends with the usage", () => {
    expect(render({ code: "ERR_CONFIG_INVALID", name: "Fault", message: "REDIS_URL is wrong. Correct it." })).toEqual([
      "error[ERR_CONFIG_INVALID]: REDIS_URL is wrong. Correct it.",
      "",
    ]);
    expect(render({ code: "ERR_INPUT_INVALID", name: "UsageError", message: "No.", details: { usage: "usage: x <y>" } }).at(-2)).toBe("usage: x <y>");
  });
});

describe("a defect of ours", () => {
  it("says that it is ours, and what to put in a report", () => {
    const thrown = new TypeError("x is not a function");
    expect(describeUnexpected(thrown)).toMatchObject({ code: "ERR_INTERNAL", message: "bifrost-executor has a defect: TypeError: x is not a function" });
    expect(reportText(thrown, "1.2.3")).toMatch(
      /TypeError: x is not a function\n[\s\S]*not of your workflow\. Please report[\s\S]*bifrost-executor 1\.2\.3, Node \d+/u,
    );
    expect(reportText("just text", "1.2.3")).toContain("just text");
  });
});
