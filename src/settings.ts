// What a workspace has beside its files: its limits, what it is granted, and how its runs are hosted. A workspace keeps
// only what was set for it; for all else the defaults of the host apply, so that changing those reaches it.
import { Fault } from "./errors.ts";
import { checkLimit, DEFAULT_LIMITS, LIMIT_NAMES, LIMITS, type LimitName, type Limits } from "./limits.ts";

/** What a workspace may have beyond what a room has by default. */
export interface Grants {
  /** `WebAssembly`; only where the tier is `jit`. */
  readonly webAssembly: boolean;
  /** `eval`, and functions made from text. */
  readonly codeGeneration: boolean;
}

export const TIERS = Object.freeze(["jit", "jitless"] as const);

/** `jitless`: V8 makes no machine code, and a room's memory is counted to the byte; several times slower. */
export type Tier = (typeof TIERS)[number];

export interface WorkspaceSettings {
  /** Upper bounds of every run. */
  readonly limits: Limits;
  readonly grants: Grants;
  readonly tier: Tier;
  /** How many runs of the workspace share one process, 1 to 100; one that has to be killed takes the others along. */
  readonly concurrency: number;
}

export const DEFAULT_SETTINGS: WorkspaceSettings = Object.freeze({
  limits: DEFAULT_LIMITS,
  grants: Object.freeze({ webAssembly: false, codeGeneration: false }),
  tier: "jit",
  concurrency: 1,
});

/** All settings side by side: as they are stored, and as an operator names them (settingLabel). */
export interface SettingValues extends Limits, Grants {
  readonly tier: Tier;
  readonly concurrency: number;
}

export type SettingName = keyof SettingValues;

export type OwnSettings = { readonly [K in SettingName]?: SettingValues[K] | undefined };

/** null: no value of its own any more, so that the default applies. */
export type SettingsChange = { readonly [K in SettingName]?: SettingValues[K] | null | undefined };

export const MAX_CONCURRENCY = 100;

const GRANT_NAMES = Object.freeze(Object.keys(DEFAULT_SETTINGS.grants) as (keyof Grants)[]);

export const SETTING_NAMES: readonly SettingName[] = Object.freeze([...LIMIT_NAMES, ...GRANT_NAMES, "tier" as const, "concurrency" as const]);

/** As an operator writes it: `timeout` for wallMs, as after `run-workflow --`. */
export function settingLabel(name: SettingName): string {
  return isLimitName(name) ? LIMITS[name].option.replace(/^--/, "") : name;
}

export function isLimitName(name: SettingName): name is LimitName {
  return Object.hasOwn(LIMITS, name);
}

export function settingValues({ limits, grants, tier, concurrency }: WorkspaceSettings): SettingValues {
  return { ...limits, ...grants, tier, concurrency };
}

/** The defaults, with what the workspace has of its own. */
export function withOwnSettings(defaults: WorkspaceSettings, own: OwnSettings): WorkspaceSettings {
  const values: Record<string, unknown> = { ...settingValues(defaults) };
  for (const name of SETTING_NAMES) if (own[name] !== undefined) values[name] = own[name];
  const { webAssembly, codeGeneration, tier, concurrency, ...limits } = values as unknown as SettingValues;
  return { limits, grants: { webAssembly, codeGeneration }, tier, concurrency };
}

/** What the setting could be instead, in words; undefined where it can have this value. */
export function wantedInstead(name: SettingName, value: unknown): string | undefined {
  if (isLimitName(name)) return wantedLimit(name, value);
  if (name === "tier") return TIERS.includes(value as Tier) ? undefined : "jit or jitless";
  if (name === "concurrency") {
    return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_CONCURRENCY ? undefined : `a whole number from 1 to ${MAX_CONCURRENCY}`;
  }
  return typeof value === "boolean" ? undefined : "on or off";
}

function wantedLimit(name: LimitName, value: unknown): string | undefined {
  if (!Number.isSafeInteger(value)) return "a whole number";
  try {
    checkLimit(name, value as number);
    return undefined;
  } catch (error) {
    if (error instanceof Fault && typeof error.details["expected"] === "string") return error.details["expected"];
    throw error;
  }
}

/** Throws ERR_INPUT_INVALID for settings that exclude each other. */
export function checkTogether({ grants, tier }: WorkspaceSettings): void {
  if (tier !== "jitless" || !grants.webAssembly) return;
  throw new Fault(
    "ERR_INPUT_INVALID",
    "webAssembly is on and tier is jitless, but V8 has no WebAssembly without its compiler. Set tier=jit or webAssembly=off.",
    {
      details: { path: "webAssembly", expected: "off where tier is jitless", received: "on" },
    },
  );
}
