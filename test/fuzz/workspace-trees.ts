// Random trees of workspace files, and specifiers that are likely to hit them: few names, many of them prefixes, twins or
// look-alikes of one another.
import fc from "fast-check";

export interface ResolutionCase {
  /** Without duplicates; the referrer is one of them. */
  readonly paths: readonly string[];
  readonly referrer: string;
  readonly specifier: string;
}

type Paths = readonly [string, ...string[]];

const EXTENSIONS = [".ts", ".tsx", ".js", ".jsx", ".mts", ".mjs", ".json"] as const;
const OTHER_ENDINGS = ["", ".cjs", ".cts", ".d.ts", ".txt", ".TS", ".config", ".ts.ts", ".js.ts", "."] as const;
const PLAIN_NAMES = ["a", "b", "foo", "foobar", "index", "lib", "A"] as const;
const ODD_NAMES = ["%61", "é", "e\u0301", "a b", "x.y", "...", "a?b", "a#b", "bifrost", "fs", "zod", "__proto__", "constructor", "👋"] as const;

const oftenPlain = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...PLAIN_NAMES) }, { weight: 1, arbitrary: fc.constantFrom(...ODD_NAMES) });
const ending = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...EXTENSIONS) }, { weight: 1, arbitrary: fc.constantFrom(...OTHER_ENDINGS) });

const anyPath = pathOf(oftenPlain, ending);
/** What every file system and Node's own resolver can hold: no extension twice, and none on a directory. */
const plainPath = pathOf(fc.constantFrom(...PLAIN_NAMES), fc.constantFrom(...EXTENSIONS));

function pathOf(name: fc.Arbitrary<string>, last: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(fc.array(name, { maxLength: 3 }), name, last).map(([directories, base, extension]) => [...directories, base + extension].join("/"));
}

/** Steps of a way through a tree, as people and attackers write them. */
function wayOf(name: fc.Arbitrary<string>, last: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const step = fc.oneof(
    { weight: 4, arbitrary: name },
    { weight: 3, arbitrary: fc.constant("..") },
    { weight: 1, arbitrary: fc.constant(".") },
    { weight: 1, arbitrary: fc.constant("") },
  );
  return fc.tuple(fc.array(step, { maxLength: 4 }), fc.option(name, { nil: undefined }), last).map(([steps, base, extension]) => {
    return [...steps, ...(base === undefined ? [] : [base + extension])].join("/");
  });
}

/** Forms in which workspace code could name a place, and many that name none. */
export const anyCase: fc.Arbitrary<ResolutionCase> = casesOf(anyPath, (paths) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constantFrom("./", "../", "../../", "", "workspace:///"), wayOf(oftenPlain, ending)).map((parts) => parts.join("")) },
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom("", "workspace:///"), fc.constantFrom(...paths)).map((parts) => parts.join("")) },
    { weight: 2, arbitrary: fc.constantFrom(...paths).map((path) => path.replace(/\.[^./]*$/, "")) },
    { weight: 1, arbitrary: fc.constantFrom(".", "..", "./", "../", "bifrost", "./bifrost", "bifrost/x") },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
    { weight: 1, arbitrary: fc.webUrl() },
  ),
);

/** Relative ones only, over plain names; most of them lead to a file, or would but for an extension or a last step. Several to a tree. */
export const plainCases: fc.Arbitrary<readonly ResolutionCase[]> = treeOf(plainPath).chain((paths) => {
  const way = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...paths).map((path) => path.replace(/(?:\/?index)?\.\w+$/, "")) },
    { weight: 1, arbitrary: wayOf(fc.constantFrom(...PLAIN_NAMES), fc.constant("")) },
  );
  const ending = fc.constantFrom("", "", "", "", ...EXTENSIONS);
  const odd = fc.constantFrom("", "", "", "", "/.", "/", "/index", "/../a", "/b/..");
  const question = fc
    .tuple(fc.constantFrom(...paths), way, ending, odd)
    .map(([referrer, ...parts]) => ({ paths, referrer, specifier: relativeTo(referrer, parts.join("")) }));
  return fc.array(question, { minLength: 1, maxLength: 20 });
});

/** The way from the referrer, with what is odd about its end. */
function relativeTo(referrer: string, place: string): string {
  const ups = referrer.split("/").length - 1;
  return `./${"../".repeat(ups)}${place}`.replace(/\/{2,}/g, "/");
}

function casesOf(path: fc.Arbitrary<string>, specifierIn: (paths: Paths) => fc.Arbitrary<string>): fc.Arbitrary<ResolutionCase> {
  return treeOf(path).chain((paths) => fc.record({ paths: fc.constant(paths), referrer: fc.constantFrom(...paths), specifier: specifierIn(paths) }));
}

function treeOf(path: fc.Arbitrary<string>): fc.Arbitrary<Paths> {
  return fc.uniqueArray(path, { minLength: 1, maxLength: 14 }).map((paths) => withoutClashes(paths) as Paths);
}

/** A name is a file or a directory; the file is kept. */
function withoutClashes(paths: readonly string[]): readonly string[] {
  const files = new Set(paths);
  return paths.filter((path) => {
    const segments = path.split("/");
    return !segments.some((_, index) => index > 0 && files.has(segments.slice(0, index).join("/")));
  });
}
