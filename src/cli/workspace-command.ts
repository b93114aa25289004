// `bifrost-executor workspace show|set`: the settings of a stored workspace, here or of a service, beside the defaults that hold
// for what it has not set itself.
import { LIMITS } from "../limits.ts";
import { isLimitName, SETTING_NAMES, settingLabel, settingValues, withOwnSettings } from "../settings.ts";
import type { SettingName } from "../settings.ts";
import { parseSettings, SETTING_MEANINGS, settingRange, settingText } from "../settings-text.ts";
import { settingFacts } from "../setting-facts.ts";
import { columns, type Arguments, type CommandSpec, type OptionSpec } from "./arguments.ts";
import { URL_OPTION, urlOf } from "./at-url.ts";
import { chooseCommand } from "./command-group.ts";
import type { World } from "./command.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { openSettings } from "./open-settings.ts";
import { resultText } from "./render-result.ts";
import type { KnownSettings, SettingsPort } from "./workspace-settings.ts";

interface Shown extends KnownSettings {
  /** Of which the command tells people; programs are told all. */
  readonly names: readonly SettingName[];
}

interface WorkspaceCommand extends CommandSpec {
  /** Reads the arguments before anything is opened. */
  prepare(parsed: Arguments): (settings: SettingsPort, workspace: string) => Promise<Shown>;
}

const WORKSPACE: OptionSpec = { value: "NAME", help: "the stored workspace (default: default)" };
const JSON_OPTION: OptionSpec = { help: "print all settings as one JSON object: value, unit, default, own, code" };

const COMMANDS: Readonly<Record<string, WorkspaceCommand>> = {
  show: {
    name: "bifrost-executor workspace show",
    summary: "Shows every setting: value, who has set it, default, and the code of the error that a limit leads to.",
    operands: [],
    options: { workspace: WORKSPACE, url: URL_OPTION, json: JSON_OPTION },
    notes: "In a pipe the columns are parted by tabs.",
    prepare: () => async (settings, workspace) => ({ ...(await settings.read(workspace)), names: SETTING_NAMES }),
  },
  set: {
    name: "bifrost-executor workspace set",
    summary: "Sets what is named, or nothing where one of them is wrong.",
    operands: [{ name: "SETTING=VALUE", repeat: true }],
    options: { workspace: WORKSPACE, url: URL_OPTION, json: JSON_OPTION },
    notes: setNotes(),
    prepare(parsed) {
      const change = parseSettings(parsed.operands);
      const names = SETTING_NAMES.filter((each) => change[each] !== undefined);
      return async (settings, workspace) => ({ ...(await settings.change(workspace, change)), names });
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
  const workspace = parsed.text("workspace") ?? "default";
  await using settings = await openSettings(read, urlOf(parsed, read));
  const shown = await perform(settings, workspace);
  if (parsed.has("json"))
    terminal.out(resultText({ version: 1, workspace, settings: settingFacts(shown.own, shown.defaults) }, { indent: terminal.outIsTerminal }));
  else terminal.out(settingsText(shown, { aligned: terminal.outIsTerminal }));
  return EXIT_SUCCESS;
}

/** Columns for a person, tabs for a program: setting, value, who has set it, default, code, meaning. */
export function settingsText({ own, defaults, names }: Shown, { aligned }: { readonly aligned: boolean }): string {
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
