// One source text → JavaScript, source map and facts, from one parse. Reads and writes nothing. Loading this file
// loads the TypeScript compiler, and running it on hostile text can take long: both belong in a process of their own.
import ts from "typescript";
import { compiledKeyOf } from "../compile-key.ts";
import type { ContentHash } from "../content-hash.ts";
import type { CompiledModule, CompilerOptionsSubset, Diagnostic, ModuleFacts, ScriptKind } from "../module-record.ts";
import { detectEntities } from "./entities.ts";
import { compileJson } from "./json-module.ts";
import { createModuleScope } from "./module-scope.ts";
import { saveNotes } from "./save-notes.ts";
import { readExports, readStaticImports } from "./module-shape.ts";
import { byPosition, startOf } from "./source-place.ts";

export interface CompileRequest {
  /** Of the file's bytes; the text is not hashed again. */
  readonly hash: ContentHash;
  readonly kind: ScriptKind;
  readonly text: string;
  readonly options: CompilerOptionsSubset;
}

/** Never throws for what an author wrote, except where the compiler itself runs out of stack. */
export function compileModule(request: CompileRequest): CompiledModule {
  const compiled = request.kind === "json" ? compileJson(plainText(request.text)) : compileScript({ ...request, kind: request.kind });
  return { key: compiledKeyOf(request), sourceHash: request.hash, ...compiled };
}

type Emitted = Pick<CompiledModule, "js" | "map" | "facts">;

function compileScript(request: CompileRequest & { readonly kind: Exclude<ScriptKind, "json"> }): Emitted {
  const text = plainText(request.text);
  const scope = createModuleScope(text);
  let source: ts.SourceFile | undefined;
  let shape: Pick<ModuleFacts, "imports" | "exports"> = { imports: [], exports: [] };

  const output = transpile(text, request, {
    before: [
      (context) => (file) => {
        source = file;
        return scope.rewrite(file, context);
      },
    ],
    after: [
      () => (file) => {
        // What is left here is what is printed: imports used only as types are gone.
        shape = { imports: readStaticImports(file, source ?? file), exports: readExports(file) };
        return scope.addImport(file);
      },
    ],
  });

  const parsed = source ?? ts.createSourceFile(`module.${request.kind}`, text, ts.ScriptTarget.ES2024, true);
  const diagnostics = [...output.diagnostics.map((each) => syntaxError(each, parsed)), ...saveNotes(parsed)].toSorted(byPosition);
  const facts: ModuleFacts = {
    imports: [...shape.imports, ...scope.dynamicImports].toSorted(byPosition),
    exports: shape.exports,
    entities: detectEntities(parsed),
    diagnostics,
    ...(scope.used && { usesModuleScope: true }),
  };
  if (diagnostics.some((each) => each.severity === "error")) return { js: "", map: "", facts };
  return { js: output.js, map: bareMap(output.map), facts };
}

interface Output {
  readonly js: string;
  readonly map: string;
  readonly diagnostics: readonly Pick<ts.Diagnostic, "messageText" | "code" | "start">[];
}

function transpile(text: string, request: CompileRequest, transformers: ts.CustomTransformers): Output {
  try {
    const output = ts.transpileModule(text, {
      fileName: `module.${request.kind}`,
      reportDiagnostics: true,
      compilerOptions: compilerOptions(request.options),
      transformers,
    });
    // Those without a file complain of options that do not go together, which is no reason for a module not to run.
    const inText = (output.diagnostics ?? []).filter((each) => each.file !== undefined);
    const js = output.outputText.replace(/\n\/\/# sourceMappingURL=[^\n]*\s*$/, "\n");
    return { js, map: output.sourceMapText ?? "", diagnostics: inText };
  } catch (error) {
    if (error instanceof RangeError) throw error;
    // An assertion of the compiler, which trees recovered from a broken text may hit.
    return { js: "", map: "", diagnostics: [{ messageText: `The TypeScript compiler gave up: ${(error as Error).message}`, code: 0, start: 0 }] };
  }
}

// Without a byte order mark; a hashbang line becomes a comment of the same length, so that no position moves.
function plainText(text: string): string {
  return text.replace(/^\uFEFF/, "").replace(/^#!/, "//");
}

const JSX_MODES = { react: ts.JsxEmit.React, "react-jsx": ts.JsxEmit.ReactJSX, "react-jsxdev": ts.JsxEmit.ReactJSXDev } as const;

function compilerOptions({ jsx, ...honoured }: CompilerOptionsSubset): ts.CompilerOptions {
  return {
    ...honoured,
    // Preserved JSX could not run, so it means the default here.
    jsx: jsx === undefined || jsx === "preserve" ? JSX_MODES.react : JSX_MODES[jsx],
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.ESNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    allowJs: true,
    sourceMap: true,
    removeComments: true,
    newLine: ts.NewLineKind.LineFeed,
  };
}

function syntaxError(diagnostic: Output["diagnostics"][number], source: ts.SourceFile): Diagnostic {
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
  return { ...startOf(source, diagnostic.start ?? 0), code: diagnostic.code, severity: "error", message };
}

/** Only what does not depend on the path: `sources` is for the reader to fill in. */
function bareMap(mapText: string): string {
  const { mappings } = JSON.parse(mapText) as { mappings: string };
  return JSON.stringify({ version: 3, names: [], mappings });
}
