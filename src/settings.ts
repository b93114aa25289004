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
  /** How many of its executions run at once, over all hosts; 0: no bound but the hosts' slots. */
  readonly maxRunning: number;
  /** How long executions that have ended are kept, with their logs; 0: for ever. */
  readonly retentionDays: number;
}

export const DEFAULT_SETTINGS: WorkspaceSettings = Object.freeze({
  limits: DEFAULT_LIMITS,
  grants: Object.freeze({ webAssembly: false, codeGeneration: false }),
  tier: "jit",
  concurrency: 1,
  maxRunning: 0,
  retentionDays: 30,
});

/** All settings side by side: as they are stored, and as an operator names them (settingLabel). */
export interface SettingValues extends Limits, Grants, Omit<WorkspaceSettings, "limits" | "grants"> {}

export type SettingName = keyof SettingValues;

export type OwnSettings = { readonly [K in SettingName]?: SettingValues[K] | undefined };

/** null: no value of its own any more, so that the default applies. */
export type SettingsChange = { readonly [K in SettingName]?: SettingValues[K] | null | undefined };

export const MAX_CONCURRENCY = 100;

/** Settings that are an amount and no limit of a run, with the least and the most of it. */
const AMOUNTS = Object.freeze({
  concurrency: { least: 1, most: MAX_CONCURRENCY },
  maxRunning: { least: 0, most: 100_000 },
  retentionDays: { least: 0, most: 36_500 },
} as const satisfies { readonly [K in SettingName]?: { readonly least: number; readonly most: number } });

export type AmountName = keyof typeof AMOUNTS;

const GRANT_NAMES = Object.freeze(Object.keys(DEFAULT_SETTINGS.grants) as (keyof Grants)[]);

export const SETTING_NAMES: readonly SettingName[] = Object.freeze([
  ...LIMIT_NAMES,
  ...GRANT_NAMES,
  "tier" as const,
  ...(Object.keys(AMOUNTS) as AmountName[]),
]);

/** As an operator writes it: `timeout` for wallMs, as after `run-workflow --`. */
export function settingLabel(name: SettingName): string {
  return isLimitName(name) ? LIMITS[name].option.replace(/^--/, "") : name;
}

export function isLimitName(name: SettingName): name is LimitName {
  return Object.hasOwn(LIMITS, name);
}

export function isAmountName(name: SettingName): name is AmountName {
  return Object.hasOwn(AMOUNTS, name);
}

export function settingValues({ limits, grants, tier, concurrency, maxRunning, retentionDays }: WorkspaceSettings): SettingValues {
  return { ...limits, ...grants, tier, concurrency, maxRunning, retentionDays };
}

/** The defaults, with what the workspace has of its own. */
export function withOwnSettings(defaults: WorkspaceSettings, own: OwnSettings): WorkspaceSettings {
  const values: Record<string, unknown> = { ...settingValues(defaults) };
  for (const name of SETTING_NAMES) if (own[name] !== undefined) values[name] = own[name];
  const { webAssembly, codeGeneration, tier, concurrency, maxRunning, retentionDays, ...limits } = values as unknown as SettingValues;
  return { limits, grants: { webAssembly, codeGeneration }, tier, concurrency, maxRunning, retentionDays };
}

/** What the setting could be instead, in words; undefined where it can have this value. */
export function wantedInstead(name: SettingName, value: unknown): string | undefined {
  if (isLimitName(name)) return wantedLimit(name, value);
  if (name === "tier") return TIERS.includes(value as Tier) ? undefined : "jit or jitless";
  if (isAmountName(name)) return isAmount(name, value) ? undefined : amountRange(name);
  return typeof value === "boolean" ? undefined : "on or off";
}

function isAmount(name: AmountName, value: unknown): boolean {
  const { least, most } = AMOUNTS[name];
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

/** What it can be, in words. */
export function amountRange(name: AmountName): string {
  const { least, most } = AMOUNTS[name];
  return `a whole number from ${least} to ${most}`;
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
