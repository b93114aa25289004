// `bifrost-executor files ls|cat|rm|mv`: a look at the files of a stored workspace, here or of a service, and the two changes that need no editor.
import { Fault } from "../errors.ts";
import type { LiveFile } from "../snapshot/origin.ts";
import type { Arguments, CommandSpec, OptionSpec } from "./arguments.ts";
import { URL_OPTION, urlOf } from "./at-url.ts";
import { chooseCommand } from "./command-group.ts";
import type { World } from "./command.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { warningText } from "./push-command.ts";
import { openFiles } from "./open-files.ts";
import { resultText } from "./render-result.ts";
import type { ListedExecutable, StoredFiles, Written } from "./stored-files.ts";
import { visible, type Terminal } from "./terminal.ts";

const WORKSPACE: OptionSpec = { value: "NAME", help: "the stored workspace (default: default)" };
const JSON_OPTION: OptionSpec = { help: "print one JSON object" };

interface FileCommand extends CommandSpec {
  perform(stored: StoredFiles, parsed: Arguments, terminal: Terminal): Promise<void>;
}

const COMMANDS: Readonly<Record<string, FileCommand>> = {
  ls: {
    name: "bifrost-executor files ls",
    summary: "Lists files: path, entity type, size in bytes, first characters of the content hash.",
    operands: [{ name: "PREFIX", optional: true }],
    options: { workspace: WORKSPACE, url: URL_OPTION, json: JSON_OPTION },
    notes:
      "PREFIX is a file, or a directory of which all files are listed. In a pipe the columns are parted by tabs.\n--json also tells what each file registers to be run: ids, names, parameters.",
    perform: list,
  },
  cat: {
    name: "bifrost-executor files cat",
    summary: "Writes a file's bytes to stdout, as they are.",
    operands: [{ name: "PATH" }],
    options: { workspace: WORKSPACE, url: URL_OPTION },
    perform: print,
  },
  rm: {
    name: "bifrost-executor files rm",
    summary: "Removes files, all of them in one write or none.",
    operands: [{ name: "PATH", repeat: true }],
    options: { workspace: WORKSPACE, url: URL_OPTION, recursive: { short: "r", help: "remove directories with all below them" }, json: JSON_OPTION },
    perform: remove,
  },
  mv: {
    name: "bifrost-executor files mv",
    summary: "Gives a file another path; the ids of its workflows stay.",
    operands: [{ name: "FROM" }, { name: "TO" }],
    options: { workspace: WORKSPACE, url: URL_OPTION, json: JSON_OPTION },
    notes: "A TO that ends in / is a directory to move into.",
    perform: move,
  },
};

export const FILE_COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

const GROUP = { name: "files", summary: "Looks at and changes the files of a stored workspace.", commands: COMMANDS };

export async function filesCommand(argv: readonly string[], { terminal, config }: World): Promise<number> {
  const chosen = await chooseCommand(GROUP, { argv, terminal });
  if (chosen === undefined) return EXIT_SUCCESS;
  const { command, parsed } = chosen;
  const read = config();
  await using stored = await openFiles(read, { workspace: parsed.text("workspace"), url: urlOf(parsed, read), writes: false });
  await command.perform(stored, parsed, terminal);
  return EXIT_SUCCESS;
}

async function list(stored: StoredFiles, parsed: Arguments, terminal: Terminal): Promise<void> {
  const [under] = parsed.operands;
  const files = await filesUnder(stored, under);
  if (parsed.has("json")) {
    const told = withExecutables(files, await stored.executables());
    return terminal.out(resultText({ version: 1, workspace: stored.workspace.name, files: told }, { indent: terminal.outIsTerminal }));
  }
  if (files.length === 0) terminal.err("the workspace has no files\n");
  terminal.out(listText(files, { aligned: terminal.outIsTerminal }));
}

/** The one place that shows ids: what a program needs to run a workflow wherever it moves to. */
function withExecutables(files: readonly LiveFile[], executables: readonly ListedExecutable[]) {
  const byPath = Map.groupBy(executables, ({ path }) => path);
  return files.map((file) => ({ ...file, executables: (byPath.get(file.path) ?? []).map(shownExecutable) }));
}

function shownExecutable({ id, name, kind, exportName, active, parameters, parametersReason, timeoutMs, retry }: ListedExecutable) {
  return { id, name, kind, exportName, active, parameters, parametersReason, timeoutMs, retry };
}

async function print(stored: StoredFiles, { operands }: Arguments, terminal: Terminal): Promise<void> {
  const { bytes } = await stored.readFile(operands[0] ?? "");
  terminal.out(bytes);
}

async function remove(stored: StoredFiles, parsed: Arguments, terminal: Terminal): Promise<void> {
  const paths = new Set<string>();
  for (const path of parsed.operands) {
    const files = await filesUnder(stored, path);
    if (!parsed.has("recursive") && files.every((file) => file.path !== path)) {
      throw new Fault(
        "ERR_INPUT_INVALID",
        `${JSON.stringify(path)} is a directory with ${files.length} ${files.length === 1 ? "file" : "files"}. Name the files, or say --recursive.`,
        {
          details: { path, expected: "a file, or --recursive", received: "a directory" },
        },
      );
    }
    for (const file of files) paths.add(file.path);
  }
  const written = await stored.write(Object.fromEntries([...paths].map((path) => [path, null])));
  tellWritten(written, { parsed, terminal, lines: [...paths].toSorted().map((path) => `- ${path}`), facts: { removed: [...paths].toSorted() } });
}

async function move(stored: StoredFiles, parsed: Arguments, terminal: Terminal): Promise<void> {
  const [from = "", to = ""] = parsed.operands;
  const target = to.endsWith("/") ? `${to}${from.slice(from.lastIndexOf("/") + 1)}` : to;
  const written = await stored.move(from, target);
  tellWritten(written, { parsed, terminal, lines: [`> ${from} -> ${target}`], facts: { moved: [{ from, to: target }] } });
}

/** Rejects with ERR_PATH_NOT_FOUND, naming the nearest path, where `under` names nothing. */
async function filesUnder(stored: StoredFiles, under: string | undefined): Promise<readonly LiveFile[]> {
  const directory = under?.replace(/(?<=.)\/$/, "");
  const files = await stored.files(directory === undefined ? {} : { under: directory });
  if (files.length === 0 && directory !== undefined) await stored.readFile(directory);
  return files;
}

/** Columns for a person, tabs for a program. */
export function listText(files: readonly LiveFile[], { aligned }: { readonly aligned: boolean }): string {
  const rows = files.map(({ path, entityType, sizeBytes, hash }) => [aligned ? visible(path) : path, entityType, String(sizeBytes), hash.slice(0, 8)]);
  const widths = [0, 1, 2].map((at) => Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)));
  const lines = rows.map((row) =>
    aligned ? row.map((cell, at) => (at === 2 ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join("  ") : row.join("\t"),
  );
  return lines.map((line) => `${line}\n`).join("");
}

interface Told {
  readonly parsed: Arguments;
  readonly terminal: Terminal;
  readonly lines: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
}

function tellWritten({ version, snapshotId, warnings }: Written, { parsed, terminal, lines, facts }: Told): void {
  if (parsed.has("json"))
    terminal.out(resultText({ version: 1, ...facts, workspaceVersion: version, snapshotId, warnings }, { indent: terminal.outIsTerminal }));
  else terminal.out(lines.map((line) => `${visible(line)}\n`).join(""));
  for (const warning of warnings) terminal.err(warningText(warning, terminal.paint));
}
