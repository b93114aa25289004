// Tells of one run as it goes: the answer on stdout in the form that was asked for, everything for people on stderr.
import type { Execution, LogLine } from "../completion.ts";
import type { Executor } from "../executor.ts";
import type { NestedOrigin } from "../executions/order.ts";
import { formatDuration } from "../duration.ts";
import { eventText } from "./events.ts";
import { noLiveLine, startLiveLine } from "./live-line.ts";
import { logText, nestedLogText } from "./render-log.ts";
import { resultText } from "./render-result.ts";
import type { OutputForm } from "./command.ts";
import { visible, type Terminal } from "./terminal.ts";

export interface ReporterOptions {
  readonly terminal: Terminal;
  readonly form: OutputForm;
  readonly quiet: boolean;
  readonly reference: string;
  readonly workspace: string;
  readonly dryRun: boolean;
}

export interface FinishContext {
  readonly sources: Pick<Executor, "sourceOf">;
  /** True where the run was stopped for a newer one: that is no failure to tell people of. */
  readonly superseded: boolean;
}

export interface Reporter extends Disposable {
  log(line: LogLine): void;
  /** Of what the execution executes. */
  nestedLog(line: LogLine, from: NestedOrigin): void;
  finished(execution: Execution, context: FinishContext): Promise<void>;
}

export function startReporter(options: ReporterOptions): Reporter {
  const { terminal, form, quiet, reference, workspace } = options;
  const sharesTerminal = form === "jsonl" && terminal.outIsTerminal;
  const line = terminal.errIsTerminal && !quiet && !sharesTerminal ? startLiveLine(reference, terminal) : noLiveLine(terminal);
  if (form === "jsonl") terminal.out(eventText({ type: "started", reference, workspace, timestamp: new Date().toISOString() }));

  function log(entry: LogLine): void {
    if (form === "jsonl") terminal.out(eventText({ type: "log", ...entry }));
    if (quiet) return;
    line.note(entry.message);
    line.above(logText(entry, terminal.paint));
  }

  function nestedLog(entry: LogLine, { id: executionId, parentId, reference }: NestedOrigin): void {
    if (form === "jsonl") terminal.out(eventText({ type: "nested-log", executionId, parentId, reference, ...entry }));
    if (!quiet) line.above(nestedLogText(entry, reference, terminal.paint));
  }

  async function finished(execution: Execution, { sources, superseded }: FinishContext): Promise<void> {
    line.stop();
    answer(execution, options);
    if (superseded) return;
    if (execution.error !== undefined) return showError(execution, { terminal, sources });
    if (execution.status === "CompletedWithErrors")
      return terminal.err(`${terminal.paint("yellow", "completed with errors")}: the result says success: false\n`);
    if (!quiet) terminal.err(options.dryRun ? linkedText(execution, terminal) : summaryText(execution, terminal));
  }

  return { log, nestedLog, finished, [Symbol.dispose]: () => line.stop() };
}

function answer(execution: Execution, { terminal, form, dryRun }: ReporterOptions): void {
  if (form === "jsonl") return terminal.out(eventText({ type: "finished", execution }));
  if (form === "json") return terminal.out(resultText(execution, { indent: terminal.outIsTerminal }));
  // A dry run has no result: the workflow's function was not called.
  if (execution.error === undefined && !dryRun) terminal.out(resultText(execution.result, { indent: terminal.outIsTerminal }));
}

async function showError(
  execution: Execution,
  { terminal, sources }: { readonly terminal: Terminal; readonly sources: Pick<Executor, "sourceOf"> },
): Promise<void> {
  const { error } = execution;
  if (error === undefined) return;
  const [{ renderError }, codeFrame] = await Promise.all([import("./render-error.ts"), frameOf(execution, { terminal, sources })]);
  terminal.err(renderError(error, { paint: terminal.paint, codeFrame, execution }));
}

/** Source around the first author frame. What hinders showing it must not hide the error. */
async function frameOf(
  execution: Execution,
  { terminal, sources }: { readonly terminal: Terminal; readonly sources: Pick<Executor, "sourceOf"> },
): Promise<string> {
  const place = execution.error?.frames[0];
  if (place === undefined) return "";
  try {
    const [{ codeFrame }, source] = await Promise.all([import("../modules/code-frame.ts"), sources.sourceOf(execution, place.path)]);
    return source === undefined ? "" : await codeFrame(visible(source), place, { color: terminal.paint("red", "") !== "" });
  } catch {
    return "";
  }
}

function summaryText({ workflow, usage }: Execution, { paint }: Terminal): string {
  return `${paint("green", "success")} ${visible(workflow)} ${paint("dim", `in ${formatDuration(usage.wallMs)}`)}\n`;
}

function linkedText({ workflow, modules }: Execution, { paint }: Terminal): string {
  const lines = modules.map(({ path, hash }) => `  ${visible(path)} ${paint("dim", `@${hash.slice(0, 8)}`)}\n`);
  const count = `${modules.length} ${modules.length === 1 ? "module" : "modules"}`;
  return `${paint("green", "dry run")} ${visible(workflow)}: ${count} linked and evaluated, the input is valid; the workflow was not called\n${lines.join("")}`;
}
