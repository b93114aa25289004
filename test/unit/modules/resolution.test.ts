import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pathProblem } from "../../../src/modules/module-path.ts";
import { candidates } from "../../../src/modules/specifier.ts";
import { faultOf, outcome, path, resolveIn } from "./sample-modules.ts";

describe("specifiers", () => {
  it("B1: relative and workspace specifiers resolve inside the snapshot", () => {
    const files = ["a.ts", "b/c.ts", "shared/halopsa.ts"];
    expect(outcome(resolveIn(files, "./a"))).toBe("a.ts");
    expect(outcome(resolveIn(files, "../b/c", "shared/x.ts"))).toBe("b/c.ts");
    expect(outcome(resolveIn(files, "shared/halopsa", "deep/er/x.ts"))).toBe("shared/halopsa.ts");
    expect(outcome(resolveIn(files, "workspace:///b/c", "deep/er/x.ts"))).toBe("b/c.ts");
  });

  it("B1: candidates come in TypeScript's order", () => {
    const main = path("main.ts");
    expect(candidates("./x", main)).toEqual([
      "x.ts",
      "x.tsx",
      "x.js",
      "x.jsx",
      "x.mts",
      "x.mjs",
      "x/index.ts",
      "x/index.tsx",
      "x/index.js",
      "x/index.jsx",
      "x/index.mts",
      "x/index.mjs",
    ]);
    expect(candidates("./x.js", main)).toEqual(["x.ts", "x.tsx", "x.js"]);
    expect(candidates("./x.jsx", main)).toEqual(["x.tsx", "x.jsx"]);
    expect(candidates("./x.mjs", main)).toEqual(["x.mts", "x.mjs"]);
    for (const extension of ["ts", "tsx", "mts", "json"]) expect(candidates(`./x.${extension}`, main)).toEqual([`x.${extension}`]);
    expect(candidates("./foo.config", main)[0]).toBe("foo.config.ts");
  });

  it("B1: '.', '..' and a trailing '/' mean the directory's index, also where a file has the directory's name", () => {
    const files = ["index.ts", "lib.ts", "lib/index.ts", "lib/deep/x.ts"];
    expect(outcome(resolveIn(files, ".", "lib/x.ts"))).toBe("lib/index.ts");
    expect(outcome(resolveIn(files, "./", "lib/x.ts"))).toBe("lib/index.ts");
    expect(outcome(resolveIn(files, "..", "lib/deep/x.ts"))).toBe("lib/index.ts");
    expect(outcome(resolveIn(files, "..", "lib/x.ts"))).toBe("index.ts");
    expect(outcome(resolveIn(files, "./lib/"))).toBe("lib/index.ts");
    expect(outcome(resolveIn(files, "./lib"))).toBe("lib.ts");
    expect(outcome(resolveIn(["lib.ts"], "./lib/"))).toBe("ERR_MODULE_NOT_FOUND");
  });

  it("B2: x.ts wins over x/index.ts when both exist", () => {
    expect(outcome(resolveIn(["x/index.ts", "x.ts"], "./x"))).toBe("x.ts");
    expect(outcome(resolveIn(["x/index.ts"], "./x"))).toBe("x/index.ts");
  });

  it("B3: a directory without an index is no module, its children are importable", () => {
    const files = ["a/b/c/d/e.ts"];
    expect(outcome(resolveIn(files, "a/b/c/d"))).toBe("ERR_MODULE_NOT_FOUND");
    expect(outcome(resolveIn(files, "a/b/c/d/e"))).toBe("a/b/c/d/e.ts");
  });

  it("B4: modules/foo is never matched by modules/foobar.ts", () => {
    expect(outcome(resolveIn(["modules/foobar.ts", "modules/foobar/index.ts"], "modules/foo"))).toBe("ERR_MODULE_NOT_FOUND");
  });

  it("B5: what leaves the workspace or is malformed is refused with a typed error, and nothing is looked up", () => {
    const refused = [
      "",
      "../x",
      "./../../x",
      "lib/../../x",
      "/etc/passwd",
      "//host/x",
      "file:///etc/passwd",
      "FILE:///x",
      "data:text/javascript,1",
      "http://x/y.js",
      "https://x/y.js",
      "blob:x",
      "workspace:x",
      "workspace://host/x",
      "workspace:////x",
      "workspace:///../x",
      "./a\0b",
      "./a\\b",
      ".\\a",
      "./a\nb",
      "./\u001F",

      "./\uD800",
      `./${"x".repeat(600)}`,
    ];
    for (const specifier of refused) {
      let lookups = 0;
      const found = resolveIn([], specifier);
      expect([specifier, outcome(found)]).toEqual([specifier, "ERR_SPECIFIER_INVALID"]);
      expect(faultOf(found).details).toMatchObject({ specifier, importer: "main.ts", line: 3, column: 7 });
      for (const _ of candidates(specifier, path("main.ts"))) lookups += 1;
      expect(lookups).toBe(0);
    }
  });

  it("B5: paths are compared byte for byte, without decoding, case folding or normalisation", () => {
    const files = ["a%2fb.ts", "%2e%2e.ts", "Upper.ts", "caf\u00E9.ts", "a b (1).ts", "q?x#y.ts"];
    expect(outcome(resolveIn(files, "./a%2fb"))).toBe("a%2fb.ts");
    expect(outcome(resolveIn(files, "./%2e%2e"))).toBe("%2e%2e.ts");
    expect(outcome(resolveIn(files, "./upper"))).toBe("ERR_MODULE_NOT_FOUND");
    expect(outcome(resolveIn(files, "./cafe\u0301"))).toBe("ERR_MODULE_NOT_FOUND");
    expect(outcome(resolveIn(files, "./a b (1)"))).toBe("a b (1).ts");
    expect(outcome(resolveIn(files, "./q?x#y"))).toBe("q?x#y.ts");
  });

  it("B5: whatever the specifier and the importer, a candidate is a storable path of the workspace", () => {
    const segment = fc.oneof(fc.constantFrom("", ".", "..", "a", "index", "b.ts", "c.js", "%2e", "\u0000", "\\"), fc.string({ unit: "binary", maxLength: 6 }));
    const specifier = fc.oneof(
      fc.array(segment, { maxLength: 6 }).map((parts) => parts.join("/")),
      fc.string({ unit: "binary" }),
    );
    const referrer = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 }).map((parts) => path(`${parts.join("/")}.ts`));
    fc.assert(
      fc.property(specifier, referrer, (text, from) => {
        for (const candidate of candidates(text, from)) expect(pathProblem(candidate)).toBeUndefined();
      }),
    );
  });

  it("B1: a relative specifier and the path it names mean the same module", () => {
    const name = fc.constantFrom("a", "b", "c", "d.config", "e");
    const place = fc.array(name, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(place, place, (from, to) => {
        const relative = `${"../".repeat(from.length - 1)}./${to.join("/")}`.replace(/^((?:\.\.\/)+)\.\//, "$1");
        const direct = candidates(`workspace:///${to.join("/")}`, path("x.ts"));
        expect(candidates(relative, path(`${from.join("/")}.ts`))).toEqual(direct);
        expect(candidates(to.join("/"), path("x.ts"))).toEqual(direct);
      }),
    );
  });
});

describe("names", () => {
  it("B6: the SDK wins over a workspace file of the same name", () => {
    expect(outcome(resolveIn(["bifrost.ts", "bifrost/index.ts"], "bifrost"))).toBe("sdk");
    expect(outcome(resolveIn(["bifrost.ts"], "./bifrost"))).toBe("bifrost.ts");
  });

  it("B7: a name that is found nowhere fails with specifier, importer, place, candidates and the nearest name", () => {
    const fault = faultOf(resolveIn(["shared/halopsa.ts", "main.ts"], "shared/haloppsa"));
    expect(fault.code).toBe("ERR_MODULE_NOT_FOUND");
    expect(fault.details).toMatchObject({ specifier: "shared/haloppsa", importer: "main.ts", line: 3, column: 7, nearest: "shared/halopsa.ts" });
    expect(fault.details["candidates"]).toContain("shared/haloppsa/index.ts");
    expect(fault.message).toContain('"shared/haloppsa" imported in main.ts:3:7');
    expect(fault.message).toContain('Did you mean "shared/halopsa.ts"?');
  });

  it("B7: the nearest name is written as the import was, and a file of that name elsewhere counts", () => {
    expect(faultOf(resolveIn(["flows/lib/dates.ts"], "../lib/date", "flows/close/x.ts")).message).toContain('Did you mean "../lib/dates.ts"?');
    expect(faultOf(resolveIn(["shared/deep/halopsa.ts"], "halopsa")).details["nearest"]).toBe("shared/deep/halopsa.ts");
    expect(faultOf(resolveIn(["zebra.ts"], "./a")).details).not.toHaveProperty("nearest");
  });
});

it("B7: who imports zod as a package is told where the SDK has it, and that npm packages cannot be imported", () => {
  expect(faultOf(resolveIn(["a.ts"], "zod")).message).toContain('import { z } from "bifrost"');
  expect(faultOf(resolveIn(["a.ts"], "lodash")).message).toContain("npm packages cannot be imported");
});
