// What the parser accepts and the room cannot run: CommonJS forms. The first two are dropped silently by the compiler.
import ts from "typescript";
import type { Diagnostic } from "../module-record.ts";
import { literalText, placeOf } from "./source-place.ts";

/** At most `most`. */
export function saveNotes(source: ts.SourceFile, { most }: { readonly most: number }): readonly Diagnostic[] {
  const notes: Diagnostic[] = [];
  for (const statement of source.statements) {
    if (notes.length === most) return notes;
    if (ts.isExportAssignment(statement) && statement.isExportEquals === true) {
      notes.push({
        ...placeOf(statement, source),
        code: 0,
        severity: "error",
        message: "'export =' does not exist in ECMAScript modules. Write 'export default'.",
      });
    }
    if (ts.isImportEqualsDeclaration(statement) && !statement.isTypeOnly && ts.isExternalModuleReference(statement.moduleReference)) {
      const wanted = literalText(statement.moduleReference.expression);
      const instead = wanted === undefined ? "import … from" : `import ${statement.name.text} from ${JSON.stringify(wanted)}`;
      notes.push({
        ...placeOf(statement, source),
        code: 0,
        severity: "error",
        message: `'import … = require()' does not exist in ECMAScript modules. Write '${instead}'.`,
      });
    }
  }
  if (/\brequire\b/.test(source.text)) noteRequire(source, { notes, most });
  return notes;
}

function noteRequire(source: ts.SourceFile, { notes, most }: { readonly notes: Diagnostic[]; readonly most: number }): void {
  visit(source);

  function visit(node: ts.Node): void {
    if (notes.length === most) return;
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "require" && isFree(node.expression)) {
      notes.push({
        ...placeOf(node, source),
        code: 0,
        severity: "warning",
        message: "'require' does not exist where workflows run. Use 'import', or 'await import()' for a computed name.",
      });
    }
    ts.forEachChild(node, visit);
  }
}

// The binder has left each scope's names on its node; the public types do not show it.
function isFree(identifier: ts.Identifier): boolean {
  for (let node: ts.Node | undefined = identifier; node !== undefined; node = node.parent) {
    const { locals, symbol } = node as { locals?: ReadonlyMap<string, unknown>; symbol?: ts.Symbol };
    if (locals?.has(identifier.text) === true) return false;
    if ((ts.isFunctionExpression(node) || ts.isClassExpression(node)) && symbol?.name === identifier.text) return false;
  }
  return true;
}
