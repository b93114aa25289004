// Resolution over random trees and specifiers: against what it promises of all of them, against a model written the other way
// round, against Node's own resolver on a disk, and against TypeScript's.
import { createRequire } from "node:module";
import { join, posix, relative } from "node:path";
import fc from "fast-check";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { pathProblem } from "../../src/modules/module-path.ts";
import { outcome, resolveIn } from "../unit/modules/sample-modules.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { expectedResolution } from "./resolution-model.ts";
import { tries } from "./tries.ts";
import { anyCase, plainCases, type ResolutionCase } from "./workspace-trees.ts";

expectNoLeaks();

const REFUSALS = new Set(["ERR_SPECIFIER_INVALID", "ERR_IMPORT_DENIED", "ERR_MODULE_NOT_FOUND"]);
const SEARCHED = [".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs"];

function answerTo({ paths, specifier, referrer }: ResolutionCase): string {
  return outcome(resolveIn(paths, specifier, referrer));
}

describe("for every tree, referrer and specifier", () => {
  it("B1, B5: the answer is a file of the snapshot, the SDK or a typed refusal that names the place, and the same twice", () => {
    fc.assert(
      fc.property(anyCase, (asked) => {
        const answer = resolveIn(asked.paths, asked.specifier, asked.referrer);
        expect(resolveIn(asked.paths, asked.specifier, asked.referrer)).toEqual(answer);
        expect(answerTo({ ...asked, paths: asked.paths.toReversed() })).toBe(outcome(answer));
        if (answer.kind === "module") expect(asked.paths).toContain(answer.path);
        else if (answer.kind === "sdk") expect(asked.specifier).toBe("bifrost");
        else {
          expect(REFUSALS).toContain(answer.fault.code);
          expect(answer.fault.message).toContain(`${asked.referrer}:3:7`);
          expect(answer.fault.details).toMatchObject({ specifier: asked.specifier, importer: asked.referrer });
        }
      }),
      tries(5000),
    );
  });

  it("B1–B4: the answer is the one that the order of candidates gives, found from the files instead of from the specifier", () => {
    fc.assert(
      fc.property(anyCase, (asked) => {
        const answer = answerTo(asked);
        fc.pre(answer !== "sdk" && answer !== "ERR_IMPORT_DENIED" && !isMalformed(asked.specifier));
        const expected = expectedResolution(asked);
        expect(answer).toBe(expected.kind === "file" ? expected.path : expected.kind === "refused" ? "ERR_SPECIFIER_INVALID" : "ERR_MODULE_NOT_FOUND");
      }),
      tries(8000),
    );
  });

  it("B5: what climbs above the root is refused, and what looks like it but does not climb is not", () => {
    const climb = fc.tuple(fc.nat({ max: 5 }), fc.array(fc.constantFrom("a", "..", "."), { maxLength: 5 }));
    fc.assert(
      fc.property(climb, fc.constantFrom("x.ts", "a/x.ts", "a/b/c/x.ts"), ([ups, rest], referrer) => {
        const specifier = ["." as string, ...Array.from({ length: ups }, () => ".."), ...rest].join("/");
        let depth = referrer.split("/").length - 1;
        let lowest = depth;
        for (const step of specifier.split("/")) {
          depth += step === ".." ? -1 : step === "." ? 0 : 1;
          lowest = Math.min(lowest, depth);
        }
        expect(answerTo({ paths: [referrer], specifier, referrer }) === "ERR_SPECIFIER_INVALID").toBe(lowest < 0);
      }),
      tries(3000),
    );
  });

  it("B5, B8: Node's modules, host internals, URLs, absolute paths, control characters and backslashes are refused wherever they stand", () => {
    const anywhere = fc.string({ unit: "grapheme", maxLength: 8 });
    const forbidden = fc.oneof(
      fc
        .tuple(
          fc.constantFrom(
            "node:",
            "bifrost:",
            "bifrost/",
            "isolated-vm/",
            "bifrost-executor/",
            "file:///",
            "FILE:",
            "data:",
            "http://",
            "https://",
            "blob:",
            "/",
            "workspace:",
            "c:",
          ),
          anywhere,
        )
        .map((parts) => parts.join("")),
      fc.constantFrom("fs", "fs/promises", "process", "child_process", "vm", "node:fs", "node:test", "isolated-vm", "bifrost-executor", "inspector"),
      fc.tuple(anywhere, fc.constantFrom("\0", "\\", "\n", "\u001f", "\ud800"), anywhere).map((parts) => `./${parts.join("")}`),
    );
    fc.assert(
      fc.property(anyCase, forbidden, ({ paths, referrer }, specifier) => {
        fc.pre(!specifier.startsWith("workspace:///"));
        // Also where a file has that very name.
        const sameName = pathProblem(specifier) === undefined ? [specifier] : [];
        expect(["ERR_SPECIFIER_INVALID", "ERR_IMPORT_DENIED"]).toContain(answerTo({ paths: [...paths, ...sameName], specifier, referrer }));
      }),
      tries(4000),
    );
  });

  it("B5: names differ where their bytes differ: neither case, nor normal form, nor percent signs are looked through", () => {
    const twins = fc.constantFrom(["é", "e\u0301"], ["A", "a"], ["%61", "a"], ["a%2Fb", "a/b"], ["%2e%2e", ".."], ["ﬁ", "fi"], ["K", "\u212a"], ["x ", "x"]);
    fc.assert(
      fc.property(twins, fc.boolean(), fc.constantFrom("./", "", "workspace:///"), ([left = "", right = ""], swap, prefix) => {
        const [there, asked] = swap ? [left, right] : [right, left];
        fc.pre(there !== ".." && asked !== "..");
        expect(answerTo({ paths: [`${there}.ts`], specifier: prefix + asked, referrer: "main.ts" })).toBe("ERR_MODULE_NOT_FOUND");
        expect(answerTo({ paths: [`${there}.ts`], specifier: prefix + there, referrer: "main.ts" })).toBe(`${there}.ts`);
      }),
      tries(200),
    );
  });
});

describe("where others have the same rule, the answer is theirs", () => {
  it("B1–B3: Node's, asked for files on a disk with our extensions in our order", () => {
    const { extensions } = createRequire(import.meta.url);
    const before = { ...extensions };
    // Node searches in the order of these keys.
    for (const extension of Object.keys(before)) delete extensions[extension];
    for (const extension of SEARCHED) extensions[extension] = () => undefined;
    try {
      fc.assert(
        fc.property(plainCases, (questions) => {
          using directory = temporaryDirectory(Object.fromEntries(questions[0]!.paths.map((path) => [path, ""])));
          for (const asked of questions) {
            const answer = answerTo(asked);
            // Node has no twins, and does not refuse what lies above.
            if (answer !== "ERR_SPECIFIER_INVALID" && !/\.[jt]sx?$|\.m[jt]s$/.test(asked.specifier)) {
              expect(answer).toBe(answerOfNode(directory.path, asked) ?? "ERR_MODULE_NOT_FOUND");
            }
          }
        }),
        tries(80),
      );
    } finally {
      for (const extension of SEARCHED) delete extensions[extension];
      Object.assign(extensions, before);
    }
  });

  it("B1, B2: TypeScript's, for a bundler: twins of .js first, .ts before .tsx before .js, files before their directory's index", () => {
    fc.assert(
      fc.property(plainCases, (questions) => {
        for (const asked of questions) {
          const answer = answerTo(asked);
          // Left out is where TypeScript takes a written extension for more names than B1 does, and B1 an unwritten one for .mts and .mjs.
          const written = /\.(m?[jt]sx?|json)$/.test(asked.specifier);
          const judged =
            answer !== "ERR_SPECIFIER_INVALID" &&
            !asked.specifier.endsWith(".jsx") &&
            (written ? answer !== "ERR_MODULE_NOT_FOUND" : !/\.m[jt]s$/.test(answer));
          if (judged) expect(answer).toBe(answerOfTypeScript(asked) ?? "ERR_MODULE_NOT_FOUND");
        }
      }),
      tries(300),
    );
  });
});

/** What the model does not judge: text that is refused whatever is there. */
function isMalformed(specifier: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return /[\u0000-\u001f\\]/.test(specifier) || !specifier.isWellFormed() || (/^[a-z][a-z0-9+.-]*:/i.test(specifier) && !specifier.startsWith("workspace:///"));
}

function answerOfNode(directory: string, { specifier, referrer }: ResolutionCase): string | undefined {
  try {
    return relative(directory, createRequire(join(directory, referrer)).resolve(specifier));
  } catch {
    return undefined;
  }
}

function answerOfTypeScript({ paths, specifier, referrer }: ResolutionCase): string | undefined {
  const files = new Set(paths.map((path) => `/${path}`));
  const host: ts.ModuleResolutionHost = {
    fileExists: (path) => files.has(path),
    readFile: () => undefined,
    directoryExists: (path) => [...files].some((file) => file.startsWith(posix.join(path, "/"))),
  };
  const options: ts.CompilerOptions = {
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    module: ts.ModuleKind.ESNext,
    allowJs: true,
    jsx: ts.JsxEmit.React,
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
  };
  return ts.resolveModuleName(specifier, `/${referrer}`, options, host).resolvedModule?.resolvedFileName.slice(1);
}
