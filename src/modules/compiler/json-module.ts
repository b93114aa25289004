// A JSON file as an ECMAScript module with a default export.
import type { CompiledModule } from "../module-record.ts";
import { measureJsonNesting } from "./source-nesting.ts";
import { placeIn } from "./source-place.ts";

type Emitted = Pick<CompiledModule, "js" | "map" | "facts">;

/** `text` is without a byte order mark. JSON.parse inside the room keeps `__proto__` an ordinary key. */
export function compileJson(text: string): Emitted {
  const { depth, offset } = measureJsonNesting(text);
  const facts = { imports: [], exports: ["default"], entities: [], diagnostics: [], nesting: { depth, ...placeIn(text, offset) } };
  const problem = jsonProblem(text);
  if (problem === undefined) return { js: `export default JSON.parse(${JSON.stringify(text)});\n`, map: "", facts };
  const diagnostic = { ...placeIn(text, offsetOf(text)), code: 0, severity: "error" as const, message: `This is not JSON: ${problem}` };
  return { js: "", map: "", facts: { ...facts, exports: [], diagnostics: [diagnostic] } };
}

function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    // V8 quotes the text and counts from its start; line and column say that better.
    return (error as Error).message.replace(/ (?:in|after) JSON at position .*$/s, "").replace(/, (?:\.\.\.)?".*is not valid JSON$/s, "");
  }
}

// V8 names the place of some mistakes only. A prefix fails otherwise than by ending too early exactly when it
// holds the mistake, so the mistake is found by halving.
function offsetOf(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (canGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function canGoOn(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const position = / at position (\d+)/.exec(message)?.[1];
    if (position !== undefined) return Number(position) >= prefix.length;
    return message.startsWith("Unexpected end");
  }
}
