// One source text → JavaScript, source map and facts, from one parse. Reads and writes nothing. Loading this file
// loads the TypeScript compiler, and running it on hostile text can take long: both belong in a process of their own.
import ts from "typescript";
import { compiledKeyOf } from "../compile-key.ts";
import type { ContentHash } from "../content-hash.ts";
import type { CompileRefusal } from "../compile-refusal.ts";
import type { CompiledModule, CompilerOptionsSubset, Diagnostic, ModuleFacts, ScriptKind, SourceNesting } from "../module-record.ts";
import { emit, type Emitted } from "./emit.ts";
import { detectEntities, MAX_ENTITIES } from "./entities.ts";
import { compileJson } from "./json-module.ts";
import { createModuleScope } from "./module-scope.ts";
import { saveNotes } from "./save-notes.ts";
import { readExports, readStaticImports } from "./module-shape.ts";
import { scanNesting } from "./scanned-nesting.ts";
import { measureNesting } from "./source-nesting.ts";
import { byPosition, startOf } from "./source-place.ts";

export interface CompileRequest {
  /** Of the file's bytes; the text is not hashed again. */
  readonly hash: ContentHash;
  readonly kind: ScriptKind;
  readonly text: string;
  readonly options: CompilerOptionsSubset;
}

/** Trees nested deeper are not given to the compiler, which recurses: its stack holds at least this much of any form but a few. */
export const COMPILABLE_NESTING = 2000;

/** Statements and calls of import in one module: the host keeps about 2 kB of each for as long as it keeps the module. */
const MAX_IMPORTS = 5000;
/** JavaScript and source map of one module, in characters: deep indents can make a small source large. */
const MAX_EMITTED = 16 * 1024 * 1024;

/** V8's word for a text of half a gigabyte: constants that double one another are computed by the compiler. */
const TOO_LONG = /string length/;

const MAX_DIAGNOSTICS = 100;

/** The source is not compiled; what else there is to say is in `refusal`. */
export class RefusedSource extends Error {
  readonly refusal: CompileRefusal;

  constructor(refusal: CompileRefusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

let thrown = false;

/**
 * True once the compiler has thrown: it keeps state between two texts that is only put in order where it ends well, so that
 * the next text, which may be anyone's, could be read wrongly. Then this process must compile no more.
 */
export function isCompilerSpent(): boolean {
  return thrown;
}

/** Throws RefusedSource, and nothing else, for what an author wrote. */
export function compileModule(request: CompileRequest): CompiledModule {
  const compiled = request.kind === "json" ? compileJson(plainText(request.text)) : compileScript({ ...request, kind: request.kind });
  return { key: compiledKeyOf(request), sourceHash: request.hash, ...compiled };
}

type Compiled = Pick<CompiledModule, "js" | "map" | "facts">;

function compileScript({ kind, options, ...request }: CompileRequest & { readonly kind: Exclude<ScriptKind, "json"> }): Compiled {
  const text = plainText(request.text);
  const scanned = scanNesting(text, { kind, limit: COMPILABLE_NESTING });
  if (scanned !== undefined) throw tooDeep(scanned);
  const scope = createModuleScope(text);
  let source: ts.SourceFile | undefined;
  let nesting: SourceNesting = { depth: 0, line: 1, column: 1 };
  let shape: Pick<ModuleFacts, "imports" | "exports"> = { imports: [], exports: [] };

  const onParsed = (parsed: ts.SourceFile): void => {
    nesting = measureNesting(parsed);
    if (nesting.depth > COMPILABLE_NESTING) throw tooDeep(nesting);
    source = parsed;
  };
  const transformers: ts.CustomTransformers = {
    before: [(context) => (file) => scope.rewrite(file, context)],
    after: [
      () => (file) => {
        // What is left here is what is printed: imports used only as types are gone.
        shape = { imports: readStaticImports(file, source ?? file), exports: readExports(file) };
        return scope.addImport(file);
      },
    ],
  };

  try {
    const emitted = emit({ text, kind, options, onParsed, transformers });
    const size = emitted.js.length + emitted.map.length;
    if (size > MAX_EMITTED) throw new RefusedSource({ reason: "size", limit: MAX_EMITTED, amount: size });
    return factsOf(emitted);
  } catch (error) {
    if (error instanceof RefusedSource) throw error;
    thrown = true;
    if (error instanceof RangeError && TOO_LONG.test(error.message)) throw new RefusedSource({ reason: "size", limit: MAX_EMITTED });
    if (error instanceof RangeError) throw new RefusedSource({ reason: "stack", ...deepestOf({ text, kind, source }) });
    // An assertion of the compiler.
    const diagnostic = { line: 1, column: 1, code: 0, severity: "error" as const, message: `The TypeScript compiler gave up: ${(error as Error).message}` };
    return { js: "", map: "", facts: { imports: [], exports: [], entities: [], diagnostics: [diagnostic], nesting } };
  }

  function factsOf(emitted: Emitted): Compiled {
    const amount = shape.imports.length + scope.dynamicImports.length;
    if (amount > MAX_IMPORTS) throw new RefusedSource({ reason: "imports", limit: MAX_IMPORTS, amount });
    const errors = emitted.diagnostics.slice(0, MAX_DIAGNOSTICS + 1).map((each) => syntaxError(each, emitted.source));
    const notes = saveNotes(emitted.source, { most: MAX_DIAGNOSTICS + 1 });
    const entities = detectEntities(emitted.source);
    const diagnostics = [...listed(errors, emitted.diagnostics.length), ...listed(notes, notes.length), ...tooManyEntities(entities)].toSorted(byPosition);
    const facts: ModuleFacts = {
      imports: [...shape.imports, ...scope.dynamicImports].toSorted(byPosition),
      exports: shape.exports,
      entities,
      diagnostics,
      ...(scope.used && { usesModuleScope: true }),
      nesting,
    };
    if (diagnostics.some((each) => each.severity === "error")) return { js: "", map: "", facts };
    return { js: emitted.js, map: bareMap(emitted.map), facts };
  }
}

function tooDeep({ depth, line, column }: SourceNesting): RefusedSource {
  return new RefusedSource({ reason: "depth", limit: COMPILABLE_NESTING, amount: depth, line, column });
}

/** With chains counted; from the tokens where there is no tree. */
function deepestOf({ text, kind, source }: { text: string; kind: ScriptKind; source: ts.SourceFile | undefined }): Partial<CompileRefusal> {
  const nesting = source === undefined ? scanNesting(text, { kind, limit: 0 }) : measureNesting(source, { chains: true });
  return nesting === undefined ? {} : { amount: nesting.depth, line: nesting.line, column: nesting.column };
}

/** As many as are worth reading, and how many more there are. */
function listed(diagnostics: readonly Diagnostic[], count: number): readonly Diagnostic[] {
  const first = diagnostics[MAX_DIAGNOSTICS];
  if (first === undefined) return diagnostics;
  const more = count > diagnostics.length ? `${count - MAX_DIAGNOSTICS} more follow and` : "More follow and";
  return [...diagnostics.slice(0, MAX_DIAGNOSTICS), { ...first, code: 0, message: `${more} are not listed.` }];
}

function tooManyEntities(entities: ModuleFacts["entities"]): readonly Diagnostic[] {
  const last = entities[MAX_ENTITIES - 1];
  if (last === undefined) return [];
  const message = `A file registers at most ${MAX_ENTITIES} workflows, tools and data providers: this is the last.`;
  return [{ line: last.line, column: last.column, code: 0, severity: "warning", message }];
}

// Without a byte order mark; a hashbang line becomes a comment of the same length, so that no position moves.
function plainText(text: string): string {
  return text.replace(/^\uFEFF/, "").replace(/^#!/, "//");
}

function syntaxError(diagnostic: ts.Diagnostic, source: ts.SourceFile): Diagnostic {
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
  return { ...startOf(source, diagnostic.start ?? 0), code: diagnostic.code, severity: "error", message };
}

/** Only what does not depend on the path: `sources` is for the reader to fill in. */
function bareMap(mapText: string): string {
  const { mappings } = JSON.parse(mapText) as { mappings: string };
  return JSON.stringify({ version: 3, names: [], mappings });
}
