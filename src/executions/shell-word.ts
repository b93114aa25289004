// One word of a command that is shown to be copied: names in it may have been chosen by somebody whom nobody trusts.

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** Quoted for a POSIX shell where it needs to be; what would break the line, or hide, is shown escaped and will not run as it stands. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  const visible = text.replaceAll(INVISIBLE, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `'${visible.replaceAll("'", String.raw`'\''`)}'`;
}
