// The import list and the export names, read from the tree that is printed: so they cannot differ from the JavaScript.
import ts from "typescript";
import type { ImportRecord } from "../module-record.ts";
import { literalText, placeOf } from "./source-place.ts";

type NamedPlace = ImportRecord["names"][number];

/** In source order, without `import()`. `source` is the author's file, for the positions. */
export function readStaticImports(emitted: ts.SourceFile, source: ts.SourceFile): readonly ImportRecord[] {
  const records: ImportRecord[] = [];
  for (const statement of emitted.statements) {
    if (ts.isImportDeclaration(statement)) add(statement.moduleSpecifier, { kind: "static", names: importedNames(statement.importClause, source) });
    if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
      const star = statement.exportClause === undefined ? { star: true as const } : {};
      add(statement.moduleSpecifier, { kind: "reexport", names: reexportedNames(statement, source), ...star });
    }
  }
  return records;

  function add(specifier: ts.Expression, record: Omit<ImportRecord, "specifier" | "line" | "column">): void {
    const text = literalText(specifier);
    if (text !== undefined) records.push({ specifier: text, ...placeOf(specifier, source), ...record });
  }
}

function importedNames(clause: ts.ImportClause | undefined, source: ts.SourceFile): readonly NamedPlace[] {
  if (clause === undefined) return [];
  const names: NamedPlace[] = [];
  if (clause.name !== undefined) names.push({ name: "default", ...placeOf(clause.name, source) });
  if (clause.namedBindings === undefined) return names;
  if (ts.isNamespaceImport(clause.namedBindings)) return [...names, { name: "*", ...placeOf(clause.namedBindings, source) }];
  return [...names, ...elementNames(clause.namedBindings.elements, source)];
}

function reexportedNames(statement: ts.ExportDeclaration, source: ts.SourceFile): readonly NamedPlace[] {
  const clause = statement.exportClause;
  if (clause === undefined) return [{ name: "*", ...placeOf(statement, source) }];
  if (ts.isNamespaceExport(clause)) return [{ name: "*", ...placeOf(clause, source) }];
  return elementNames(clause.elements, source);
}

function elementNames(elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[], source: ts.SourceFile): readonly NamedPlace[] {
  return elements.map((element) => {
    const name = element.propertyName ?? element.name;
    return { name: name.text, ...placeOf(name, source) };
  });
}

/** Names exported directly, in source order and once each. */
export function readExports(emitted: ts.SourceFile): readonly string[] {
  return [...new Set(emitted.statements.flatMap(exportedNames))];
}

function exportedNames(statement: ts.Statement): readonly string[] {
  if (ts.isExportAssignment(statement)) return statement.isExportEquals === true ? [] : ["default"];
  if (ts.isExportDeclaration(statement)) {
    const clause = statement.exportClause;
    if (clause === undefined) return [];
    return ts.isNamespaceExport(clause) ? [clause.name.text] : clause.elements.map((element) => element.name.text);
  }
  if (!ts.canHaveModifiers(statement)) return [];
  const modifiers = new Set(ts.getModifiers(statement)?.map((modifier) => modifier.kind));
  if (!modifiers.has(ts.SyntaxKind.ExportKeyword)) return [];
  if (modifiers.has(ts.SyntaxKind.DefaultKeyword)) return ["default"];
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.flatMap((each) => boundNames(each.name));
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) return statement.name === undefined ? [] : [statement.name.text];
  return [];
}

function boundNames(name: ts.BindingName): readonly string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? boundNames(element.name) : []));
}
