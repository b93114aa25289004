// A workspace's own settings ↔ the JSON text that is stored of them: one object, a key for each that was set. What cannot be
// read is an error and not the default: the default may allow more than the operator meant.
import { Fault } from "../errors.ts";
import { checkTogether, SETTING_NAMES, settingLabel, wantedInstead, withOwnSettings } from "../settings.ts";
import type { OwnSettings, SettingName, SettingsChange, WorkspaceSettings } from "../settings.ts";

export const NO_OWN_SETTINGS = "{}";

export interface StoredSettings {
  /** For errors. */
  readonly workspace: string;
  readonly text: string;
}

/** Throws ERR_CONFIG_INVALID naming workspace, setting and value. Keys that a later release has stored are passed over. */
export function readOwnSettings(stored: StoredSettings): OwnSettings {
  return checked(objectOf(stored), stored.workspace);
}

/**
 * The text after the change, and what stands in it. Throws ERR_INPUT_INVALID for a value that the setting cannot have, and
 * where the outcome, over the defaults, excludes itself; ERR_CONFIG_INVALID where what is not changed cannot be read.
 */
export function changeStoredSettings(
  stored: StoredSettings,
  { change, defaults }: { readonly change: SettingsChange; readonly defaults: WorkspaceSettings },
): { readonly text: string; readonly own: OwnSettings; readonly settings: WorkspaceSettings } {
  const replacesAll = SETTING_NAMES.every((name) => change[name] !== undefined);
  const kept: Record<string, unknown> = { ...(replacesAll ? parsed(stored.text) : objectOf(stored)) };
  for (const name of SETTING_NAMES) {
    const value = change[name];
    if (value === null) delete kept[name];
    else if (value !== undefined) kept[name] = acceptable(name, value);
  }
  const own = checked(kept, stored.workspace);
  const settings = withOwnSettings(defaults, own);
  checkTogether(settings);
  return { text: JSON.stringify(kept), own, settings };
}

function acceptable(name: SettingName, value: unknown): unknown {
  const expected = wantedInstead(name, value);
  if (expected === undefined) return value;
  const [path, received] = [settingLabel(name), String(value)];
  throw new Fault("ERR_INPUT_INVALID", `${path} is ${received}; ${expected} is wanted.`, { details: { path, expected, received } });
}

function checked(values: Readonly<Record<string, unknown>>, workspace: string): OwnSettings {
  const own: Record<string, unknown> = {};
  for (const name of SETTING_NAMES) {
    const value = values[name];
    if (value === undefined) continue;
    const expected = wantedInstead(name, value);
    if (expected !== undefined) throw unreadable(workspace, { setting: settingLabel(name), received: JSON.stringify(value), expected });
    own[name] = value;
  }
  return own;
}

function objectOf({ workspace, text }: StoredSettings): Readonly<Record<string, unknown>> {
  const object = parsed(text);
  if (object !== undefined) return object;
  throw unreadable(workspace, { setting: "all", received: text, expected: "a JSON object" });
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function unreadable(
  workspace: string,
  { setting, received, expected }: { readonly setting: string; readonly received: string; readonly expected: string },
): Fault {
  const what = setting === "all" ? "The stored settings" : `The stored setting ${setting}`;
  return new Fault(
    "ERR_CONFIG_INVALID",
    `${what} of the workspace ${JSON.stringify(workspace)} cannot be used: ${received.slice(0, 200)} is stored, ${expected} is wanted. Set it anew, or take it back: bifrost-executor workspace set ${setting}=default --workspace ${workspace}`,
    { details: { workspace, setting, received: received.slice(0, 200), expected } },
  );
}
