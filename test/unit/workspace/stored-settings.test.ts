// What is stored of a workspace's settings: a value that cannot be read is never taken for another.
import { expect, it } from "vitest";
import { DEFAULT_SETTINGS, SETTING_NAMES, type SettingsChange } from "../../../src/settings.ts";
import { changeStoredSettings, readOwnSettings } from "../../../src/workspace/stored-settings.ts";

const workspace = "acme";
const ALL_DEFAULT: SettingsChange = Object.fromEntries(SETTING_NAMES.map((name) => [name, null]));

function changed(text: string, change: SettingsChange): string {
  return changeStoredSettings({ workspace, text }, { change, defaults: DEFAULT_SETTINGS }).text;
}

it.for([
  ['{"memoryBytes":"lots"}', "memory", '"lots"'],
  ['{"memoryBytes":1}', "memory", "1"],
  ['{"wallMs":null}', "timeout", "null"],
  ['{"wallMs":-1}', "timeout", "-1"],
  ['{"logLines":1.5}', "logLines", "1.5"],
  ['{"resultBytes":0}', "resultBytes", "0"],
  ['{"webAssembly":"yes"}', "webAssembly", '"yes"'],
  ['{"tier":"fast"}', "tier", '"fast"'],
  ['{"concurrency":0}', "concurrency", "0"],
  ['{"maxRunning":1.5}', "maxRunning", "1.5"],
  ['{"retentionDays":"30"}', "retentionDays", '"30"'],
  ["[]", "all", "[]"],
  ["null", "all", "null"],
  ["{", "all", "{"],
] as const)("%s is an error that names workspace, setting, value and what to do; taking that setting back heals it", ([text, setting, received]) => {
  const fault = expect.objectContaining({
    code: "ERR_CONFIG_INVALID",
    message: expect.stringContaining(`bifrost-executor workspace set ${setting}=default --workspace acme`) as string,
    details: expect.objectContaining({ workspace, setting, received }) as object,
  });
  expect(() => readOwnSettings({ workspace, text })).toThrow(fault);
  expect(() => changed(text, { callDepth: 3 })).toThrow(fault);
  expect(changed(text, ALL_DEFAULT)).toBe("{}");
});

it("what only a later release knows is passed over, and kept by every change", () => {
  const text = '{"wallMs":5,"gravity":{"g":9.81}}';
  expect(readOwnSettings({ workspace, text })).toEqual({ wallMs: 5 });
  expect(JSON.parse(changed(text, { wallMs: null, modules: 9 }))).toEqual({ gravity: { g: 9.81 }, modules: 9 });
  expect(JSON.parse(changed(text, ALL_DEFAULT))).toEqual({ gravity: { g: 9.81 } });
});

it("a default that has changed reaches every workspace without a value of its own, and no other", () => {
  const defaults = { ...DEFAULT_SETTINGS, limits: { ...DEFAULT_SETTINGS.limits, wallMs: 1, cpuMs: 2 }, concurrency: 9 };
  const { settings } = changeStoredSettings({ workspace, text: '{"wallMs":5}' }, { change: { concurrency: 3 }, defaults });
  expect(settings).toEqual({ ...defaults, limits: { ...defaults.limits, wallMs: 5 }, concurrency: 3 });
});
