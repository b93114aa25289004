// One text through the compiler: one parse, and what it prints. The file that is parsed is looked at before anything else
// happens to it.
import ts from "typescript";
import type { CompilerOptionsSubset, ScriptKind } from "../module-record.ts";

export interface Emitting {
  readonly text: string;
  readonly kind: Exclude<ScriptKind, "json">;
  readonly options: CompilerOptionsSubset;
  /** Called with the tree before it is bound, transformed or printed; what it throws ends the compiling. */
  readonly onParsed: (source: ts.SourceFile) => void;
  readonly transformers: ts.CustomTransformers;
}

export interface Emitted {
  readonly source: ts.SourceFile;
  /** Empty where there are diagnostics: a broken tree is not printed. */
  readonly js: string;
  readonly map: string;
  readonly diagnostics: readonly ts.Diagnostic[];
}

export function emit({ text, kind, options, onParsed, transformers }: Emitting): Emitted {
  const fileName = `module.${kind}`;
  let source: ts.SourceFile | undefined;
  let js = "";
  let map = "";
  const host: ts.CompilerHost = {
    // Comments say nothing that changes what is printed.
    jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
    getSourceFile(name, languageVersion) {
      if (name !== fileName) return undefined;
      source = ts.createSourceFile(name, text, languageVersion);
      onParsed(source);
      return source;
    },
    writeFile(name, printed) {
      if (name.endsWith(".map")) map = printed;
      else js = printed;
    },
    getDefaultLibFileName: () => "lib.d.ts",
    useCaseSensitiveFileNames: () => true,
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => "",
    getNewLine: () => "\n",
    fileExists: (name) => name === fileName,
    readFile: () => undefined,
    directoryExists: () => false,
    getDirectories: () => [],
  };
  const program = ts.createProgram({ rootNames: [fileName], options: compilerOptions(options), host });
  if (source === undefined) throw new Error("The compiler did not ask for the module.");
  const diagnostics = program.getSyntacticDiagnostics(source);
  if (diagnostics.length > 0) return { source, js: "", map: "", diagnostics };
  program.emit(undefined, undefined, undefined, false, transformers);
  return { source, js: js.replace(/\n\/\/# sourceMappingURL=[^\n]*\s*$/, "\n"), map, diagnostics };
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
    // One file on its own: nothing is resolved, read or checked.
    isolatedModules: true,
    noCheck: true,
    noLib: true,
    noResolve: true,
    types: [],
    suppressOutputPathCheck: true,
  };
}
