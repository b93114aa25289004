// `bifrost-executor push DIR`: makes a stored workspace equal to a directory in one atomic write (B59a).
import type { Config } from "../config.ts";
import { Fault } from "../errors.ts";
import type { PushPlan, PushResult } from "../workspace/push.ts";
import type { WriteWarning } from "../workspace/write-warning.ts";
import { helpText, parseArguments, type CommandSpec } from "./arguments.ts";
import type { World } from "./command.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { resultText } from "./render-result.ts";
import { visible, type Paint } from "./terminal.ts";

const SPEC: CommandSpec = {
  name: "bifrost-executor push",
  summary: "Makes a workspace equal to a directory, in one atomic write, and says what that changed.",
  operands: [{ name: "DIR" }],
  options: {
    workspace: { value: "NAME", help: "the workspace to write to (default: default); made where there is none" },
    keep: { help: "delete nothing: files that only the workspace has stay" },
    "dry-run": { help: "say what would change and write nothing" },
    json: { help: "print one JSON object" },
    quiet: { short: "q", help: "no warnings on stderr" },
  },
  notes: "Left out are dot files, node_modules, and what .gitignore names. Symbolic links and files over 1 MB are refused.",
};

type Pushed = PushPlan & Partial<Omit<PushResult, keyof PushPlan>>;

export async function pushCommand(argv: readonly string[], { terminal, config }: World): Promise<number> {
  const parsed = await parseArguments(SPEC, argv);
  if (parsed.has("help")) {
    terminal.out(helpText(SPEC));
    return EXIT_SUCCESS;
  }
  const options = { keep: parsed.has("keep"), dryRun: parsed.has("dry-run") };
  const directory = parsed.operands[0] ?? ".";
  const workspace = parsed.text("workspace") ?? "default";
  const pushed = options.dryRun
    ? await previewed(config(), { directory, workspace, keep: options.keep })
    : await push(config(), { directory, workspace, ...options });
  if (parsed.has("json")) terminal.out(resultText({ version: 1, workspace, ...withWorkspaceVersion(pushed) }, { indent: terminal.outIsTerminal }));
  else terminal.out(planText(pushed, { dryRun: options.dryRun }));
  if (!parsed.has("quiet")) for (const warning of pushed.warnings ?? []) terminal.err(warningText(warning, terminal.paint));
  return EXIT_SUCCESS;
}

interface PushArguments {
  readonly directory: string;
  readonly workspace: string;
  readonly keep: boolean;
  readonly dryRun?: boolean;
}

async function push(config: Config, { directory, workspace, keep, dryRun = false }: PushArguments): Promise<PushResult> {
  const { openStored } = await import("../open.ts");
  await using executor = await openStored(config, { workspace, create: !dryRun });
  return await executor.pushDirectory(directory, { keep, dryRun });
}

/** A workspace that does not exist yet is not made for a look: to it, everything is new. */
async function previewed(config: Config, asked: PushArguments): Promise<Pushed> {
  try {
    return await push(config, { ...asked, dryRun: true });
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.details["workspace"] !== asked.workspace) throw thrown;
    const { readDirectory } = await import("../workspace/directory.ts");
    const files = await readDirectory(asked.directory);
    return { added: [...files.keys()].toSorted(), changed: [], removed: [], moved: [], unchanged: 0, warnings: [], diagnostics: [], dryRun: true };
  }
}

/** `version` is the envelope's; the workspace's own is named as what it is. */
function withWorkspaceVersion({ version, ...rest }: Pushed) {
  return { ...(version === undefined ? {} : { workspaceVersion: version }), ...rest };
}

/** One line a path, `+` added, `~` changed, `-` removed, `>` moved; then the counts. */
export function planText({ added, changed, removed, moved, unchanged, version }: Pushed, { dryRun }: { readonly dryRun: boolean }): string {
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
