// Reads what is honoured of a workspace's root tsconfig.json (B34). `extends`, paths, targets are not.
import type { CompilerOptionsSubset } from "./module-record.ts";

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
    return { options: {}, problem: `tsconfig.json is not JSON with comments: ${(error as Error).message}` };
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
    else wrong.push(`${name} cannot be ${JSON.stringify(given[name])}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// Strings are matched first, so that what looks like a comment or a comma in them stays.
function plainJson(text: string): string {
  const string = String.raw`"(?:[^"\\]|\\[^])*"`;
  const comments = new RegExp(String.raw`${string}|//[^\n\r]*|/\*[^]*?\*/`, "g");
  const commas = new RegExp(String.raw`${string}|,(?=\s*[\]}])`, "g");
  return text
    .replace(comments, (match) => (match.startsWith('"') ? match : " "))
    .replace(commas, (match) => (match.startsWith('"') ? match : ""))
    .trim();
}

/** The honoured options alone, for those to whom a problem in the file means the defaults. */
export function readCompilerOptions(text: string): CompilerOptionsSubset {
  return readTsconfigOptions(text).options;
}
