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

/** A file of the tree under another ending: twins, and directories' indexes, are what resolution has to choose between. */
interface Twin {
  readonly of: number;
  readonly ending: string;
}

function treeOf(path: fc.Arbitrary<string>): fc.Arbitrary<Paths> {
  const twin: fc.Arbitrary<Twin> = fc.record({
    of: fc.nat({ max: 9 }),
    ending: fc.constantFrom(...EXTENSIONS, ...EXTENSIONS.map((extension) => `/index${extension}`)),
  });
  return fc
    .record({ paths: fc.uniqueArray(path, { minLength: 1, maxLength: 10 }), twins: fc.array(twin, { maxLength: 5 }) })
    .map(
      ({ paths, twins }) => withoutClashes([...new Set([...paths, ...twins.map(({ of, ending: last }) => stemOf(paths[of % paths.length]!) + last)])]) as Paths,
    );
}

/** A name is a file or a directory; the file is kept. Cut from "...", a stem is no name. */
function withoutClashes(paths: readonly string[]): readonly string[] {
  const files = new Set(paths);
  return paths.filter((path) => {
    const segments = path.split("/");
    return !segments.some((segment, index) => segment === "." || segment === ".." || (index > 0 && files.has(segments.slice(0, index).join("/"))));
  });
}

/** Without extension, and without a last "index". */
function stemOf(path: string): string {
  return path.replace(/(?<=[^/])(?:\/index)?\.[^./]*$/, "");
}

/** A specifier as data, to be written for a tree: shrinking goes on where that tree has become smaller. */
type Draft = { readonly text: string } | { readonly before: string; readonly place: number; readonly cut: boolean };

const draft: fc.Arbitrary<Draft> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      text: fc.tuple(fc.constantFrom("./", "../", "../../", "", "workspace:///"), wayOf(oftenPlain, ending)).map((parts) => parts.join("")),
    }),
  },
  { weight: 5, arbitrary: fc.record({ before: fc.constantFrom("", "workspace:///"), place: fc.nat({ max: 14 }), cut: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ text: fc.constantFrom(".", "..", "./", "../", "bifrost", "./bifrost", "bifrost/x") }) },
  { weight: 1, arbitrary: fc.record({ text: fc.string({ unit: "binary", maxLength: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ text: fc.webUrl() }) },
);

/** Forms in which workspace code could name a place, and many that name none. */
export const anyCase: fc.Arbitrary<ResolutionCase> = fc
  .record({ paths: treeOf(anyPath), importer: fc.nat({ max: 14 }), draft })
  .map(({ paths, importer, draft: asked }) => ({ paths, referrer: paths[importer % paths.length]!, specifier: written(asked, paths) }));

function written(asked: Draft, paths: Paths): string {
  if ("text" in asked) return asked.text;
  const path = paths[asked.place % paths.length]!;
  return asked.before + (asked.cut ? stemOf(path) : path);
}

interface Question {
  readonly importer: number;
  /** A file of the tree without its extension, or a way that may lead nowhere. */
  readonly place: number | string;
  readonly ending: string;
  /** What is odd about the end. */
  readonly odd: string;
}

const question: fc.Arbitrary<Question> = fc.record({
  importer: fc.nat({ max: 14 }),
  place: fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 14 }) }, { weight: 1, arbitrary: wayOf(fc.constantFrom(...PLAIN_NAMES), fc.constant("")) }),
  ending: fc.constantFrom("", "", "", "", ...EXTENSIONS),
  odd: fc.constantFrom("", "", "", "", "/.", "/", "/index", "/../a", "/b/.."),
});

/** Relative ones only, over plain names; most of them lead to a file, or would but for an extension or a last step. Several to a tree. */
export const plainCases: fc.Arbitrary<readonly ResolutionCase[]> = fc
  .record({ paths: treeOf(plainPath), questions: fc.array(question, { minLength: 1, maxLength: 20 }) })
  .map(({ paths, questions }) =>
    questions.map(({ importer, place, ending: last, odd }) => {
      const referrer = paths[importer % paths.length]!;
      const target = typeof place === "string" ? place : stemOf(paths[place % paths.length]!);
      return { paths, referrer, specifier: relativeTo(referrer, target + last + odd) };
    }),
  );

function relativeTo(referrer: string, place: string): string {
  const ups = referrer.split("/").length - 1;
  return `./${"../".repeat(ups)}${place}`.replace(/\/{2,}/g, "/");
}
