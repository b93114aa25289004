// How values leave the driver: the same for PostgreSQL and the embedded database, which both speak through pg.
import type pg from "pg";

const INT8 = 20;
const JSON_TYPE = 114;

/** pg's parsers, but for int8, which becomes a number, and json, which stays the text it is. */
export function typeParsers(types: typeof pg.types): pg.CustomTypesConfig {
  return {
    getTypeParser(oid: number, format) {
      if (oid === INT8) return parseInt8;
      if (oid === JSON_TYPE) return keepText;
      return types.getTypeParser(oid, format) as (value: string) => unknown;
    },
  };
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The database returned the integer ${text}, which a number cannot hold exactly.`);
  return value;
}

function keepText(text: string): string {
  return text;
}
