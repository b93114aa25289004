// The command line: what is taken, what is refused and how, and that the help says all of it.
import { describe, expect, it } from "vitest";
import { helpText, parseArguments, usageLine, type CommandSpec } from "../../../src/cli/arguments.ts";
import { formOf } from "../../../src/cli/command.ts";
import { runSpec } from "../../../src/cli/run-command.ts";

const SPEC: CommandSpec = {
  name: "try",
  summary: "Tries.",
  operands: [{ name: "what" }],
  options: {
    input: { short: "i", value: "JSON", help: "the input" },
    param: { short: "p", value: "KEY=VALUE", repeat: true, help: "one key" },
    json: { help: "one envelope" },
    quiet: { short: "q", help: "less" },
  },
};

describe("arguments", () => {
  it("may stand in any order, short or long, with = or a space", async () => {
    const parsed = await parseArguments(SPEC, ["-qi", "-", "wf.ts::default", "--param=a=1", "-p", "b=-2", "--json"]);
    expect(parsed.operands).toEqual(["wf.ts::default"]);
    expect(parsed.text("input")).toBe("-");
    expect(parsed.texts("param")).toEqual(["a=1", "b=-2"]);
    expect([parsed.has("quiet"), parsed.has("json"), parsed.has("help")]).toEqual([true, true, false]);
  });

  it("after -- are no options", async () => {
    expect((await parseArguments(SPEC, ["--", "--json"])).operands).toEqual(["--json"]);
    expect(formOf(["--", "--json"])).toBe("text");
  });

  it("may begin with a dash where a value is wanted", async () => {
    expect((await parseArguments(SPEC, ["wf", "-i", "-5"])).text("input")).toBe("-5");
  });

  it("that are unknown are refused with the nearest option and the usage", async () => {
    await expect(parseArguments(SPEC, ["wf", "--jsno"])).rejects.toMatchObject({
      code: "ERR_INPUT_INVALID",
      name: "UsageError",
      message: "try has no option --jsno. Did you mean --json?",
      details: { nearest: "--json", usage: "usage: try <what> [option …]" },
    });
    await expect(parseArguments(SPEC, ["wf", "-x"])).rejects.toThrow("try has no option -x.");
    await expect(parseArguments(SPEC, ["wf", "--toString"])).rejects.toThrow("try has no option --toString.");
  });

  it("that lack their value, or have one too many, are refused", async () => {
    await expect(parseArguments(SPEC, ["wf", "--input"])).rejects.toThrow("--input needs a value: --input JSON.");
    await expect(parseArguments(SPEC, ["wf", "--input", "--json"])).rejects.toThrow("--input needs a value: --input JSON.");
    await expect(parseArguments(SPEC, ["wf", "--json=yes"])).rejects.toThrow('--json takes no value, but was given "yes".');
  });

  it("that are empty are refused by name, each of them", async () => {
    const files: CommandSpec = { ...SPEC, operands: [{ name: "PATH", repeat: true }] };
    const refused = { code: "ERR_INPUT_INVALID", name: "UsageError" };
    await expect(parseArguments(SPEC, [""])).rejects.toMatchObject({ ...refused, message: "try was given an empty what.", details: { path: "what" } });
    await expect(parseArguments(files, ["a", ""])).rejects.toMatchObject({ ...refused, message: "try was given an empty PATH." });
    for (const argv of [["--input="], ["--input", ""], ["-i", ""]]) {
      await expect(parseArguments(SPEC, ["wf", ...argv])).rejects.toMatchObject({ ...refused, details: { expected: "JSON", received: "" } });
    }
    await expect(parseArguments(SPEC, ["wf", "--input="])).rejects.toThrow("--input needs a value, but was given an empty one: --input JSON.");
    expect((await parseArguments(SPEC, ["", "--help"])).has("help")).toBe(true);
  });

  it("that look like a key of the input are refused with how one is given", async () => {
    for (const argv of [["hours=3"], ["--hours=3"]]) {
      await expect(parseArguments(SPEC, ["wf", ...argv])).rejects.toMatchObject({ details: { instead: "A key of the input is given as -p hours=3." } });
    }
    await expect(parseArguments(SPEC, ["wf", "who=Ada's cat"])).rejects.toThrow("A key of the input is given as -p 'who=Ada'\\''s cat'.");
    await expect(parseArguments(SPEC, ["wf", "--jsno=3"])).rejects.toMatchObject({ details: { nearest: "--json" } });
    const without: CommandSpec = { ...SPEC, options: {} };
    await expect(parseArguments(without, ["wf", "hours=3"])).rejects.toThrow(/more than it takes\.$/u);
  });

  it("must be as many as the command takes, unless help is asked for", async () => {
    await expect(parseArguments(SPEC, [])).rejects.toThrow("try needs <what>.");
    await expect(parseArguments(SPEC, ["a", "b"])).rejects.toThrow('try was given "b" more than it takes.');
    expect((await parseArguments(SPEC, ["--help"])).has("help")).toBe(true);
  });
});

describe("the help", () => {
  it("names every option that the command has", () => {
    const spec = runSpec("run-workflow");
    const text = helpText(spec);
    for (const name of [...Object.keys(spec.options), "help", "version"]) expect(text).toContain(`--${name}`);
    expect(text).toContain(usageLine(spec));
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(130);
  });
});
