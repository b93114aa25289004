// `bifrost-executor tokens create|list|revoke`: the tokens that open the service. In its database, that needs no service and no
// token; asked of the service, a token of an admin.
import type { Fault } from "../errors.ts";
import { rfc3339 } from "../rfc-3339.ts";
import type { Scope } from "../rpc/contract.ts";
import type { TokenEntry } from "../rpc/contract-workspaces.ts";
import { usageFault, type Arguments, type CommandSpec, type OptionSpec } from "./arguments.ts";
import { URL_OPTION, urlOf } from "./at-url.ts";
import { chooseCommand } from "./command-group.ts";
import type { World } from "./command.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { resultText } from "./render-result.ts";
import { visible, type Terminal } from "./terminal.ts";
import { openTokens, type TokensPort } from "./tokens-port.ts";

const JSON_OPTION: OptionSpec = { help: "print one JSON object" };
/** Each that the contract has, without loading it. */
const SCOPES = Object.keys({ execute: true, read: true, write: true, admin: true } satisfies Record<Scope, true>) as readonly Scope[];
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

interface TokensCommand extends CommandSpec {
  /** Reads the arguments before anything is opened. */
  prepare(parsed: Arguments): (tokens: TokensPort, terminal: Terminal) => Promise<void>;
}

const COMMANDS: Readonly<Record<string, TokensCommand>> = {
  create: {
    name: "bifrost-executor tokens create",
    summary: "Makes a token and prints it, this once: only its hash is kept.",
    operands: [{ name: "NAME" }],
    options: {
      scopes: { value: "SCOPE,…", help: `what it is for: ${SCOPES.join(", ")} (which is all of them); default: execute,read` },
      workspace: { value: "NAME", help: "the only workspace that it opens; all where absent" },
      expires: { value: "TIME", help: "30m, 12h, 90d from now, or a time such as 2027-01-31T00:00:00Z; never where absent" },
      url: URL_OPTION,
      json: JSON_OPTION,
    },
    notes: "NAME is what executions say of who asked. The token alone goes to standard output, so that it can be piped to where it is kept.",
    prepare(parsed) {
      const [name = ""] = parsed.operands;
      if (name.length > 100 || name === "") throw wrong("NAME", "1 to 100 characters", name.slice(0, 100));
      const asked = { name, scopes: scopesOf(parsed.text("scopes")), workspace: parsed.text("workspace"), expiresAt: expiryOf(parsed.text("expires")) };
      return async (tokens, terminal) => {
        const token = await tokens.create(asked);
        if (parsed.has("json")) terminal.out(resultText({ version: 1, ...token }, { indent: terminal.outIsTerminal }));
        else {
          terminal.err(`${visible(summaryOf(token))}. It is shown this once.\n`);
          terminal.out(`${token.token}\n`);
        }
      };
    },
  },
  list: {
    name: "bifrost-executor tokens list",
    summary: "Lists tokens, also those that are no longer good: id, name, scopes, workspace, made, last used, state.",
    operands: [],
    options: { workspace: { value: "NAME", help: "those of one workspace" }, url: URL_OPTION, json: JSON_OPTION },
    notes: "In a pipe the columns are parted by tabs. BIFROST_TOKEN is not among them: it stands in no database.",
    prepare: (parsed) => async (tokens, terminal) => {
      const found = await tokens.list({ workspace: parsed.text("workspace") });
      if (parsed.has("json")) terminal.out(resultText({ version: 1, tokens: found }, { indent: terminal.outIsTerminal }));
      else terminal.out(tableOf(found, terminal.outIsTerminal));
    },
  },
  revoke: {
    name: "bifrost-executor tokens revoke",
    summary: "Revokes a token: it opens nothing from the next second on.",
    operands: [{ name: "ID" }],
    options: { url: URL_OPTION, json: JSON_OPTION },
    notes: "ID is what `tokens list` shows, and what stands between the first and the second _ of the token.",
    prepare: (parsed) => async (tokens, terminal) => {
      const [given = ""] = parsed.operands;
      // Whoever pastes the whole token means the same.
      const id = /^bfx_([0-9a-z]+)_/u.exec(given)?.[1] ?? given;
      if (!(await tokens.revoke(id))) throw wrong("ID", "the id of a token: bifrost-executor tokens list", id.slice(0, 100));
      if (parsed.has("json")) terminal.out(resultText({ version: 1, id, revoked: true }, { indent: terminal.outIsTerminal }));
      else terminal.err(`The token ${visible(id)} is revoked.\n`);
    },
  },
};

const GROUP = { name: "tokens", summary: "Makes, lists and revokes the tokens that open the service.", commands: COMMANDS };

export async function tokensCommand(argv: readonly string[], { terminal, config }: World): Promise<number> {
  const chosen = await chooseCommand(GROUP, { argv, terminal });
  if (chosen === undefined) return EXIT_SUCCESS;
  const { command, parsed } = chosen;
  const perform = command.prepare(parsed);
  const read = config();
  await using tokens = await openTokens(read, urlOf(parsed, read));
  await perform(tokens, terminal);
  return EXIT_SUCCESS;
}

function scopesOf(text = "execute,read"): TokenEntry["scopes"] {
  const names = text.split(/[\s,]+/).filter((each) => each !== "");
  const unknown = names.find((each) => !SCOPES.includes(each as Scope));
  if (unknown !== undefined || names.length === 0) throw wrong("--scopes", `some of ${SCOPES.join(", ")}`, unknown ?? text);
  return SCOPES.filter((each) => names.includes(each));
}

/** RFC 3339. */
function expiryOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,5})([mhd])$/u.exec(text) ?? [];
  if (amount !== undefined) return new Date(Date.now() + Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]).toISOString();
  const time = rfc3339(text);
  if (time !== undefined) return time;
  throw wrong("--expires", "30m, 12h, 90d, or a time such as 2027-01-31T00:00:00Z", text);
}

function summaryOf({ id, name, scopes, workspace, expiresAt }: TokenEntry): string {
  const where = workspace === undefined ? "all workspaces" : `the workspace ${JSON.stringify(workspace)}`;
  return `Token ${id} (${name}) for ${scopes.join(", ")} in ${where}${expiresAt === undefined ? "" : `, until ${expiresAt}`}`;
}

function tableOf(tokens: readonly TokenEntry[], aligned: boolean): string {
  const rows = tokens.map((token) =>
    [token.id, token.name, token.scopes.join(","), token.workspace ?? "(all)", token.createdAt, token.lastUsedAt ?? "-", stateOf(token)].map((cell) =>
      visible(cell).replaceAll(/[\t\n]/gu, " "),
    ),
  );
  if (!aligned) return rows.map((row) => `${row.join("\t")}\n`).join("");
  const titled = [["ID", "NAME", "SCOPES", "WORKSPACE", "MADE", "LAST USED", "STATE"], ...rows];
  const widths = titled[0]?.map((_, at) => Math.max(...titled.map((row) => row[at]?.length ?? 0))) ?? [];
  return titled
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function stateOf({ revokedAt, expiresAt }: TokenEntry): string {
  if (revokedAt !== undefined) return "revoked";
  if (expiresAt === undefined) return "good";
  return Date.parse(expiresAt) <= Date.now() ? "expired" : `good until ${expiresAt}`;
}

function wrong(path: string, expected: string, received: string): Fault {
  return usageFault(`${path} is ${JSON.stringify(received)}; ${expected} is wanted.`, { path, expected, received, usage: "bifrost-executor tokens --help" });
}
