// Stands in for the library of internationalised domain names: plain ASCII names need none of its tables, which are
// large and are read only when a name is not.

declare function require(name: string): unknown;

interface Domains {
  toASCII(domain: string, options: object): string | null;
  toUnicode(domain: string, options: object): unknown;
}

function full(): Domains {
  return require("tr46?full") as Domains;
}

export function toASCII(domain: string, options: { readonly checkHyphens?: boolean }): string | null {
  // Strict checks and labels that are encoded already need the tables.
  if (options.checkHyphens !== true && /^[\0-\x7f]*$/.test(domain) && !/(^|\.)xn--/i.test(domain)) return domain.toLowerCase();
  return full().toASCII(domain, options);
}

export function toUnicode(domain: string, options: object): unknown {
  return full().toUnicode(domain, options);
}
