// Every limit: what it is where nobody has said anything, the least it can be, whether there may be none, and what a run may ask for.
import { describe, expect, it } from "vitest";
import { FAULTS } from "../../src/errors.ts";
import { checkLimit, DEFAULT_LIMITS, LIMIT_NAMES, LIMITS, lowerLimits, setLimits, type LimitName } from "../../src/limits.ts";

/** Name → default, least, whether 0 is none, code. The documented table. */
const TABLE: Readonly<Record<LimitName, readonly [standard: number, least: number, mayBeNone: boolean, code: string | undefined]>> = {
  wallMs: [300_000, 1, true, "ERR_TIMEOUT_WALL"],
  cpuMs: [60_000, 1, true, "ERR_TIMEOUT_CPU"],
  memoryBytes: [128 * 1024 ** 2, 8 * 1024 ** 2, true, "ERR_MEMORY_LIMIT"],
  inputBytes: [32 * 1024 ** 2, 2, false, "ERR_INPUT_TOO_LARGE"],
  resultBytes: [32 * 1024 ** 2, 4, false, "ERR_RESULT_TOO_LARGE"],
  logLines: [10_000, 1, false, undefined],
  logBytes: [4 * 1024 ** 2, 1, false, undefined],
  pendingCalls: [10_000, 1, false, "ERR_HOST_CALL_LIMIT"],
  totalCalls: [100_000, 1, false, "ERR_HOST_CALL_LIMIT"],
  sourceBytes: [1024 ** 2, 1, false, "ERR_SOURCE_TOO_LARGE"],
  modules: [10_000, 1, false, "ERR_CLOSURE_TOO_LARGE"],
  nesting: [500, 1, false, "ERR_NESTING_LIMIT"],
  callDepth: [8, 1, false, "ERR_CALL_DEPTH"],
};

it("every limit has a default, a least value and a code of the fault table, or cuts logs short", () => {
  expect(Object.fromEntries(LIMIT_NAMES.map((name) => [name, [LIMITS[name].default, LIMITS[name].least, LIMITS[name].mayBeNone, LIMITS[name].code]]))).toEqual(
    TABLE,
  );
  for (const { code } of Object.values(LIMITS)) expect(code === undefined || code in FAULTS).toBe(true);
  expect(LIMIT_NAMES.filter((name) => LIMITS[name].code === undefined)).toEqual(["logLines", "logBytes"]);
});

describe.for(LIMIT_NAMES)("the limit %s", (name) => {
  const { option, least, mayBeNone, default: standard } = LIMITS[name];

  it("can be what it is by default, and the least; nothing below, and no number that is none", () => {
    for (const value of [standard, least]) expect(setLimits(DEFAULT_LIMITS, { [name]: value })[name]).toBe(value);
    for (const value of [least - 1, -1, Number.NaN, Number.POSITIVE_INFINITY].filter((each) => each !== 0 || !mayBeNone)) {
      expect(() => checkLimit(name, value)).toThrow(
        expect.objectContaining({ code: "ERR_INPUT_INVALID", message: expect.stringContaining(`${option} is ${value}`) as string }),
      );
    }
  });

  it(`can${mayBeNone ? "" : "not"} be none`, () => {
    const none = (): number => setLimits(DEFAULT_LIMITS, { [name]: 0 })[name];
    if (mayBeNone) expect(none()).toBe(0);
    else expect(none).toThrow(expect.objectContaining({ code: "ERR_INPUT_INVALID" }));
  });

  it("can be lowered by a run, up to the workspace's own", () => {
    const workspace = setLimits(DEFAULT_LIMITS, { [name]: least + 5 });
    for (const value of [least, least + 5]) expect(lowerLimits(workspace, { [name]: value })).toEqual({ ...workspace, [name]: value });
    expect(lowerLimits(workspace, { [name]: undefined })).toEqual(workspace);
  });

  it("cannot be raised by a run: the error names the option, what was asked for, and what is allowed", () => {
    const workspace = setLimits(DEFAULT_LIMITS, { [name]: least + 5 });
    expect(() => lowerLimits(workspace, { [name]: least + 6 })).toThrow(
      expect.objectContaining({
        code: "ERR_INPUT_INVALID",
        message: expect.stringMatching(new RegExp(`^${option} asks for ${least + 6}\\b.*at most ${least + 5}\\b`)) as string,
        details: expect.objectContaining({ path: option, received: String(least + 6) }) as object,
      }),
    );
    if (mayBeNone) expect(() => lowerLimits(workspace, { [name]: 0 })).toThrow(`${option} asks for no limit`);
  });
});

it("B81: a run may ask for anything, and for none, where the workspace has no limit", () => {
  const workspace = setLimits(DEFAULT_LIMITS, { wallMs: 0, cpuMs: 0, memoryBytes: 0 });
  expect(lowerLimits(workspace, { wallMs: 0, cpuMs: 9e9, memoryBytes: 2 ** 40 })).toEqual({ ...workspace, cpuMs: 9e9, memoryBytes: 2 ** 40 });
});
