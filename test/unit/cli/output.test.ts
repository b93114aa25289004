// What goes to which stream, character for character.
import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createBell } from "../../../src/cli/changes.ts";
import { eventText } from "../../../src/cli/events.ts";
import { listText } from "../../../src/cli/files-command.ts";
import { liveText } from "../../../src/cli/live-line.ts";
import { planText, warningText } from "../../../src/cli/push-command.ts";
import { logText } from "../../../src/cli/render-log.ts";
import { resultText } from "../../../src/cli/render-result.ts";
import { startReporter, type ReporterOptions } from "../../../src/cli/reporter.ts";
import { openTerminal, plain, visible, type Terminal } from "../../../src/cli/terminal.ts";
import type { Execution } from "../../../src/completion.ts";
import type { ContentHash } from "../../../src/modules/content-hash.ts";
import { parseModulePath } from "../../../src/modules/module-path.ts";

const LINE = { sequence: 1, level: "info", message: "looking", timestamp: "2026-11-20T10:00:00.000Z", data: { days: 30 } } as const;
const SUCCESS: Execution = {
  version: 1,
  id: "id",
  workflow: "wf.ts::default",
  status: "Success",
  result: { closed: 3 },
  logs: [LINE],
  usage: { wallMs: 12, cpuMs: 3, peakMemoryBytes: 1 },
  snapshotId: "s1-x",
  modules: [{ path: "wf.ts", hash: "0123456789abcdef" }],
  startedAt: "a",
  finishedAt: "b",
};
const FAILED: Execution = {
  ...SUCCESS,
  result: undefined,
  status: "Failed",
  error: { name: "Error", message: "no", stack: "", frames: [{ path: "wf.ts", line: 1, column: 7, hash: "0123456789abcdef" }] },
};

interface Streams {
  readonly out: string;
  readonly err: string;
}

/** Both streams as pipes, or as terminals. */
function open({ tty = false, noColor = true }: { readonly tty?: boolean; readonly noColor?: boolean } = {}): {
  readonly terminal: Terminal;
  readonly read: () => Streams;
} {
  const written = { out: "", err: "" };
  const collecting = (name: keyof Streams): NodeJS.WriteStream => {
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += chunk.toString();
        done();
      },
    });
    return Object.assign(stream, { isTTY: tty }) as unknown as NodeJS.WriteStream;
  };
  return { terminal: openTerminal({ stdout: collecting("out"), stderr: collecting("err"), noColor }), read: () => ({ ...written }) };
}

async function report(
  execution: Execution,
  options: Partial<ReporterOptions> & { readonly tty?: boolean; readonly superseded?: boolean } = {},
): Promise<Streams> {
  const { terminal, read } = open({ tty: options.tty ?? false });
  using reporter = startReporter({ terminal, form: "text", quiet: false, reference: "wf", workspace: "default", dryRun: false, ...options });
  for (const line of execution.logs) reporter.log(line);
  await reporter.finished(execution, { sources: { sourceOf: async () => "const broken = 1;" }, superseded: options.superseded ?? false });
  return read();
}

describe("a run's answer", () => {
  it("is the result on stdout and nothing else; logs go to stderr", async () => {
    expect(await report(SUCCESS)).toEqual({ out: '{"closed":3}\n', err: 'info looking {"days":30}\nsuccess wf.ts::default in 12 ms\n' });
  });

  it("is indented on a terminal", async () => {
    expect((await report(SUCCESS, { tty: true })).out).toBe('{\n  "closed": 3\n}\n');
  });

  it("is null for undefined", () => {
    expect(resultText(undefined, { indent: false })).toBe("null\n");
  });

  it("of a failure leaves stdout empty, and shows the source", async () => {
    const { out, err } = await report(FAILED);
    expect(out).toBe("");
    expect(err).toContain("error Error: no\n\n> 1 | const broken = 1;\n    |       ^\n\n  at wf.ts:1:7 @01234567\nexecution id");
  });

  it("B80: of CompletedWithErrors is its result, and stderr says so", async () => {
    expect(await report({ ...SUCCESS, logs: [], status: "CompletedWithErrors", result: { success: false } }, { quiet: true })).toEqual({
      out: '{"success":false}\n',
      err: "completed with errors: the result says success: false\n",
    });
  });

  it("of a dry run is what was linked, on stderr", async () => {
    const { out, err } = await report({ ...SUCCESS, logs: [], result: undefined }, { dryRun: true });
    expect(out).toBe("");
    expect(err).toBe("dry run wf.ts::default: 1 module linked and evaluated, the input is valid; the workflow was not called\n  wf.ts @01234567\n");
  });

  it("with --quiet leaves stderr empty but for errors", async () => {
    expect((await report(SUCCESS, { quiet: true })).err).toBe("");
    expect((await report(FAILED, { quiet: true })).err).toMatch(/^error Error: no\n/u);
  });

  it("with --json is the one envelope, for success and failure alike", async () => {
    expect(JSON.parse((await report(SUCCESS, { form: "json" })).out)).toEqual(SUCCESS);
    expect(JSON.parse((await report(FAILED, { form: "json" })).out)).toMatchObject({ version: 1, status: "Failed", error: { name: "Error" } });
  });

  it("with --jsonl is one object a line: started, its logs, finished", async () => {
    const events = (await report(SUCCESS, { form: "jsonl" })).out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events).toEqual([
      { version: 1, type: "started", reference: "wf", workspace: "default", timestamp: expect.any(String) as string },
      { version: 1, type: "log", ...LINE },
      { version: 1, type: "finished", execution: SUCCESS },
    ]);
    expect(eventText({ type: "log", ...LINE, message: "a\nb" })).toMatch(/^[^\n]*\n$/u);
  });

  it("of a run that gave way to a newer version is told to programs only", async () => {
    expect((await report(FAILED, { superseded: true, quiet: true })).err).toBe("");
  });
});

describe("the terminal", () => {
  it("has colour only where stderr is one and NO_COLOR is not set", () => {
    expect(open({ tty: true, noColor: false }).terminal.paint("red", "x")).toBe("\u001b[31mx\u001b[39m");
    for (const options of [
      { tty: true, noColor: true },
      { tty: false, noColor: false },
    ])
      expect(open(options).terminal.paint("red", "x")).toBe("x");
  });

  it("goes on when the reader of stdout has left", async () => {
    const stdout = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.WriteStream;
    const terminal = openTerminal({ stdout, stderr: new PassThrough() as unknown as NodeJS.WriteStream, noColor: true });
    stdout.destroy(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    await new Promise((resolve) => void setImmediate(resolve));
    terminal.out("text");
    await terminal.flush();
    expect(terminal.readerGone.aborted).toBe(true);
  });

  it("shows control characters instead of obeying them, but for line breaks and tabs", () => {
    expect(visible("a\u001b[31m\tb\r\nc\u0000é")).toBe("a\\x1b[31m\tb\nc\\x00é");
  });
});

describe("lines for people", () => {
  it("of a log say level, message and data; what follows in a message is indented", () => {
    expect(logText({ ...LINE, level: "warn", message: "a\nb" }, plain)).toBe('warn a\n  b {"days":30}\n');
  });

  it("that are live fit into the terminal", () => {
    const text = liveText({ title: "close-stale-tickets", elapsedMs: 1234, last: "looking at everything there is\nand more", columns: 40 }, plain);
    expect(text).toBe("close-stale-tickets  1.2 s  looking at e");
    expect(liveText({ title: "a", elapsedMs: 1234, last: "", columns: 40 }, plain)).toBe("a  1.2 s");
    expect(liveText({ title: "a-name-that-is-longer", elapsedMs: 0, last: "x", columns: 8 }, plain)).toBe("a-name-t");
  });

  it("B59a: of a push are one a path, then the counts", () => {
    const path = parseModulePath;
    const plan = { added: [path("a.ts")], changed: [path("b.ts")], removed: [path("c.ts")], moved: [{ from: path("d.ts"), to: path("e.ts") }], unchanged: 4 };
    expect(planText({ ...plan, version: 7 }, { dryRun: false })).toBe(
      "+ a.ts\n~ b.ts\n- c.ts\n> d.ts -> e.ts\n1 added, 1 changed, 1 removed, 1 moved, 4 unchanged (version 7)\n",
    );
    expect(planText(plan, { dryRun: true })).toMatch(/4 unchanged \(dry run: nothing was written\)\n$/u);
    expect(warningText({ path: path("a.ts"), line: 2, column: 11, message: "Expression expected." }, plain)).toBe("warning a.ts:2:11: Expression expected.\n");
  });

  it("of a file list are columns for a person and tabs for a program", () => {
    const facts = { entityType: "module", contentType: "text/plain", updatedAt: "", hash: "0123456789ab" as ContentHash } as const;
    const files = [
      { ...facts, path: parseModulePath("a.ts"), sizeBytes: 5 },
      { ...facts, path: parseModulePath("long/name.ts"), sizeBytes: 1234 },
    ];
    expect(listText(files, { aligned: false })).toBe("a.ts\tmodule\t5\t01234567\nlong/name.ts\tmodule\t1234\t01234567\n");
    expect(listText(files, { aligned: true })).toBe("a.ts          module     5  01234567\nlong/name.ts  module  1234  01234567\n");
    expect(listText([], { aligned: true })).toBe("");
  });
});

describe("the bell of --watch", () => {
  it("is heard once by who listens after it rang, and several rings are one", async () => {
    const bell = createBell();
    bell.ring();
    bell.ring();
    await bell.next();
    let heard = false;
    const next = bell.next().then(() => (heard = true));
    await Promise.resolve();
    expect(heard).toBe(false);
    bell.ring();
    await next;
    expect(heard).toBe(true);
  });
});
