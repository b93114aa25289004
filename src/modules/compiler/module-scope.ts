// `import(x)` and `import.meta` become names imported from `bifrost:module`, because the isolate has neither.
// One place to change when isolated-vm gains them.
import ts from "typescript";
import type { ImportRecord } from "../module-record.ts";
import { literalText, placeOf } from "./source-place.ts";

/** The synthetic module that gives each module its own `dynamicImport` and `meta`. Policy closes it to authors. */
export const MODULE_SCOPE_SPECIFIER = "bifrost:module";

export interface ModuleScope {
  /** Found by `rewrite`. */
  readonly dynamicImports: readonly ImportRecord[];
  /** True when the emitted code needs the import. */
  readonly used: boolean;
  rewrite(source: ts.SourceFile, context: ts.TransformationContext): ts.SourceFile;
  /** Puts the import first, if it is needed. */
  addImport(emitted: ts.SourceFile): ts.SourceFile;
}

/** Parsing the text is enough to know that most modules have neither. */
const MAY_USE = /\bimport\s*[.(</]/;

export function createModuleScope(text: string): ModuleScope {
  const importName = unusedName("__bifrost_import__", text);
  const metaName = unusedName("__bifrost_meta__", text);
  const dynamicImports: ImportRecord[] = [];
  let usesMeta = false;

  return {
    dynamicImports,
    get used() {
      return usesMeta || dynamicImports.length > 0;
    },
    rewrite(source, context) {
      if (!MAY_USE.test(text)) return source;
      return ts.visitEachChild(source, visit, context);

      function visit(node: ts.Node): ts.Node {
        if (ts.isTypeNode(node)) return node;
        if (ts.isMetaProperty(node) && isImportMeta(node)) {
          usesMeta = true;
          return standIn(context.factory.createIdentifier(metaName), node);
        }
        if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return ts.visitEachChild(node, visit, context);
        const [wanted] = node.arguments;
        dynamicImports.push({ specifier: literalText(wanted), kind: "dynamic", names: [], ...placeOf(wanted ?? node, source) });
        const given = node.arguments.map((argument) => ts.visitNode(argument, visit, ts.isExpression));
        return standIn(context.factory.createCallExpression(context.factory.createIdentifier(importName), undefined, given), node);
      }
    },
    addImport(emitted) {
      const names = [...(dynamicImports.length > 0 ? [["dynamicImport", importName] as const] : []), ...(usesMeta ? [["meta", metaName] as const] : [])];
      if (names.length === 0) return emitted;
      return ts.factory.updateSourceFile(emitted, [importOf(names), ...emitted.statements]);
    },
  };
}

function isImportMeta(node: ts.MetaProperty): boolean {
  return node.keywordToken === ts.SyntaxKind.ImportKeyword && node.name.text === "meta";
}

function standIn<T extends ts.Node>(node: T, original: ts.Node): T {
  return ts.setOriginalNode(ts.setTextRange(node, original), original);
}

function importOf(names: readonly (readonly [exported: string, local: string])[]): ts.ImportDeclaration {
  const { factory } = ts;
  const elements = names.map(([exported, local]) => factory.createImportSpecifier(false, factory.createIdentifier(exported), factory.createIdentifier(local)));
  const clause = factory.createImportClause(undefined, undefined, factory.createNamedImports(elements));
  return factory.createImportDeclaration(undefined, clause, factory.createStringLiteral(MODULE_SCOPE_SPECIFIER));
}

// The author may use our name for something else. A number keeps it short, whatever they do.
function unusedName(name: string, text: string): string {
  if (!text.includes(name)) return name;
  const used = new Set(Array.from(text.matchAll(new RegExp(`${name}([0-9]*)`, "g")), ([, digits]) => digits));
  let number = 1;
  while (used.has(String(number))) number += 1;
  return `${name}${number}`;
}
