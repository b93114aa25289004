// Reads what is honoured of a workspace's root tsconfig.json (B34). `extends`, paths, targets are not.
import type { CompilerOptionsSubset } from "./module-record.ts";
import { quoted, shortened } from "./shown-text.ts";

export interface TsconfigReading {
  readonly options: CompilerOptionsSubset;
  /** What is wrong with the file, as a sentence; what could be read of it counts all the same. */
  readonly problem?: string;
}

const FLAGS = ["emitDecoratorMetadata", "experimentalDecorators", "useDefineForClassFields"] as const;
const NAMES = ["jsxFactory", "jsxFragmentFactory", "jsxImportSource"] as const;
const JSX_MODES: Readonly<Record<string, NonNullable<CompilerOptionsSubset["jsx"]>>> = {
  react: "react",
  "react-jsx": "react-jsx",
  "react-jsxdev": "react-jsxdev",
  preserve: "preserve",
  "react-native": "preserve",
};

export function readTsconfigOptions(text: string): TsconfigReading {
  let config: unknown;
  try {
    config = JSON.parse(plainJson(text.replace(/^\uFEFF/, "")) || "{}");
  } catch (error) {
    return { options: {}, problem: `tsconfig.json is not JSON with comments: ${shortened((error as Error).message, 300)}` };
  }
  if (!isRecord(config)) return { options: {}, problem: "tsconfig.json must hold an object" };
  const given = config["compilerOptions"] ?? {};
  if (!isRecord(given)) return { options: {}, problem: "compilerOptions of tsconfig.json must be an object" };

  const found: Record<string, unknown> = {};
  const wrong: string[] = [];
  for (const name of FLAGS) take(name, typeof given[name] === "boolean");
  for (const name of NAMES) take(name, typeof given[name] === "string");
  const mode = typeof given["jsx"] === "string" ? given["jsx"].toLowerCase() : "";
  take("jsx", Object.hasOwn(JSX_MODES, mode), JSX_MODES[mode]);

  const options = Object.fromEntries(Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1))) as CompilerOptionsSubset;
  return wrong.length === 0 ? { options } : { options, problem: `compilerOptions of tsconfig.json: ${wrong.join(", ")}` };

  function take(name: string, fits: boolean, value: unknown = isRecord(given) ? given[name] : undefined): void {
    if (!isRecord(given) || given[name] === undefined || given[name] === null) return;
    if (fits) found[name] = value;
    else wrong.push(`${name} cannot be ${described(given[name])}`);
  }
}

function described(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  if (isRecord(value)) return "an object";
  return typeof value === "string" ? quoted(value, 100) : String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Without comments, and without commas before a closing bracket. In one pass: the text is an author's, and read where
// everybody's writes are.
function plainJson(text: string): string {
  let plain = "";
  /** A comma and what was blank after it, until it is known what follows. */
  let gap = "";
  for (let index = 0; index < text.length;) {
    const [kind, end] = pieceAt(text, index);
    const piece = kind === "comment" ? " " : text.slice(index, end);
    index = end;
    if (kind === "blank" || kind === "comment") {
      if (gap === "") plain += piece;
      else gap += piece;
      continue;
    }
    plain += kind === "closing" ? gap.slice(1) : gap;
    gap = kind === "comma" ? piece : "";
    if (kind !== "comma") plain += piece;
  }
  return (plain + gap).trim();
}

type Piece = "string" | "comment" | "blank" | "comma" | "closing" | "other";

function pieceAt(text: string, start: number): readonly [kind: Piece, end: number] {
  const character = text[start] ?? "";
  if (character === '"') return ["string", endOfString(text, start)];
  if (character === "/" && text[start + 1] === "/") return ["comment", endOfLine(text, start)];
  if (character === "/" && text[start + 1] === "*") {
    const end = text.indexOf("*/", start + 2);
    return end < 0 ? ["other", text.length] : ["comment", end + 2];
  }
  if (character === ",") return ["comma", start + 1];
  if (character === "]" || character === "}") return ["closing", start + 1];
  return [/\s/.test(character) ? "blank" : "other", start + 1];
}

function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === "\\" ? 2 : 1;
  return Math.min(index + 1, text.length);
}

function endOfLine(text: string, start: number): number {
  let index = start;
  while (index < text.length && text[index] !== "\n" && text[index] !== "\r") index += 1;
  return index;
}

/** The honoured options alone, for those to whom a problem in the file means the defaults. */
export function readCompilerOptions(text: string): CompilerOptionsSubset {
  return readTsconfigOptions(text).options;
}
