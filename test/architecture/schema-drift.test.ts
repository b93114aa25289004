// db/schema.ts says what the tables are, the migrations make them: both must say the same, column for column.
import { readFileSync } from "node:fs";
import { sql } from "kysely";
import ts from "typescript";
import { expect, it } from "vitest";
import { openEmbeddedInMemory } from "../../db/embedded.ts";
import { migrateToLatest } from "../../db/migrate.ts";

const SCHEMA = new URL("../../db/schema.ts", import.meta.url);

/** Names of types in db/schema.ts → what PostgreSQL calls them. */
const TYPES: Readonly<Record<string, string>> = {
  Uuid: "uuid",
  Text: "text",
  PathText: 'text collate "C"',
  JsonText: "json",
  Bytes: "bytea",
  Int: "integer",
  BigInteger: "bigint",
  Bool: "boolean",
  Timestamp: "timestamp with time zone",
};

/** `table.column` → "type, null or not, default or not". */
type Columns = Record<string, string>;

function columnsOfTypes(text: string): Columns {
  const file = ts.createSourceFile("schema.ts", text, ts.ScriptTarget.Latest, true);
  const interfaces = new Map(file.statements.filter(ts.isInterfaceDeclaration).map((one) => [one.name.text, one]));
  const columns: Columns = {};
  for (const table of membersOf(interfaces.get("Database"))) {
    for (const column of membersOf(interfaces.get(table.type))) {
      const generated = /^Generated<(.*)>$/.exec(column.type);
      const type = (generated?.[1] ?? column.type).replace(" | null", "");
      columns[`${table.name}.${column.name}`] = describe(TYPES[type] ?? `unknown type ${type}`, {
        nullable: column.type.endsWith("| null"),
        generated: generated !== null,
      });
    }
  }
  return columns;
}

function membersOf(declaration: ts.InterfaceDeclaration | undefined): { readonly name: string; readonly type: string }[] {
  return [...(declaration?.members ?? [])]
    .filter(ts.isPropertySignature)
    .map((member) => ({ name: member.name.getText(), type: member.type?.getText() ?? "none" }));
}

function describe(type: string, { nullable, generated }: { readonly nullable: boolean; readonly generated: boolean }): string {
  return `${type}${nullable ? "" : " not null"}${generated ? " default" : ""}`;
}

async function columnsOfDatabase(): Promise<Columns> {
  const database = await openEmbeddedInMemory();
  const { db } = database;
  try {
    await migrateToLatest(db);
    const { rows } = await sql<{ place: string; type: string; collation: string | null; nullable: boolean; generated: boolean }>`
      select table_name || '.' || column_name as place, data_type as type, collation_name as collation, is_nullable = 'YES' as nullable, column_default is not null as generated
      from information_schema.columns where table_schema = 'public' and table_name not like 'kysely_%'`.execute(db);
    return Object.fromEntries(rows.map((row) => [row.place, describe(row.collation === null ? row.type : `${row.type} collate "${row.collation}"`, row)]));
  } finally {
    await database.close();
  }
}

it("db/schema.ts and the migrated database have the same tables, columns, types, nulls and defaults", async () => {
  const [types, database] = [columnsOfTypes(readFileSync(SCHEMA, "utf8")), await columnsOfDatabase()];
  expect(Object.keys(database).length).toBeGreaterThan(60);
  expect(types).toEqual(database);
});

it("a column that only one of the two has, or has otherwise, is seen", async () => {
  const text = readFileSync(SCHEMA, "utf8");
  const database = await columnsOfDatabase();
  for (const [from, to] of [
    ["  kind: Text;\n", ""],
    ["  kind: Text;", "  kind: Text | null;"],
    ["  kind: Text;", "  kind: JsonText;"],
    ["  kind: Text;", "  kind: Text;\n  sort: Text;"],
  ] as const) {
    expect(text).toContain(from);
    expect(columnsOfTypes(text.replace(from, to))).not.toEqual(database);
  }
});
