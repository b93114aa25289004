// `bifrost-executor workspace show|set`: the settings of a stored workspace, beside the defaults that hold for what it has not
// set itself.
import { LIMITS } from "../limits.ts";
import { isLimitName, SETTING_NAMES, settingLabel, settingValues, withOwnSettings } from "../settings.ts";
import type { OwnSettings, SettingName, SettingsChange, WorkspaceSettings } from "../settings.ts";
import { parseSettings, SETTING_MEANINGS, settingRange, settingText } from "../settings-text.ts";
import { settingFacts } from "../setting-facts.ts";
import type { Origin } from "../snapshot/origin.ts";
import { columns, type Arguments, type CommandSpec, type OptionSpec } from "./arguments.ts";
import { chooseCommand } from "./command-group.ts";
import type { World } from "./command.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { resultText } from "./render-result.ts";

interface Target {
  readonly origin: Origin;
  readonly name: string;
  /** What holds where the workspace has nothing of its own. */
  readonly defaults: WorkspaceSettings;
}

interface Shown {
  readonly own: OwnSettings;
  /** Of which the command tells people; programs are told all. */
  readonly names: readonly SettingName[];
}

interface WorkspaceCommand extends CommandSpec {
  /** Reads the arguments before anything is opened. Resolves to undefined where there is no such workspace. */
  prepare(parsed: Arguments): (target: Target) => Promise<Shown | undefined>;
}

const WORKSPACE: OptionSpec = { value: "NAME", help: "the stored workspace (default: default)" };
const JSON_OPTION: OptionSpec = { help: "print all settings as one JSON object: value, unit, default, own, code" };

const COMMANDS: Readonly<Record<string, WorkspaceCommand>> = {
  show: {
    name: "bifrost-executor workspace show",
    summary: "Shows every setting: value, who has set it, default, and the code of the error that a limit leads to.",
    operands: [],
    options: { workspace: WORKSPACE, json: JSON_OPTION },
    notes: "In a pipe the columns are parted by tabs.",
    prepare:
      () =>
      async ({ origin, name }) => {
        const own = await origin.ownSettings(name);
        return own && { own, names: SETTING_NAMES };
      },
  },
  set: {
    name: "bifrost-executor workspace set",
    summary: "Sets what is named, or nothing where one of them is wrong.",
    operands: [{ name: "SETTING=VALUE", repeat: true }],
    options: { workspace: WORKSPACE, json: JSON_OPTION },
    notes: setNotes(),
    prepare(parsed) {
      const change = parseSettings(parsed.operands);
      return ({ origin, name }) => set({ origin, name, change });
    },
  },
};

const GROUP = {
  name: "workspace",
  summary: "Shows and sets the limits of a stored workspace, what it is granted, and how its runs are hosted.",
  commands: COMMANDS,
};

export async function workspaceCommand(argv: readonly string[], { terminal, config }: World): Promise<number> {
  const chosen = await chooseCommand(GROUP, { argv, terminal });
  if (chosen === undefined) return EXIT_SUCCESS;
  const { command, parsed } = chosen;
  const perform = command.prepare(parsed);
  const read = config();
  const { noWorkspace, openBacking } = await import("../open-stored.ts");
  const backing = await openBacking(read);
  try {
    const target = { origin: backing.origin, name: parsed.text("workspace") ?? "default", defaults: read.defaults };
    const shown = (await perform(target)) ?? (await performOnNew(perform, target));
    if (shown === undefined) throw noWorkspace(target.name);
    if (parsed.has("json"))
      terminal.out(resultText({ version: 1, workspace: target.name, settings: settingFacts(shown.own, target.defaults) }, { indent: terminal.outIsTerminal }));
    else terminal.out(settingsText(shown, { defaults: target.defaults, aligned: terminal.outIsTerminal }));
    return EXIT_SUCCESS;
  } finally {
    await backing.close();
  }
}

/** The one named "default" is always there for who asks for it. */
async function performOnNew(perform: ReturnType<WorkspaceCommand["prepare"]>, target: Target): Promise<Shown | undefined> {
  if (target.name !== "default") return undefined;
  await target.origin.workspace(target.name, { create: true });
  return await perform(target);
}

async function set({ origin, name, change }: { readonly origin: Origin; readonly name: string; readonly change: SettingsChange }): Promise<Shown | undefined> {
  if ((await origin.updateSettings(name, change)) === undefined) return undefined;
  const own = await origin.ownSettings(name);
  return own && { own, names: SETTING_NAMES.filter((each) => change[each] !== undefined) };
}

/** Columns for a person, tabs for a program: setting, value, who has set it, default, code, meaning. */
export function settingsText({ own, names }: Shown, { defaults, aligned }: { readonly defaults: WorkspaceSettings; readonly aligned: boolean }): string {
  const [values, standard] = [settingValues(withOwnSettings(defaults, own)), settingValues(defaults)];
  const rows = names.map((name) => [
    settingLabel(name),
    settingText(name, values[name]),
    own[name] === undefined ? "default" : "workspace",
    settingText(name, standard[name]),
    (isLimitName(name) ? LIMITS[name].code : undefined) ?? "-",
    SETTING_MEANINGS[name],
  ]);
  if (!aligned) return rows.map((row) => `${row.join("\t")}\n`).join("");
  const titled = [["SETTING", "VALUE", "SET BY", "DEFAULT", "CODE", "FOR"], ...rows];
  const widths = titled[0]?.map((_, at) => Math.max(...titled.map((row) => row[at]?.length ?? 0))) ?? [];
  return titled
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function setNotes(): string {
  const rows = SETTING_NAMES.map((name) => [settingLabel(name), `${SETTING_MEANINGS[name]}: ${settingRange(name)}`] as const);
  return `settings:
${columns(rows)}

Times are 500ms, 30s, 2m, 1h, a number alone being seconds; sizes are 64mb, 512kb, 1gb, a number alone being bytes.
SETTING=default takes a value back, and all=default takes back all; then BIFROST_DEFAULTS applies, or what is built in.
A run begun after the change has the new settings, unless its executor was opened before.`;
}
