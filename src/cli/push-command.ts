// `bifrost-executor push DIR`: makes a stored workspace, here or of a service, equal to a directory in one atomic write (B59a).
import type { Config } from "../config.ts";
import type { PushPlan, PushResult } from "../workspace/push.ts";
import type { WriteWarning } from "../workspace/write-warning.ts";
import { helpText, parseArguments, type CommandSpec } from "./arguments.ts";
import { URL_OPTION, urlOf } from "./at-url.ts";
import type { World } from "./command.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { openFiles } from "./open-files.ts";
import { resultText } from "./render-result.ts";
import { isNoWorkspace, type FilesPlace } from "./stored-files.ts";
import { visible, type Paint } from "./terminal.ts";

const SPEC: CommandSpec = {
  name: "bifrost-executor push",
  summary: "Makes a workspace equal to a directory, in one atomic write, and says what that changed.",
  operands: [{ name: "DIR" }],
  options: {
    workspace: { value: "NAME", help: "the workspace to write to (default: default); made where there is none" },
    url: URL_OPTION,
    keep: { help: "delete nothing: files that only the workspace has stay" },
    "dry-run": { help: "say what would change and write nothing" },
    json: { help: "print one JSON object" },
    quiet: { short: "q", help: "no warnings on stderr" },
  },
  notes:
    "Left out are dot files, node_modules, and what .gitignore names. Symbolic links and files over 1 MB are refused.\nWith --url the service has the workspace: the token's own where none is named.",
};

type Pushed = PushPlan & Partial<Omit<PushResult, keyof PushPlan>> & { readonly workspace: string };

export async function pushCommand(argv: readonly string[], { terminal, config }: World): Promise<number> {
  const parsed = await parseArguments(SPEC, argv);
  if (parsed.has("help")) {
    terminal.out(helpText(SPEC));
    return EXIT_SUCCESS;
  }
  const options = { keep: parsed.has("keep"), dryRun: parsed.has("dry-run") };
  const directory = parsed.operands[0] ?? ".";
  const read = config();
  const asked = { directory, workspace: parsed.text("workspace"), url: urlOf(parsed, read), ...options };
  const pushed = options.dryRun ? await previewed(read, asked) : await push(read, asked);
  if (parsed.has("json")) terminal.out(resultText({ version: 1, ...withWorkspaceVersion(pushed) }, { indent: terminal.outIsTerminal }));
  else terminal.out(planText(pushed, { dryRun: options.dryRun }));
  if (!parsed.has("quiet")) for (const warning of pushed.warnings ?? []) terminal.err(warningText(warning, terminal.paint));
  return EXIT_SUCCESS;
}

interface PushArguments extends FilesPlace {
  readonly directory: string;
  readonly keep: boolean;
  readonly dryRun: boolean;
}

async function push(config: Config, { directory, keep, dryRun, ...place }: PushArguments): Promise<Pushed> {
  await using files = await openFiles(config, { ...place, create: !dryRun });
  return { workspace: files.workspace.name, ...(await files.pushDirectory(directory, { keep, dryRun })) };
}

/** A workspace that does not exist yet is not made for a look: to it, everything is new. */
async function previewed(config: Config, asked: PushArguments): Promise<Pushed> {
  const { workspace = "default" } = asked;
  try {
    return await push(config, asked);
  } catch (thrown) {
    if (!isNoWorkspace(thrown, workspace)) throw thrown;
    const { readDirectory } = await import("../workspace/directory.ts");
    const files = await readDirectory(asked.directory);
    return { workspace, added: [...files.keys()].toSorted(), changed: [], removed: [], moved: [], unchanged: 0, warnings: [], diagnostics: [], dryRun: true };
  }
}

/** `version` is the envelope's; the workspace's own is named as what it is. */
function withWorkspaceVersion({ workspace, version, ...rest }: Pushed) {
  return { workspace, ...(version === undefined ? {} : { workspaceVersion: version }), ...rest };
}

/** One line a path, `+` added, `~` changed, `-` removed, `>` moved; then the counts. */
export function planText({ added, changed, removed, moved, unchanged, version }: Omit<Pushed, "workspace">, { dryRun }: { readonly dryRun: boolean }): string {
  const lines = [
    ...added.map((path) => `+ ${path}`),
    ...changed.map((path) => `~ ${path}`),
    ...removed.map((path) => `- ${path}`),
    ...moved.map(({ from, to }) => `> ${from} -> ${to}`),
  ].map(visible);
  const counts = `${added.length} added, ${changed.length} changed, ${removed.length} removed, ${moved.length} moved, ${unchanged} unchanged`;
  const end = dryRun ? " (dry run: nothing was written)" : version === undefined ? "" : ` (version ${version})`;
  return [...lines, `${counts}${end}`, ""].join("\n");
}

export function warningText({ path, line, column, message }: WriteWarning, paint: Paint): string {
  const place = path === undefined ? "" : `${path}${line === undefined ? "" : `:${line}:${column ?? 1}`}: `;
  return `${paint("yellow", "warning")} ${visible(`${place}${message}`)}\n`;
}
