// Resolution told the other way round: which of the files that are there could be meant, and which of those comes first. Paths are
// made by node:path, whose ".." stays in front where it climbs above the root.
import { posix } from "node:path";

export type Expected = { readonly kind: "refused" } | { readonly kind: "file"; readonly path: string } | { readonly kind: "absent" };

interface Question {
  readonly paths: readonly string[];
  readonly referrer: string;
  readonly specifier: string;
}

const WORKSPACE = "workspace:///";
const ORDER = ["ts", "tsx", "js", "jsx", "mts", "mjs"];
/** Written ending → endings of files that it may mean, the best first. */
const MEANT_BY: Readonly<Record<string, readonly string[]>> = {
  ts: ["ts"],
  tsx: ["tsx"],
  mts: ["mts"],
  json: ["json"],
  js: ["ts", "tsx", "js"],
  jsx: ["tsx", "jsx"],
  mjs: ["mts", "mjs"],
};

/** Only for specifiers that are neither the SDK nor denied, and have no scheme of their own. */
export function expectedResolution({ paths, referrer, specifier }: Question): Expected {
  const fromRoot = specifier.startsWith(WORKSPACE);
  const written = fromRoot ? specifier.slice(WORKSPACE.length) : specifier;
  const relative = !fromRoot && /^\.{1,2}(\/|$)/.test(written);
  if (written.startsWith("/") || (written === "" && !fromRoot)) return { kind: "refused" };
  const target = posix.join(relative ? posix.dirname(referrer) : ".", written === "" ? "." : written);
  if (target === ".." || target.startsWith("../")) return { kind: "refused" };

  const place = target.replace(/\/$/, "");
  const onlyDirectory = /(^|\/)\.{0,2}$/.test(written);
  const ranked = paths
    .map((path) => ({ path, rank: rankOf(path, place === "." ? "" : place, onlyDirectory) }))
    .filter(({ rank }) => rank !== undefined)
    .toSorted((left, right) => left.rank! - right.rank!);
  return ranked[0] === undefined ? { kind: "absent" } : { kind: "file", path: ranked[0].path };
}

/** How good an answer this file is, 0 being the best; undefined: none. */
function rankOf(path: string, place: string, onlyDirectory: boolean): number | undefined {
  const { dir, name, ext } = posix.parse(path);
  const ending = ext.slice(1);
  const asIndex = name === "index" && dir === place ? indexRank(ending) : undefined;
  if (onlyDirectory) return asIndex;
  const writtenEnding = /\.([^./]*)$/.exec(place)?.[1];
  const meant = writtenEnding !== undefined && Object.hasOwn(MEANT_BY, writtenEnding) ? MEANT_BY[writtenEnding] : undefined;
  if (meant !== undefined) {
    const rank = meant.indexOf(lastEnding(path));
    const sameStem = path.slice(0, -lastEnding(path).length) === place.slice(0, -writtenEnding!.length);
    return rank >= 0 && sameStem ? rank : undefined;
  }
  const rank = ORDER.indexOf(lastEnding(path));
  if (rank >= 0 && path === `${place}.${lastEnding(path)}`) return rank;
  return asIndex;
}

function indexRank(ending: string): number | undefined {
  const rank = ORDER.indexOf(ending);
  return rank < 0 ? undefined : ORDER.length + rank;
}

function lastEnding(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}
