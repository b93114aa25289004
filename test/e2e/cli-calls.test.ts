// Secrets and nested workflows from the command line, by the real bin in a process of its own.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { commandOf, descendantsOf } from "../support/child-processes.ts";
import { commandLine, type CommandLine } from "../support/command-line.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { temporaryDirectory, type TemporaryDirectory } from "../support/temporary-directory.ts";

expectNoLeaks({ mayStay: (command) => /esbuild/.test(command) });

const FROM_FILE = "file-1f2e3d4c5b6a";
const FROM_ENVIRONMENT = "environment-0a9b8c7d";
let shell: CommandLine;
let disk: TemporaryDirectory;

beforeAll(async () => {
  shell = await commandLine();
  disk = temporaryDirectory();
  disk.write({
    "token.txt": `${FROM_FILE}\n`,
    "empty.txt": "\n",
    "workspace/wf.ts": `import { config, workflow } from "bifrost";
export default workflow(async (p: any, ctx) => {
  const [file, environment] = await Promise.all([config.get("FILE"), config.get("ENVIRONMENT")]);
  ctx.log.warn("have " + file, { environment });
  if (p.wait) { console.log("ready"); await new Promise(() => {}); }
  if (p.fail) throw new Error("no " + environment);
  return { file, lengths: [file?.length, environment?.length] };
});`,
    "workspace/outer.ts": `import { workflow, workflows } from "bifrost";
export default workflow(async (p: any) => { console.log("outer"); return await workflows.execute("inner.ts", p); });`,
    "workspace/inner.ts": `import { workflow } from "bifrost";
export default workflow(async (p: any) => { console.log("inner", p); if (p.fail) throw new RangeError("too far"); return p.n * 2; });`,
  });
});

afterAll(async () => {
  await shell[Symbol.asyncDispose]();
  disk[Symbol.dispose]();
});

function secretArguments(...more: readonly string[]): string[] {
  return ["wf.ts", "--directory", `${disk.path}/workspace`, "--secret", `FILE=@${disk.path}/token.txt`, "--secret", "ENVIRONMENT=env:SOME_TOKEN", ...more];
}

const env = { SOME_TOKEN: FROM_ENVIRONMENT };

it.for([["text"], ["--json"], ["--jsonl"]])("B89: secrets come from files and variables, and appear nowhere in the output: %s", async ([form = ""]) => {
  for (const input of [{}, { fail: true }]) {
    const { code, stdout, stderr } = await shell.run("run-workflow", secretArguments("-i", JSON.stringify(input), ...(form === "text" ? [] : [form])), { env });
    expect(code).toBe("fail" in input ? 1 : 0);
    for (const value of [FROM_FILE, FROM_ENVIRONMENT]) expect(stdout + stderr).not.toContain(value);
    expect(stderr).toContain("[secret FILE]");
    if (form === "text" && !("fail" in input))
      expect(JSON.parse(stdout)).toEqual({ file: "[secret FILE]", lengths: [FROM_FILE.length, FROM_ENVIRONMENT.length] });
  }
});

it("B33, B89: no command line shows a secret, and no process that runs author code has one in its environment", async () => {
  const running = shell.start("run-workflow", secretArguments("-i", `{"wait":true}`), { env });
  await running.until("stderr", "ready");
  const processes = descendantsOf(process.pid);
  const rooms = processes.filter((id) => commandOf(id).includes("child-main"));
  expect(rooms.length).toBeGreaterThan(0);
  for (const id of processes) for (const value of [FROM_FILE, FROM_ENVIRONMENT]) expect(commandOf(id)).not.toContain(value);
  for (const id of rooms) expect(readFileSync(`/proc/${id}/environ`, "utf8")).not.toContain(FROM_ENVIRONMENT);
  running.process.kill("SIGINT");
  expect(await running.ended).toMatchObject({ code: 130 });
});

it.for([
  ["FILE=the-value-itself", "never a value|and not a value"],
  ["the-value-itself", "and not a value"],
  ["FILE=env:NOT_SET_ANYWHERE", '"NOT_SET_ANYWHERE", which is not set'],
  ["FILE=@nowhere.txt", "cannot be read: ENOENT"],
  ["FILE=@EMPTY", "is empty"],
  ["a b=env:SOME_TOKEN", "cannot name a secret"],
] as const)("B89: --secret %s is refused with a reason, and without showing a value", async ([text, reason]) => {
  const { code, stdout, stderr } = await shell.run(
    "run-workflow",
    ["wf.ts", "--directory", `${disk.path}/workspace`, "--secret", text.replace("EMPTY", `${disk.path}/empty.txt`)],
    { env },
  );
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(new RegExp(reason));
  for (const value of ["the-value-itself", FROM_ENVIRONMENT]) expect(stderr).not.toContain(value);
});

it("B89: a workflow executes another; its lines are shown as its own, and its failure with the place in its source", async () => {
  const fine = await shell.run("run-workflow", ["outer.ts", "--directory", `${disk.path}/workspace`, "-p", "n=21"]);
  expect([fine.code, fine.stdout, fine.stderr]).toEqual([0, "42\n", expect.stringMatching(/^info outer\ninner\.ts: info inner \{ n: 21 \}\nsuccess /)]);

  const failed = await shell.run("run-workflow", ["outer.ts", "--directory", `${disk.path}/workspace`, "-p", "fail=true"]);
  expect(failed).toMatchObject({ code: 1, stdout: "" });
  expect(failed.stderr).toContain("RangeError: too far");
  expect(failed.stderr).toContain("outer.ts:2");
  expect(failed.stderr).toContain("inner.ts:2");

  const events = (await shell.run("run-workflow", ["outer.ts", "--directory", `${disk.path}/workspace`, "-p", "n=1", "--jsonl"])).stdout.trim().split("\n");
  const parsed = events.map((event) => JSON.parse(event) as { type: string; parentId?: string; reference?: string; execution?: { id: string } });
  expect(parsed.map(({ type }) => type)).toEqual(["started", "log", "nested-log", "finished"]);
  expect(parsed[2]).toMatchObject({ reference: "inner.ts", parentId: parsed[3]?.execution?.id, sequence: 1 });
});
