// A time as RFC 3339 writes it, with a zone: what is without one means another time on every server.
const FORM = /^(\d{4}-\d\d-\d\d)[Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)$/u;

/**
 * The same time in UTC, to the millisecond; seconds may be left out. Undefined for what is no such text, names a day that does
 * not exist, or is not in the years 1 to 9999, which is all that PostgreSQL takes in this form.
 */
export function rfc3339(text: string): string | undefined {
  const day = FORM.exec(text)?.[1];
  const at = day === undefined ? Number.NaN : Date.parse(text.toUpperCase());
  if (Number.isNaN(at) || new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day) return undefined;
  const time = new Date(at).toISOString();
  return /^(?!0000)\d{4}-/u.test(time) ? time : undefined;
}
