// The operator's minimum, and where caches may lie.
import { chmodSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { pickCacheDirectory } from "../../../src/process/hardening/cache-place.ts";
import { LAYER_NAMES, NO_LAYERS } from "../../../src/process/hardening/layers.ts";
import { statesElsewhere } from "../../../src/process/hardening/layer-states.ts";
import { planLayers } from "../../../src/process/hardening/plan-layers.ts";
import { firstUnreadable } from "../../../src/process/hardening/readable-by-others.ts";
import { requireLayers } from "../../../src/process/hardening/require-layers.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

describe("BIFROST_REQUIRE", () => {
  it("names layers, parted by commas, or all of them; nothing is required where it is not set", () => {
    expect(readConfig({}).required).toEqual([]);
    expect(readConfig({ BIFROST_REQUIRE: "seccomp, uid" }).required).toEqual(["uid", "seccomp"]);
    expect(readConfig({ BIFROST_REQUIRE: "all" }).required).toEqual(LAYER_NAMES);
  });

  it("that names no layer is refused, with those there are", () => {
    expect(() => readConfig({ BIFROST_REQUIRE: "uid,sandbox" })).toThrow(
      expect.objectContaining({
        code: "ERR_CONFIG_INVALID",
        message: expect.stringContaining(`"sandbox"`),
        details: expect.objectContaining({ setting: "BIFROST_REQUIRE" }),
      }),
    );
  });

  it("that cannot be had refuses to start, with the layer, the reason and what to do", () => {
    const states = { ...NO_LAYERS.states, uid: { active: false, reason: "the host does not run as root", remedy: "Start it as root." } } as const;
    expect(() => requireLayers({ ...NO_LAYERS, states }, ["uid"])).toThrow(
      expect.objectContaining({
        code: "ERR_CONFIG_INVALID",
        message: expect.stringMatching(/"uid".*the host does not run as root.*Start it as root\./),
        details: expect.objectContaining({ layer: "uid" }),
      }),
    );
    expect(() => requireLayers(NO_LAYERS, [])).not.toThrow();
  });
});

describe("a plan", () => {
  it("tells of every layer either how it is applied, or why it is not and what can be done", () => {
    for (const states of [planLayers({ cacheDirectory: undefined }).states, statesElsewhere("darwin", true), statesElsewhere("win32", false)]) {
      expect(Object.keys(states).toSorted()).toEqual(LAYER_NAMES.toSorted());
      for (const state of Object.values(states)) {
        if (state.active) expect(state.how).not.toBe("");
        else expect([state.reason, state.remedy]).not.toContain("");
      }
    }
  });
});

describe.runIf(process.platform !== "win32")("the place of caches", () => {
  it("is the first that is ours alone to write", () => {
    using directory = temporaryDirectory({ file: "" });
    const at = (name: string): string => join(directory.path, name);
    mkdirSync(at("open"));
    chmodSync(at("open"), 0o777);
    const picked = pickCacheDirectory({ places: [join(at("file"), "below"), at("open"), at("good")], temporary: directory.path, forOthers: false });
    expect(picked).toBe(at("good"));
    expect(statSync(picked).mode & 0o022).toBe(0);
  });

  it("is a new one each time where somebody else has made ours before us", () => {
    using directory = temporaryDirectory();
    const user = process.getuid?.() ?? 0;
    mkdirSync(join(directory.path, `bifrost-executor-${user}`));
    chmodSync(join(directory.path, `bifrost-executor-${user}`), 0o777);
    const picked = [1, 2].map(() => pickCacheDirectory({ places: [], temporary: directory.path, forOthers: false }));
    expect(new Set(picked).size).toBe(2);
  });
});

describe.runIf(process.platform !== "win32")("what another user could read", () => {
  it("stops at the first folder that lets nobody pass, and at a file closed to others", () => {
    using directory = temporaryDirectory({ "closed/file": "x", "open/file": "x", "open/secret": "x" });
    const at = (name: string): string => join(directory.path, name);
    chmodSync(directory.path, 0o755);
    chmodSync(at("closed"), 0o700);
    chmodSync(at("open/secret"), 0o600);
    symlinkSync(at("open/file"), at("link"));
    const above = firstUnreadable([directory.path]);
    if (above === undefined) {
      expect(firstUnreadable([at("open/file"), at("link"), at("absent")])).toBeUndefined();
      expect(firstUnreadable([at("closed/file")])).toBe(at("closed"));
    }
    expect(firstUnreadable([at("open/secret")])).toBe(at("open/secret"));
  });
});
