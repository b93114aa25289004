import { builtinModules } from "node:module";
import { describe, expect, it } from "vitest";
import { DEFAULT_IMPORT_POLICY, findDenial } from "../../../src/modules/import-policy.ts";
import type { ImportPolicy } from "../../../src/modules/import-policy.ts";
import { resolve } from "../../../src/modules/resolver.ts";
import { faultOf, outcome, path, resolveIn } from "./sample-modules.ts";

describe("import policy", () => {
  it("B8: every built-in module of Node is denied, with and without 'node:', and names rule and alternative", () => {
    for (const name of builtinModules) {
      for (const specifier of new Set([name, name.startsWith("node:") ? name : `node:${name}`])) {
        const fault = faultOf(resolveIn([], specifier));
        expect([specifier, fault.code]).toEqual([specifier, "ERR_IMPORT_DENIED"]);
        expect(fault.details).toMatchObject({ specifier, importer: "main.ts", line: 3, column: 7, rule: "node-builtin" });
        expect(fault.message).toContain(String(fault.details["instead"]));
      }
    }
    expect(outcome(resolveIn([], "node:not-yet-invented"))).toBe("ERR_IMPORT_DENIED");
  });

  it("B8: what to use instead is said for each", () => {
    expect(faultOf(resolveIn([], "crypto")).message).toContain("global `crypto`");
    expect(faultOf(resolveIn([], "fs/promises")).message).toContain("JSON module");
    expect(faultOf(resolveIn([], "node:http")).message).toContain("Network access is not available in this version");
  });

  it("B8: host internals are denied", () => {
    for (const specifier of ["bifrost:module", "bifrost:anything", "bifrost/internal", "bifrost-executor", "bifrost-executor/testing", "isolated-vm"]) {
      expect(faultOf(resolveIn(["bifrost/internal.ts"], specifier)).details["rule"]).toBe("host-internal");
    }
  });

  it("B9: a denied name causes no lookup, also where a workspace file has it", () => {
    const never = (): never => {
      throw new Error("looked up");
    };
    for (const specifier of ["util", "node:fs", "bifrost:module", "bifrost"]) {
      const found = resolve(specifier, path("main.ts"), { has: never, paths: never, policy: DEFAULT_IMPORT_POLICY });
      expect(outcome(found)).toBe(specifier === "bifrost" ? "sdk" : "ERR_IMPORT_DENIED");
    }
  });

  it("B8: only the bare name is denied; the same name at a place in the workspace is a module like any other", () => {
    const files = ["util.ts", "shared/fs.ts", "fs/local.ts", "test.ts"];
    expect(outcome(resolveIn(files, "util"))).toBe("ERR_IMPORT_DENIED");
    expect(outcome(resolveIn(files, "./util"))).toBe("util.ts");
    expect(outcome(resolveIn(files, "workspace:///util"))).toBe("util.ts");
    expect(outcome(resolveIn(files, "shared/fs"))).toBe("shared/fs.ts");
    expect(outcome(resolveIn(files, "fs/local"))).toBe("fs/local.ts");
    expect(outcome(resolveIn(files, "test"))).toBe("test.ts");
  });

  it("the first rule that matches importer and specifier decides", () => {
    const rule = { reason: "r", instead: "i" };
    const policy: ImportPolicy = [
      { ...rule, name: "trusted", importer: { beginsWith: "trusted/" }, specifier: "*", verdict: "allow" },
      { ...rule, name: "closed", importer: "*", specifier: { beginsWith: "private/" }, verdict: "deny" },
    ];
    expect(findDenial(policy, "private/x", path("open/a.ts"))?.name).toBe("closed");
    expect(findDenial(policy, "private/x", path("trusted/a.ts"))).toBeUndefined();
    expect(findDenial(policy, "public/x", path("open/a.ts"))).toBeUndefined();
  });
});
