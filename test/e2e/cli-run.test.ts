// `run-workflow --directory` as a user and as a program meet it: streams, exit codes, errors, limits, signals.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Execution } from "../../src/completion.ts";
import { commandLine, type CommandLine, type Ended, type StartOptions } from "../support/command-line.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.ts";

const FILES = {
  "hello.ts": `import { workflow, z } from "bifrost";
import { greeting } from "shared/greeting";

export default workflow({ name: "hello", params: z.object({ who: z.string().default("world"), times: z.number().int().positive().default(1) }) }, async ({ who, times }, ctx) => {
  ctx.log.info("greeting", { times });
  console.warn("careful");
  return { text: greeting(who).repeat(times) };
});
`,
  "shared/greeting.ts": `interface Greeting {
  readonly who: string;
}

export function greeting(who: Greeting["who"]): string {
  if (who === "nobody") throw new TypeError("there is nobody", { cause: new RangeError("no one") });
  return \`Hello, \${who}!\`;
}
`,
  "ends.ts": `import { workflow, UserError } from "bifrost";
export const nothing = workflow(async () => undefined);
export const falsy = workflow(async () => ({ success: false, why: "tried" }));
export const user = workflow(async () => { throw new UserError("Ask somebody else."); });
export const loop = workflow(async () => { for (;;) {} });
export const stuck = workflow(async (_params, ctx) => { ctx.log.info("waiting"); await new Promise(() => {}); });
export const hungry = workflow(async () => { const kept = []; for (;;) kept.push(new Array(100_000).fill(kept.length)); });
export const echo = workflow(async (params: unknown) => params);
export const twice = workflow({ name: "same" }, async () => 1);
export const again = workflow({ name: "same" }, async () => 2);
export const number = 5;
`,
  "imports/missing.ts": 'import { greeting } from "../shared/greetin";\nexport default greeting;\n',
  "imports/denied.ts": 'import { readFileSync } from "fs";\nexport default readFileSync("/etc/passwd");\n',
  "imports/climbing.ts": 'import secret from "../../secret.ts";\nexport default secret;\n',
  "imports/absolute.ts": 'import secret from "/etc/passwd";\nexport default secret;\n',
  "imports/host.ts": 'import ivm from "isolated-vm";\nexport default ivm;\n',
  "imports/name.ts": 'import { greet } from "shared/greeting";\nexport default greet;\n',
  "imports/broken.ts": 'import "../broken.ts";\n',
  "broken.ts": "export const a = 1;\nconst b = = 2;\n",
};

let shell: CommandLine;
let disk: TemporaryDirectory;
beforeAll(async () => {
  shell = await commandLine();
  disk = temporaryDirectory(Object.fromEntries(Object.entries(FILES).map(([path, text]) => [`workspace/${path}`, text])));
});
afterAll(async () => {
  disk[Symbol.dispose]();
  await shell[Symbol.asyncDispose]();
});

function run(args: readonly string[], options?: StartOptions): Promise<Ended> {
  return shell.run("run-workflow", ["--directory", join(disk.path, "workspace"), ...args], options);
}

describe("a result", () => {
  it("is one line of JSON on stdout and nothing else; logs are plain lines on stderr", async () => {
    const { code, stdout, stderr } = await run(["hello", "-p", "who=Ada", "-p", "times=2"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"text":"Hello, Ada!Hello, Ada!"}\n' });
    expect(stderr).toMatch(/^info greeting \{"times":2\}\nwarn careful\nsuccess hello\.ts::default in .*\n$/u);
  });

  it("is null where the workflow returns undefined", async () => {
    expect(await run(["ends.ts::nothing", "-q"])).toEqual({ code: 0, signal: null, stdout: "null\n", stderr: "" });
  });

  it("B16: is had by name, path and path::export", async () => {
    for (const reference of ["hello", "hello.ts", "hello.ts::default", "./hello.ts"]) {
      expect(await run([reference, "-q"]), reference).toMatchObject({ code: 0, stdout: '{"text":"Hello, world!"}\n' });
    }
  });

  it("takes its input from -i, a file and standard input, with -p over it", async () => {
    disk.write({ "input.json": '{"a": 1}' });
    const expected = '{"a":1,"b":"x"}\n';
    for (const args of [
      ["-i", '{"a":1}'],
      ["-i", `@${join(disk.path, "input.json")}`],
      ["-i", "-"],
    ]) {
      expect(await run(["ends.ts::echo", "-q", ...args, "-p", "b=x"], { input: '{"a":1}' })).toMatchObject({ code: 0, stdout: expected });
    }
  });

  it("B90: may have ten megabytes, in and out, also into a pipe", async () => {
    const text = JSON.stringify({ big: "x".repeat(10 * 1024 * 1024) });
    const { code, stdout } = await run(["ends.ts::echo", "-q", "-i", "-"], { input: text });
    expect(code).toBe(0);
    expect(stdout === `${text}\n`).toBe(true);
  });

  it("B80: of CompletedWithErrors is printed, and the exit code is 1", async () => {
    expect(await run(["ends.ts::falsy", "-q"])).toMatchObject({ code: 1, stdout: '{"success":false,"why":"tried"}\n' });
  });

  it("is whole where the reader of stdout leaves: no trace of it, the run's exit code", async () => {
    const running = shell.start("run-workflow", [
      "--directory",
      join(disk.path, "workspace"),
      "ends.ts::echo",
      "-q",
      "-i",
      JSON.stringify("x".repeat(100_000)),
    ]);
    running.process.stdout.destroy();
    expect(await running.ended).toMatchObject({ code: 0, stderr: "" });
  });

  it.for([[["-q"]], [["-q", "--json"]], [["-q", "--jsonl"]]] as const)(
    "that cannot be written is an error on stderr, and the exit code 69: %j",
    async ([args]) => {
      const { code, stderr } = await run(["hello", ...args], { redirection: "> /dev/full" });
      expect({ code, stderr }).toEqual({ code: 69, stderr: "error: The answer could not be written to stdout: ENOSPC: no space left on device, write\n" });
    },
  );

  it("with --dry-run is nothing: the workflow is not called, its modules and input are checked", async () => {
    const { code, stdout, stderr } = await run(["hello", "--dry-run"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toMatch(
      /^dry run hello\.ts::default: 2 modules linked and evaluated, the input is valid; the workflow was not called\n {2}hello\.ts @[0-9a-f]{8}\n {2}shared\/greeting\.ts @[0-9a-f]{8}\n$/u,
    );
    expect(await run(["hello", "--dry-run", "-p", "times=x"])).toMatchObject({ code: 2 });
    expect(await run(["imports/missing.ts", "--dry-run"])).toMatchObject({ code: 4 });
  });
});

describe("for programs", () => {
  it("--json prints one envelope of version 1 for success and failure alike", async () => {
    const success = await run(["hello", "--json"]);
    expect(JSON.parse(success.stdout)).toMatchObject({ version: 1, status: "Success", result: { text: "Hello, world!" }, workflow: "hello.ts::default" });
    expect(success.stdout.trimEnd()).not.toContain("\n");
    const { code, stdout } = await run(["hello", "--json", "-p", "who=nobody"]);
    const { error, status, logs } = JSON.parse(stdout) as Execution;
    expect({ code, status, name: error?.name, cause: error?.cause?.name }).toEqual({ code: 1, status: "Failed", name: "TypeError", cause: "RangeError" });
    expect(error?.frames[0]).toMatchObject({ path: "shared/greeting.ts", line: 6, column: 31 });
    expect(logs).toHaveLength(2);
  });

  it.for([
    [["nobody-has-this-name"], 3, "ERR_WORKFLOW_NOT_FOUND"],
    [["nowhere.ts"], 3, "ERR_PATH_NOT_FOUND"],
    [["hello.ts::nope"], 3, "ERR_EXECUTABLE_NOT_FOUND"],
    [["same"], 2, "ERR_WORKFLOW_AMBIGUOUS"],
    [["hello", "--no-such-option"], 2, "ERR_INPUT_INVALID"],
    [["hello", "-i", "{"], 2, "ERR_INPUT_INVALID"],
    [["hello", "--timeout", "soon"], 2, "ERR_INPUT_INVALID"],
    [["hello", "--timeout", "2h"], 2, "ERR_INPUT_INVALID"],
    [["hello", "--timeout", "0"], 2, "ERR_INPUT_INVALID"],
    [["hello", "--memory", "1mb"], 2, "ERR_INPUT_INVALID"],
  ] as const)("--json also where no execution began: %j", async ([args, code, errorCode]) => {
    const ended = await run([...args, "--json"]);
    expect(ended.code).toBe(code);
    expect(JSON.parse(ended.stdout)).toMatchObject({
      version: 1,
      error: { code: errorCode, name: expect.any(String) as string, message: expect.any(String) as string },
    });
  });

  it("--jsonl prints events, one a line, the last one with the execution or the error", async () => {
    const events = async (args: readonly string[]): Promise<readonly { readonly type: string; readonly [key: string]: unknown }[]> =>
      (await run([...args, "--jsonl"])).stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { type: string });
    const success = await events(["hello"]);
    expect(success.map(({ type }) => type)).toEqual(["started", "log", "log", "finished"]);
    expect(success.at(-1)).toMatchObject({ version: 1, execution: { version: 1, status: "Success" } });
    const none = await events(["nobody-has-this-name"]);
    expect(none.map(({ type }) => type)).toEqual(["started", "finished"]);
    expect(none.at(-1)).toMatchObject({ version: 1, error: { code: "ERR_WORKFLOW_NOT_FOUND" } });
  });
});

describe("an error, on stderr alone,", () => {
  async function failure(args: readonly string[], code: number): Promise<string> {
    const ended = await run([...args, "-q"]);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: "" });
    return ended.stderr;
  }

  it("B13: shows the TypeScript source with the failing column, and each frame with the hash of its module", async () => {
    const text = await failure(["hello", "-p", "who=nobody"], 1);
    expect(text).toMatch(/^error TypeError: there is nobody\n/u);
    expect(text).toContain(
      '> 6 |   if (who === "nobody") throw new TypeError("there is nobody", { cause: new RangeError("no one") });\n    |                               ^\n',
    );
    expect(text).toMatch(
      /\n {2}at shared\/greeting\.ts:6:31 @[0-9a-f]{8} {2}greeting\n {2}at hello\.ts:7:18 @[0-9a-f]{8}.*\n {2}caused by RangeError: no one\n/u,
    );
    expect(text).toMatch(/\nexecution [0-9a-f-]{36} {2}snapshot s1-[0-9a-f]{64}\n$/u);
  });

  it("B90: of the input has a line for each problem", async () => {
    const text = await failure(["hello", "-p", "times=x", "-p", "who=3"], 2);
    expect(text).toContain('\n  $.times: expected number, received string "x"\n');
    expect(text).toContain("\n  $.who: expected string, received number 3\n");
  });

  it("B7: of a missing import has candidates and the nearest name", async () => {
    const text = await failure(["imports/missing.ts"], 4);
    expect(text).toMatch(/^error\[ERR_MODULE_NOT_FOUND\]: Cannot find module "\.\.\/shared\/greetin" imported in imports\/missing\.ts:1:26/u);
    expect(text).toContain("tried: shared/greetin.ts, ");
    expect(text).toContain('help: Did you mean "shared/greeting.ts"?');
    expect(text).toContain("> 1 | import");
  });

  it.for([
    ["imports/denied.ts", "ERR_IMPORT_DENIED", "rule: node-builtin: "],
    ["imports/host.ts", "ERR_IMPORT_DENIED", "rule: host-internal: "],
    ["imports/climbing.ts", "ERR_SPECIFIER_INVALID", "climbs"],
    ["imports/absolute.ts", "ERR_SPECIFIER_INVALID", "absolute"],
  ] as const)("B5, B8, B10: of %s is %s, and the exit code 5", async ([path, code]) => {
    disk.write({ "secret.ts": "export default 'read';\n" });
    expect(await failure([path], 5)).toContain(`error[${code}]`);
  });

  it("B14: of syntax and of a missing export has the name SyntaxError, and the place", async () => {
    expect(await failure(["imports/broken.ts"], 4)).toMatch(/^error\[ERR_MODULE_SYNTAX\] SyntaxError: broken\.ts:2:11: [\s\S]*\n> 2 \| const b = = 2;\n/u);
    expect(await failure(["imports/name.ts"], 4)).toMatch(/^error\[ERR_EXPORT_MISSING\] SyntaxError: [\s\S]*> 1 \| import \{ greet \}/u);
  });

  it("B16: of an export that is missing or cannot be run lists what the file exports", async () => {
    expect(await failure(["hello.ts::nope"], 3)).toContain("It exports: default");
    expect(await failure(["ends.ts::number"], 3)).toContain("It exports: again, echo, falsy, ");
  });

  it("of the author's has no code, and a UserError its message", async () => {
    expect(await failure(["ends.ts::user"], 1)).toMatch(/^error UserError: Ask somebody else\.\n/u);
  });

  it("names the nearest option, and the usage", async () => {
    expect(await failure(["hello", "--tiemout", "3s"], 2)).toContain('help: Did you mean "--timeout"?\nusage: run-workflow <workflow> [option …]\n');
  });

  it("says how a key of the input is given, where files are looked at, and which directory a file is in", async () => {
    for (const argument of ["who=Ada", "--who=Ada"])
      expect(await failure(["hello", argument], 2)).toContain("help: A key of the input is given as -p who=Ada.\n");
    expect(await failure(["HELLO"], 3)).toContain('help: Did you mean "hello"?');
    expect(await shell.run("bifrost-executor", ["ls"])).toMatchObject({ code: 2, stderr: expect.stringContaining('help: Did you mean "files ls"?') as string });
    const workspace = join(disk.path, "workspace");
    const { code, stderr } = await shell.run("run-workflow", ["hello", "--directory", join(workspace, "hello.ts")]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`help: Name the directory, and the file as the workflow: --directory ${workspace} hello.ts\n`) as string,
    });
  });

  it.for([
    ["run-workflow", ["--directory=", "x"], "--directory"],
    ["run-workflow", ["x", "--workspace", ""], "--workspace"],
    ["run-workflow", [""], "empty workflow"],
    ["bifrost-executor", ["push", ""], "empty DIR"],
    ["bifrost-executor", ["files", "rm", ""], "empty PATH"],
  ] as const)("names the argument that is empty: %s %j", async ([bin, args, name]) => {
    expect(await shell.run(bin, args)).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(name) as string });
  });
});

describe("limits", () => {
  it.for([
    [["ends.ts::loop", "--timeout", "300ms"], 124, "ERR_TIMEOUT_WALL", "limit: 300 ms"],
    [["ends.ts::stuck", "--timeout", "300ms"], 124, "ERR_TIMEOUT_WALL", "limit: 300 ms"],
    [["ends.ts::loop", "--cpu", "200ms"], 124, "ERR_TIMEOUT_CPU", "limit: 200 ms"],
    [["ends.ts::hungry", "--memory", "64mb"], 137, "ERR_MEMORY_LIMIT", "limit: 64 mb"],
  ] as const)("B81, B82: %j", async ([args, code, errorCode, fact]) => {
    const ended = await run([...args, "-q"]);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: "" });
    expect(ended.stderr).toContain(`error[${errorCode}]`);
    expect(ended.stderr).toContain(fact);
  });
});

describe("an interruption", () => {
  it.for(["SIGINT", "SIGTERM"] as const)("by %s cancels the run, tells so, and exits with 130", async (signal) => {
    const running = shell.start("run-workflow", ["--directory", join(disk.path, "workspace"), "ends.ts::stuck", "--json"]);
    await running.until("stderr", "waiting");
    running.process.kill(signal);
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" }, logs: [{ message: "waiting" }] });
  });

  // As `timeout` interrupts: the command, then its group. A launcher in there passes on what the process behind it has got already.
  it.for(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s of the command and its whole process group is one interruption, and is told like one",
    async (signal) => {
      const running = shell.start("run-workflow", ["--directory", join(disk.path, "workspace"), "ends.ts::stuck", "--json"], { detached: true });
      await running.until("stderr", "waiting");
      const leader = running.process.pid ?? Number.NaN;
      process.kill(leader, signal);
      process.kill(-leader, signal);
      const { code, stdout } = await running.ended;
      expect(code).toBe(130);
      expect(JSON.parse(stdout)).toMatchObject({ status: "Cancelled", error: { code: "ERR_CANCELLED" } });
    },
  );
});

describe("--watch", () => {
  it("runs again after each change, on what the directory holds then, and ends with 130", async () => {
    using watched = temporaryDirectory({
      "wf.ts": 'import { workflow } from "bifrost";\nimport { text } from "./text";\nexport default workflow(async () => text);\n',
      "text.ts": 'export const text = "one";\n',
    });
    const running = shell.start("run-workflow", ["--directory", watched.path, "wf.ts", "--watch"]);
    await running.until("stdout", '"one"\n');
    await running.until("stderr", "waiting for changes");
    watched.write({ "text.ts": 'export const text = "two";\n' });
    await running.until("stdout", '"two"\n');
    watched.write({ "text.ts": "export const = 3;\n" });
    await running.until("stderr", "ERR_MODULE_SYNTAX");
    // A run that is going on gives way.
    watched.write({ "text.ts": 'console.log("stuck");\nexport const text = await new Promise(() => {});\n' });
    await running.until("stderr", "stuck");
    watched.write({ "text.ts": 'export const text = "three";\n' });
    await running.until("stdout", '"three"\n');
    running.process.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, signal: null, stdout: '"one"\n"two"\n"three"\n' });
  });
});

describe("help and version", () => {
  it("go to stdout and are no failure", async () => {
    expect(await run(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/u) as string, stderr: "" });
    expect(await run(["--help"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("usage: run-workflow <workflow> [option …]") as string,
      stderr: "",
    });
    expect(await shell.run("bifrost-executor", ["--help"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("usage: bifrost-executor <command>") as string,
    });
    for (const command of [["init"], ["push"], ["run"], ["files"], ["files", "rm"]]) {
      expect(await shell.run("bifrost-executor", [...command, "--help"]), command.join(" ")).toMatchObject({
        code: 0,
        stdout: expect.stringContaining("usage:") as string,
      });
    }
  });
});
