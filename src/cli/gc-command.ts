// `bifrost-executor gc`: removes executions past their workspace's retention, and what nothing that is kept needs.
import type { CollectionReport, Kind } from "../keep/collection.ts";
import { formatSize } from "../size.ts";
import { helpText, parseArguments, type CommandSpec } from "./arguments.ts";
import type { World } from "./command.ts";
import { EXIT_INTERRUPTED, EXIT_SUCCESS, EXIT_UNAVAILABLE } from "./exit-code.ts";
import { listenForInterruption } from "./interruption.ts";
import { resultText } from "./render-result.ts";
import { visible } from "./terminal.ts";

const SPEC: CommandSpec = {
  name: "bifrost-executor gc",
  summary: "Removes executions that ended longer ago than their workspace keeps them, and all source and code that nothing kept needs.",
  operands: [],
  options: {
    "dry-run": { help: "count what would be removed, and remove nothing" },
    json: { help: "print one JSON object: of each kind how many rows, and their bytes as stored" },
  },
  notes: `kept are: what is HEAD, what was HEAD in the last 30 days, the snapshot of every execution that is kept, waits or runs, and all
that these reach; whatever is younger than a day; deleted files' ids. retentionDays of a workspace (bifrost-executor workspace set)
says how long executions are kept: 30 days unless it says otherwise.

May run at any time, beside everything else, and may be interrupted: the next one goes on. serve and work do it once a day.
In a pipe: kind, rows and bytes, parted by tabs.

exit codes: 0 done  69 of some workspace something was left as it is, because it cannot be read  130 interrupted`,
};

const LABELS: Readonly<Record<Kind, string>> = {
  executions: "executions",
  logLines: "log lines",
  versions: "past versions",
  snapshots: "snapshots",
  trees: "directories",
  contents: "contents of files",
  compiled: "compiled modules",
  hosts: "past hosts",
};

export async function gcCommand(argv: readonly string[], { terminal, config }: World): Promise<number> {
  const parsed = await parseArguments(SPEC, argv);
  if (parsed.has("help")) {
    terminal.out(helpText(SPEC));
    return EXIT_SUCCESS;
  }
  const read = config();
  const [{ openBacking }, { collectGarbage }] = await Promise.all([import("../open-stored.ts"), import("../keep/collect.ts")]);
  using interruption = listenForInterruption();
  const backing = await openBacking(read);
  try {
    const options = { dryRun: parsed.has("dry-run"), signal: interruption.signal };
    const report = await collectGarbage({ database: backing.database, defaults: read.defaults }, options);
    if (parsed.has("json")) terminal.out(resultText(report, { indent: terminal.outIsTerminal }));
    else {
      terminal.out(reportText(report, { aligned: terminal.outIsTerminal }));
      for (const { workspace, reason } of report.skipped)
        terminal.err(`${terminal.paint("yellow", "warning")}: the workspace ${visible(JSON.stringify(workspace))} was left as it is: ${visible(reason)}\n`);
    }
    if (report.stopped) return EXIT_INTERRUPTED;
    return report.skipped.length === 0 ? EXIT_SUCCESS : EXIT_UNAVAILABLE;
  } finally {
    await backing.close();
  }
}

export function reportText({ deleted, dryRun, workspaces }: CollectionReport, { aligned }: { readonly aligned: boolean }): string {
  const entries = Object.entries(deleted) as [Kind, CollectionReport["deleted"][Kind]][];
  if (!aligned) return entries.map(([kind, { count, bytes }]) => `${kind}\t${count}\t${bytes}\n`).join("");
  const rows = entries.map(([kind, { count, bytes }]) => [LABELS[kind], String(count), bytes === 0 ? "" : formatSize(bytes)] as const);
  const [names, counts] = [Math.max(...rows.map(([name]) => name.length)), Math.max(...rows.map(([, count]) => count.length))];
  const lines = rows.map(([name, count, size]) => `  ${name.padEnd(names)}  ${count.padStart(counts)}  ${size}`.trimEnd());
  const of = workspaces === 1 ? "1 workspace" : `${workspaces} workspaces`;
  return `${dryRun ? "would be removed" : "removed"}, of ${of}:\n${lines.join("\n")}\n`;
}
