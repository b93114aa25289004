// Log lines as text: secrets taken out, and for a terminal made readable. Knows their JSON form, not who writes them.

/** Takes secrets that are known, and what looks like credentials, out of any text. */
export type Conceal = (text: string) => string;

const CONCEALED = "[secret]";
/** `Authorization: Bearer …`, tokens of ours, and passwords in URLs, wherever they come from. */
const CREDENTIALS = /(\bBearer\s{1,9})[\w.~+/=-]{8,}|\bbfx_[0-9a-z]{1,64}_\w+|(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"]{0,200}:)[^\s@"/]{1,500}(?=@)/giu;
/** Most lines have none of these, and need not be searched. */
const SIGNS = ["earer ", "bfx_", "://"];
/** Shorter ones would take ordinary words along. */
const SHORTEST = 6;

export function concealing(secrets: readonly (string | undefined)[]): Conceal {
  const forms = secrets.flatMap((secret) => (secret === undefined || secret.length < SHORTEST ? [] : formsOf(secret)));
  // The longest first: a secret may stand inside of another.
  const known = [...new Set(forms)].toSorted((one, other) => other.length - one.length);
  return (text) => {
    const without = known.reduce((rest, form) => rest.replaceAll(form, CONCEALED), text);
    if (!SIGNS.some((sign) => without.includes(sign))) return without;
    return without.replace(CREDENTIALS, (_all, bearer: string | undefined, user: string | undefined) => `${bearer ?? user ?? ""}${CONCEALED}`);
  };
}

/** As it is, in JSON, in a URL. */
function formsOf(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
}

/** Passwords that stand in a URL, as written and as meant. */
export function passwordOf(url: string | undefined): readonly string[] {
  const password = url === undefined ? undefined : URL.parse(url)?.password;
  if (password === undefined || password === "") return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

/** `12:03:04.567 warn  message  executionId=…`; a line that is no JSON as it is. */
export function readableLine(line: string): string {
  let parsed: Readonly<Record<string, unknown>>;
  try {
    parsed = JSON.parse(line) as typeof parsed;
  } catch {
    return line;
  }
  const { level, time, msg, ...facts } = parsed;
  const rest = Object.entries(facts).map(([name, value]) => `  ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(msg)}${rest.join("")}\n`;
}
