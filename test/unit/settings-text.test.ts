// Settings as an operator writes them, on the command line and in BIFROST_DEFAULTS alike.
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import { DEFAULT_SETTINGS, SETTING_NAMES, settingLabel, settingValues, withOwnSettings } from "../../src/settings.ts";
import { parseSettings, SETTING_MEANINGS, settingText } from "../../src/settings-text.ts";

const MB = 1024 ** 2;

describe("a setting", () => {
  it.for([
    ["timeout=10m", { wallMs: 600_000 }],
    ["timeout=90", { wallMs: 90_000 }],
    ["cpu=none", { cpuMs: 0 }],
    [" timeout=None ", { wallMs: 0 }],
    ["memory=256mb", { memoryBytes: 256 * MB }],
    ["memory=0", { memoryBytes: 0 }],
    ["MEMORY = 256 MB", { memoryBytes: 256 * MB }],
    ["inputBytes=1kb", { inputBytes: 1024 }],
    ["resultbytes=64mb", { resultBytes: 64 * MB }],
    ["logLines=5", { logLines: 5 }],
    ["logBytes=1", { logBytes: 1 }],
    ["pendingCalls=1", { pendingCalls: 1 }],
    ["totalCalls=1000000", { totalCalls: 1_000_000 }],
    ["sourceBytes=2mb", { sourceBytes: 2 * MB }],
    ["modules=3", { modules: 3 }],
    ["nesting=1000", { nesting: 1000 }],
    ["callDepth=2", { callDepth: 2 }],
    ["wallMs=1s", { wallMs: 1000 }],
    ["webAssembly=on", { webAssembly: true }],
    ["webassembly=No", { webAssembly: false }],
    ["codeGeneration=yes", { codeGeneration: true }],
    ["tier=Jitless", { tier: "jitless" }],
    ["concurrency=100", { concurrency: 100 }],
    ["maxRunning=20", { maxRunning: 20 }],
    ["maxrunning=none", { maxRunning: 0 }],
    ["maxRunning=0", { maxRunning: 0 }],
    ["retentionDays=7", { retentionDays: 7 }],
    ["retentiondays=Forever", { retentionDays: 0 }],
    ["timeout=default", { wallMs: null }],
    ["tier=DEFAULT", { tier: null }],
  ] as const)("%s is read", ([text, change]) => {
    expect(parseSettings([text])).toEqual(change);
  });

  it.for([
    ["timeout=1d", "timeout", 'timeout is "1d"; expected a duration such as'],
    ["memory=1mb", "memory", 'memory is "1mb"; a size of 8mb or more, or none is wanted'],
    ["memory=lots", "memory", 'memory is "lots"; expected a size such as'],
    ["resultBytes=none", "resultBytes", 'resultBytes is "none"; expected a size such as 64mb, 512kb or 1gb (a number alone is bytes).'],
    ["resultBytes=0", "resultBytes", 'resultBytes is "0"; a size of 4b or more is wanted'],
    ["logLines=0", "logLines", 'logLines is "0"; a whole number of 1 or more is wanted'],
    ["logLines=1.5", "logLines", 'logLines is "1.5"; a whole number of 1 or more is wanted'],
    ["modules=1e3", "modules", 'modules is "1e3"; a whole number of 1 or more is wanted'],
    ["nesting=99999999999999999999", "nesting", "a whole number of 1 or more is wanted"],
    ["webAssembly=maybe", "webAssembly", 'webAssembly is "maybe"; on or off is wanted'],
    ["codeGeneration=toString", "codeGeneration", "on or off is wanted"],
    ["tier=fast", "tier", 'tier is "fast"; jit, or jitless'],
    ["concurrency=0", "concurrency", 'concurrency is "0"; a whole number from 1 to 100 is wanted'],
    ["concurrency=101", "concurrency", "a whole number from 1 to 100 is wanted"],
    ["maxRunning=-1", "maxRunning", 'maxRunning is "-1"; a whole number from 0 to 100000; 0 or none: as many as hosts have room for is wanted'],
    ["maxRunning=forever", "maxRunning", "a whole number from 0 to 100000"],
    ["retentionDays=36501", "retentionDays", "a whole number from 0 to 36500; 0 or forever: never removed is wanted"],
    ["retentionDays=2w", "retentionDays", 'retentionDays is "2w"'],
    ["grant=all", "grant", 'There is no setting "grant". There are: timeout, cpu, memory,'],
    ["all=1", "all", 'There is no setting "all"'],
    ["constructor=1", "constructor", "There is no setting"],
    ["memory", "memory", '"memory" is no setting: NAME=VALUE is wanted'],
    ["memory=", "memory=", "NAME=VALUE is wanted"],
    ["=1", "=1", "NAME=VALUE is wanted"],
  ] as const)("%s is refused, with the setting, the value and what is wanted", ([text, path, message]) => {
    expect(() => parseSettings([text])).toThrow(
      expect.objectContaining({
        code: "ERR_INPUT_INVALID",
        name: "UsageError",
        message: expect.stringContaining(message) as string,
        details: expect.objectContaining({ path }) as object,
      }),
    );
  });

  it("is refused where it is set twice, by whatever name", () => {
    expect(() => parseSettings(["timeout=1s", "wallMs=2s"])).toThrow("timeout is set twice");
    expect(() => parseSettings(["all=default", "tier=jit"])).toThrow("tier is set twice");
  });

  it("is shown as it can be written again, whatever its value", () => {
    const odd = withOwnSettings(DEFAULT_SETTINGS, {
      wallMs: 0,
      cpuMs: 1001,
      memoryBytes: 8 * MB + 1,
      webAssembly: true,
      tier: "jitless",
      concurrency: 7,
      logLines: 1,
      maxRunning: 5,
      retentionDays: 0,
    });
    for (const values of [settingValues(DEFAULT_SETTINGS), settingValues(odd)]) {
      const texts = SETTING_NAMES.map((name) => `${settingLabel(name)}=${settingText(name, values[name])}`);
      expect(parseSettings(texts)).toEqual(values);
    }
    expect(settingText("wallMs", 300_000)).toBe("5m");
    expect(settingText("memoryBytes", 0)).toBe("none");
    expect(settingText("maxRunning", 0)).toBe("none");
    expect(settingText("retentionDays", 0)).toBe("forever");
  });

  it("has a meaning, and all of them can be taken back at once", () => {
    expect(Object.keys(SETTING_MEANINGS)).toEqual(SETTING_NAMES);
    expect(parseSettings(["all=default"])).toEqual(Object.fromEntries(SETTING_NAMES.map((name) => [name, null])));
  });
});

describe("BIFROST_DEFAULTS", () => {
  it("changes the defaults that it names, and no others", () => {
    expect(readConfig({}).defaults).toEqual(DEFAULT_SETTINGS);
    expect(readConfig({ BIFROST_DEFAULTS: " " }).defaults).toEqual(DEFAULT_SETTINGS);
    expect(
      readConfig({ BIFROST_DEFAULTS: "memory=256mb,timeout=10m, webAssembly=on concurrency=2,cpu=default,maxRunning=9,retentionDays=forever" }).defaults,
    ).toEqual(
      withOwnSettings(DEFAULT_SETTINGS, { memoryBytes: 256 * MB, wallMs: 600_000, webAssembly: true, concurrency: 2, maxRunning: 9, retentionDays: 0 }),
    );
  });

  it.for([
    ["memory=1mb", "memory", '"1mb"'],
    ["timeout=10m,memory=lots", "memory", '"lots"'],
    ["speed=fast", "speed", '"speed"'],
    ["tier=jitless,webAssembly=on", "webAssembly", "webAssembly is on and tier is jitless"],
  ] as const)("%s is refused, naming variable, setting and value", ([text, key, said]) => {
    expect(() => readConfig({ BIFROST_DEFAULTS: text })).toThrow(
      expect.objectContaining({
        code: "ERR_CONFIG_INVALID",
        message: expect.stringMatching(new RegExp(`^BIFROST_DEFAULTS: .*${said}`)) as string,
        details: expect.objectContaining({ setting: "BIFROST_DEFAULTS", key }) as object,
      }),
    );
  });
});
