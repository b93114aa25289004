// Settings as programs are told them: amounts in ms and bytes, 0 for none, and where each comes from.
import { LIMITS, type LimitKind } from "./limits.ts";
import { isLimitName, SETTING_NAMES, settingLabel, settingValues, withOwnSettings, type OwnSettings, type WorkspaceSettings } from "./settings.ts";

export interface SettingFact {
  readonly value: unknown;
  readonly unit?: string;
  readonly default: unknown;
  /** Whether it was set for this workspace. */
  readonly own: boolean;
  /** Of the error that passing it leads to. */
  readonly code?: string;
}

/** By the name that an operator writes. */
export function settingFacts(own: OwnSettings, defaults: WorkspaceSettings): Readonly<Record<string, SettingFact>> {
  const [values, standard] = [settingValues(withOwnSettings(defaults, own)), settingValues(defaults)];
  return Object.fromEntries(
    SETTING_NAMES.map((name) => {
      const { unit = "", code } = isLimitName(name) ? LIMITS[name] : ({} as Partial<LimitKind>);
      return [settingLabel(name), { value: values[name], ...(unit && { unit }), default: standard[name], own: own[name] !== undefined, ...(code && { code }) }];
    }),
  );
}
