// Finds what a file registers: calls of the SDK's workflow(), tool() and dataProvider() whose value is exported (B50).
// It reads the tree of the source, also the recovered tree of a broken one, and follows top-level names only.
import ts from "typescript";
import type { EntityRecord } from "../module-record.ts";
import { SDK_SPECIFIER } from "../specifier.ts";
import { bareExpression, byPosition, literalText, placeOf } from "./source-place.ts";

const KINDS = new Map<string, EntityRecord["kind"]>([
  ["workflow", "workflow"],
  ["tool", "tool"],
  ["dataProvider", "data_provider"],
]);

/** In one file; what follows is not registered. */
export const MAX_ENTITIES = 1000;
/** Of an export's or an entity's name, in bytes of UTF-8: longer ones are nothing to look things up by. */
const MAX_NAME_BYTES = 512;

/** At most MAX_ENTITIES, in source order. Too long a name counts as none, and what is exported under one is left out. A call exported under several names is listed once: as "default" if that is one of them, else by the first. */
export function detectEntities(source: ts.SourceFile): readonly EntityRecord[] {
  const sdk = readSdkNames(source);
  if (sdk.named.size === 0 && sdk.namespaces.size === 0) return [];

  const declared = new Map<string, ts.Expression>();
  const exported: { readonly name: string; readonly value: ts.Expression | undefined }[] = [];
  for (const statement of source.statements) readStatement(statement);

  const found = new Map<ts.CallExpression, EntityRecord>();
  for (const { name, value } of exported) {
    const call = value === undefined ? undefined : follow(value, declared);
    const kind = call === undefined ? undefined : kindOf(call, sdk);
    if (call === undefined || kind === undefined) continue;
    if ((found.has(call) && name !== "default") || isTooLong(name)) continue;
    found.set(call, { kind, exportName: name, name: literalName(call), ...placeOf(call, source) });
  }
  return [...found.values()].toSorted(byPosition).slice(0, MAX_ENTITIES);

  function readStatement(statement: ts.Statement): void {
    if (ts.isVariableStatement(statement)) {
      const isExported = statement.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) === true;
      for (const { name, initializer } of statement.declarationList.declarations) {
        if (!ts.isIdentifier(name) || initializer === undefined) continue;
        declared.set(name.text, initializer);
        if (isExported) exported.push({ name: name.text, value: initializer });
      }
    }
    if (ts.isExportAssignment(statement) && statement.isExportEquals !== true) exported.push({ name: "default", value: statement.expression });
    if (!ts.isExportDeclaration(statement) || statement.moduleSpecifier !== undefined || statement.isTypeOnly) return;
    if (statement.exportClause === undefined || !ts.isNamedExports(statement.exportClause)) return;
    for (const element of statement.exportClause.elements) {
      const local = element.propertyName ?? element.name;
      if (!element.isTypeOnly && ts.isIdentifier(local)) exported.push({ name: element.name.text, value: local });
    }
  }
}

interface SdkNames {
  /** Local name → the SDK's own. */
  readonly named: ReadonlyMap<string, string>;
  readonly namespaces: ReadonlySet<string>;
}

function readSdkNames(source: ts.SourceFile): SdkNames {
  const named = new Map<string, string>();
  const namespaces = new Set<string>();
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || literalText(statement.moduleSpecifier) !== SDK_SPECIFIER) continue;
    const clause = statement.importClause;
    if (clause === undefined || clause.phaseModifier === ts.SyntaxKind.TypeKeyword || clause.namedBindings === undefined) continue;
    if (ts.isNamespaceImport(clause.namedBindings)) {
      namespaces.add(clause.namedBindings.name.text);
      continue;
    }
    for (const element of clause.namedBindings.elements) {
      if (!element.isTypeOnly) named.set(element.name.text, (element.propertyName ?? element.name).text);
    }
  }
  return { named, namespaces };
}

// From a name to the call it was declared with; `const a = b; const b = a` ends.
function follow(value: ts.Expression, declared: ReadonlyMap<string, ts.Expression>): ts.CallExpression | undefined {
  const seen = new Set<string>();
  let current: ts.Expression | undefined = bareExpression(value);
  while (current !== undefined && ts.isIdentifier(current) && !seen.has(current.text)) {
    seen.add(current.text);
    const next = declared.get(current.text);
    current = next === undefined ? undefined : bareExpression(next);
  }
  return current !== undefined && ts.isCallExpression(current) ? current : undefined;
}

function kindOf(call: ts.CallExpression, sdk: SdkNames): EntityRecord["kind"] | undefined {
  const callee = bareExpression(call.expression);
  if (ts.isIdentifier(callee)) return KINDS.get(sdk.named.get(callee.text) ?? "");
  const member = memberOf(callee);
  return member !== undefined && sdk.namespaces.has(member.object) ? KINDS.get(member.name) : undefined;
}

function memberOf(callee: ts.Expression): { readonly object: string; readonly name: string } | undefined {
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return undefined;
  const object = bareExpression(callee.expression);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : literalText(callee.argumentExpression);
  return ts.isIdentifier(object) && name !== undefined ? { object: object.text, name } : undefined;
}

// The last `name` wins, and a spread after it may bring another: then it is not known from the text.
function literalName(call: ts.CallExpression): string | undefined {
  const first = call.arguments[0] === undefined ? undefined : bareExpression(call.arguments[0]);
  if (first === undefined || !ts.isObjectLiteralExpression(first)) return undefined;
  const property = first.properties.findLast((each) => ts.isSpreadAssignment(each) || (each.name !== undefined && propertyName(each.name) === "name"));
  const name = property !== undefined && ts.isPropertyAssignment(property) ? literalText(bareExpression(property.initializer)) : undefined;
  return name === undefined || isTooLong(name) ? undefined : name;
}

function isTooLong(name: string): boolean {
  return Buffer.byteLength(name) > MAX_NAME_BYTES;
}

function propertyName(name: ts.PropertyName): string | undefined {
  if (ts.isIdentifier(name)) return name.text;
  return ts.isComputedPropertyName(name) ? literalText(name.expression) : literalText(name);
}
