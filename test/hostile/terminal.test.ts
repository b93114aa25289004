// What an author's text does to the terminal of whoever runs it. The runs are real, by the harness; what is written to
// the two streams is the command line's, as to a terminal and as to a pipe.
import { Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startReporter, type ReporterOptions } from "../../src/cli/reporter.ts";
import { openTerminal } from "../../src/cli/terminal.ts";
import { closeSharedPools, createHarness, type Execution, type Harness } from "../../src/testing/index.ts";
import { workflow } from "../support/engine.ts";
import { expectNoLeaks } from "../support/leaks.ts";

expectNoLeaks({ mayStay: (command) => /child-main|transpile-child|esbuild/.test(command) });

/** Clears the screen, sets the title, colours (also by an 8-bit introducer), goes back, deletes, returns, asks the terminal to answer, opens a link. */
const ATTACK =
  "\\u001b[2J\\u001b]0;title\\u0007\\u009b31m\\u0008\\u007f\\r\\u000b\\u000c\\u001b[6n\\u001b]8;;http://evil\\u001b\\\\\\\\\\u0090q\\u009c\\u0085\\u0000";
/** Begins lines that look like the command line's own. */
const FORGERY = "\\nsuccess wf.ts::default in 1 ms FORGED\\nerror[ERR_INTERNAL]: FORGED\\ninfo FORGED\\n  at FORGED.ts:1:1\\nexecution 0 FORGED\\n";

let harness: Harness;

beforeAll(async () => {
  harness = await createHarness({
    files: {
      "logs.ts": workflow(
        `console.log("attack ${ATTACK}${FORGERY}"); ctx.log.info("${ATTACK}", { "${ATTACK}": "${ATTACK}" }); console.error(new Error("${ATTACK}${FORGERY}")); console.dir({ a: 1 }, { colors: true }); return 1;`,
      ),
      "message.ts": workflow(`throw new Error("told ${ATTACK}${FORGERY}");`),
      "name.ts": workflow(`throw Object.assign(new Error("told"), { name: "Name ${ATTACK}${FORGERY}" });`),
      "stack.ts": workflow(
        `const error = new Error("told"); error.stack = "Error: told\\n    at f${ATTACK} (workspace:///stack.ts:1:1)\\n    at ${ATTACK} (workspace:///a${ATTACK}.ts:1:1)"; throw error;`,
      ),
      "cause.ts": workflow(`throw new Error("told", { cause: new AggregateError([new Error("inner ${ATTACK}${FORGERY}")], "cause ${ATTACK}${FORGERY}") });`),
      "source.ts": workflow(`/* ${ATTACK.replaceAll("\\u001b", "\u001b").replaceAll("\\u009b", "\u009b")} */ throw new Error("told");`),
      "result.ts": workflow(`return { ["${ATTACK}"]: "${ATTACK}${FORGERY}" };`),
      "found.ts": workflow(`return { ["${ATTACK}"]: 1n };`),
      "missing.ts": workflow(`return absent;`, `import { absent } from "./nowhere\u009b31m\u007f.ts";`),
    },
  });
});

afterAll(async () => {
  await harness.dispose();
  await closeSharedPools();
});

interface Streams {
  readonly out: string;
  readonly err: string;
}

async function shown(execution: Execution, options: Partial<ReporterOptions> & { readonly tty: boolean }): Promise<Streams> {
  const written = { out: "", err: "" };
  const collecting = (name: keyof Streams): NodeJS.WriteStream => {
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString();
        done();
      },
    });
    return Object.assign(stream, { isTTY: options.tty, columns: 80 }) as unknown as NodeJS.WriteStream;
  };
  const terminal = openTerminal({ stdout: collecting("out"), stderr: collecting("err"), noColor: false });
  using reporter = startReporter({ terminal, form: "text", quiet: false, reference: "wf", workspace: "default", dryRun: false, ...options });
  for (const line of execution.logs) reporter.log(line);
  await reporter.finished(execution, { sources: { sourceOf: async (run, path) => await harness.executor.sourceOf(run, path) }, superseded: false });
  return written;
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
// Colours and the live line, as the command line itself writes them.
// oxlint-disable-next-line no-control-regex -- these are control characters
const OURS = /\u001b\[\d+(?:;\d+)*m|\r\u001b\[K/g;

const FILES = ["logs.ts", "message.ts", "name.ts", "stack.ts", "cause.ts", "source.ts", "result.ts", "found.ts", "missing.ts"];

describe.each([true, false])("to a terminal: %s", (tty) => {
  it.each(FILES)("cannot happen: %s moves the cursor, clears, colours, rings, sets a title or asks the terminal for anything", async (file) => {
    const execution = await harness.run(file);
    for (const form of ["text", "json", "jsonl"] as const) {
      const { out, err } = await shown(execution, { tty, form });
      expect(err.replace(OURS, "")).not.toMatch(CONTROL);
      // A pipe gets JSON exactly, and reads it by JSON's rules.
      if (tty) expect(out).not.toMatch(CONTROL);
    }
  });

  it.each(FILES)("cannot happen: a line of %s begins where a line of the command line's own begins", async (file) => {
    const execution = await harness.run(file);
    const { err } = await shown(execution, { tty });
    const lines = err.replace(OURS, "").split("\n");
    const forged = lines.filter((line) => /^(?:success|error|warn|info|debug|execution|completed|dry run)\b.*FORGED/.test(line));
    expect(forged).toEqual([]);
  });
});

it("cannot happen: what a pipe gets is changed for a terminal's sake: the JSON says what the run said", async () => {
  const execution = await harness.run("result.ts");
  const { out } = await shown(execution, { tty: false, form: "json" });
  expect((JSON.parse(out) as Execution).result).toEqual(execution.result);
  const { out: indented } = await shown(execution, { tty: true, form: "json" });
  expect((JSON.parse(indented) as Execution).result).toEqual(execution.result);
});
