// `bifrost-executor config set|get|list|remove|grant|revoke|rotate`: what the workflows of a stored workspace, here or of a
// service, are configured with. No command prints a secret, and none takes one from the command line.
import { Fault } from "../errors.ts";
import type { ConfigEntry, ConfigValues } from "../workspace/config-values.ts";
import type { Rotation } from "../workspace/rotate-secrets.ts";
import type { Arguments, CommandSpec, OptionSpec } from "./arguments.ts";
import { URL_OPTION, urlOf } from "./at-url.ts";
import { chooseCommand } from "./command-group.ts";
import type { World } from "./command.ts";
import { entriesText } from "./config-text.ts";
import { readConfigSource, type ConfigInput } from "./config-source.ts";
import { openConfig } from "./config-values.ts";
import { EXIT_SUCCESS, EXIT_UNAVAILABLE } from "./exit-code.ts";
import { resultText } from "./render-result.ts";
import { visible, type Terminal } from "./terminal.ts";

const WORKSPACE: OptionSpec = { value: "NAME", help: "the stored workspace (default: default)" };
const JSON_OPTION: OptionSpec = { help: "print one JSON object" };
const REFERENCES = `A REF is path::export, a path (all of its exports), a directory that ends in / (all below it), or '*'. It means the workflow that
is started: what that imports reads with its grants, what it executes through workflows.execute with its own.`;

interface ConfigCommand extends CommandSpec {
  /** Reads what the arguments name before anything is opened. Resolves to the entries that the command tells of. */
  prepare?(parsed: Arguments, world: World): Promise<(values: ConfigValues) => Promise<readonly ConfigEntry[]>>;
}

const COMMANDS: Readonly<Record<string, ConfigCommand>> = {
  set: {
    name: "bifrost-executor config set",
    summary: "Sets what config.get(KEY) gives: a plain value, or with --secret a secret.",
    operands: [{ name: "KEY" }, { name: "VALUE", optional: true }],
    options: {
      secret: { help: "encrypted where it is stored, given to those alone that it is granted to, and scrubbed from all that a run gives" },
      to: {
        value: "REF",
        repeat: true,
        help: "grants the secret to REF, and to nobody but those named;\nwithout it, a secret that is there keeps its grants, and a new one has none",
      },
      workspace: WORKSPACE,
      url: URL_OPTION,
      json: JSON_OPTION,
    },
    notes: `VALUE is JSON where it parses, else text; @FILE, env:NAME, or - for standard input, say where it is. Without VALUE it is read from
standard input. A secret is text, and its value never stands on the command line, which every user of the machine can read.
${REFERENCES}
Secrets need BIFROST_SECRETS_KEY. A run with --directory has nothing of this: give it what it needs with --secret.`,
    async prepare(parsed, world) {
      const [key = ""] = parsed.operands;
      const input = await readConfigSource(parsed, world);
      return async (values) => [await store(values, key, input)];
    },
  },
  get: {
    name: "bifrost-executor config get",
    summary: "Prints a plain value as JSON; of a secret it refuses to.",
    operands: [{ name: "KEY" }],
    options: { workspace: WORKSPACE, url: URL_OPTION },
    prepare:
      async ({ operands: [key = ""] }) =>
      async (values) => [shown(await values.find(key))],
  },
  list: {
    name: "bifrost-executor config list",
    summary: "Lists all keys: value or secret, version, last change, the value or who may read the secret.",
    operands: [],
    options: { workspace: WORKSPACE, url: URL_OPTION, json: JSON_OPTION },
    notes: "In a pipe the columns are parted by tabs.",
    prepare: async () => (values) => values.list(),
  },
  remove: {
    name: "bifrost-executor config remove",
    summary: "Removes keys; config.get gives undefined for them from then on.",
    operands: [{ name: "KEY", repeat: true }],
    options: { workspace: WORKSPACE, url: URL_OPTION, json: JSON_OPTION },
    prepare:
      async ({ operands }) =>
      async (values) => {
        // Nothing is removed where one of them is not there.
        const found = await Promise.all([...new Set(operands)].map((key) => values.find(key)));
        for (const { key } of found) await values.remove(key);
        return found;
      },
  },
  grant: {
    name: "bifrost-executor config grant",
    summary: "Lets workflows read a secret.",
    operands: [{ name: "KEY" }, { name: "REF", repeat: true }],
    options: { workspace: WORKSPACE, url: URL_OPTION, json: JSON_OPTION },
    notes: REFERENCES,
    prepare:
      async ({ operands: [key = "", ...references] }) =>
      async (values) => [await values.grant(key, references)],
  },
  revoke: {
    name: "bifrost-executor config revoke",
    summary: "Takes back what was granted, as it was granted. Runs that have the secret in hand keep it.",
    operands: [{ name: "KEY" }, { name: "REF", repeat: true }],
    options: { workspace: WORKSPACE, url: URL_OPTION, json: JSON_OPTION },
    prepare:
      async ({ operands: [key = "", ...references] }) =>
      async (values) => [await values.revoke(key, references)],
  },
  rotate: {
    name: "bifrost-executor config rotate",
    summary: "Encrypts every secret of all workspaces anew under the first key of BIFROST_SECRETS_KEY.",
    operands: [],
    options: { json: JSON_OPTION },
    notes: `Works on the database itself: there is no --url. To change the key: put the new one before the old one, with a comma between them, on every host; rotate; take the old one away.
May be repeated, and run while workflows run. exit codes: 0 done  69 some could not be decrypted, and are as they were`,
  },
};

const GROUP = { name: "config", summary: "Sets and shows what the workflows of a stored workspace are configured with.", commands: COMMANDS };

export async function configCommand(argv: readonly string[], world: World): Promise<number> {
  const chosen = await chooseCommand(GROUP, { argv, terminal: world.terminal });
  if (chosen === undefined) return EXIT_SUCCESS;
  const { command, parsed } = chosen;
  return command.prepare === undefined ? await rotate(parsed, world) : await perform(command, { parsed, world, act: await command.prepare(parsed, world) });
}

interface Performed {
  readonly parsed: Arguments;
  readonly world: World;
  readonly act: Awaited<ReturnType<NonNullable<ConfigCommand["prepare"]>>>;
}

async function perform(command: ConfigCommand, { parsed, world: { terminal, config }, act }: Performed): Promise<number> {
  const read = config();
  await using opened = await openConfig(read, { workspace: parsed.text("workspace"), url: urlOf(parsed, read) });
  const entries = await act(opened.values);
  if (command === COMMANDS["get"]) terminal.out(resultText(valueOf(entries), { indent: terminal.outIsTerminal }));
  else tell(entries, { command, parsed, terminal, workspace: opened.name });
  return EXIT_SUCCESS;
}

interface Told {
  readonly command: ConfigCommand;
  readonly parsed: Arguments;
  readonly terminal: Terminal;
  readonly workspace: string;
}

function tell(entries: readonly ConfigEntry[], { command, parsed, terminal, workspace }: Told): void {
  const removed = command === COMMANDS["remove"];
  if (parsed.has("json")) {
    const facts = removed ? { removed: entries.map(({ key }) => key) } : { entries };
    terminal.out(resultText({ version: 1, workspace, ...facts }, { indent: terminal.outIsTerminal }));
  } else if (removed) terminal.out(entries.map(({ key }) => `- ${key}\n`).join(""));
  else if (entries.length === 0) terminal.err("the workspace has no configuration\n");
  else terminal.out(entriesText(entries, { aligned: terminal.outIsTerminal }));
  if (removed || command === COMMANDS["list"]) return;
  for (const entry of entries) {
    if (entry.kind === "secret" && entry.grantedTo.length === 0)
      terminal.err(
        `no workflow may read ${entry.key}: bifrost-executor config grant ${entry.key} REF${workspace === "default" ? "" : ` --workspace ${visible(workspace)}`}\n`,
      );
  }
}

async function store(values: ConfigValues, key: string, input: ConfigInput): Promise<ConfigEntry> {
  return input.kind === "value" ? await values.setValue(key, input.value) : await values.setSecret(key, input);
}

function shown(entry: ConfigEntry): ConfigEntry {
  if (entry.kind === "value") return entry;
  const readers = entry.grantedTo.length === 0 ? "no workflow" : entry.grantedTo.join(", ");
  throw new Fault("ERR_INPUT_INVALID", `${entry.key} is a secret, and is not shown to anybody. It can be read by ${readers}, in a run.`, {
    details: { path: entry.key, expected: "a plain value", received: "a secret" },
  });
}

function valueOf([entry]: readonly ConfigEntry[]): unknown {
  return entry?.kind === "value" ? entry.value : null;
}

async function rotate(parsed: Arguments, { terminal, config }: World): Promise<number> {
  const read = config();
  const [{ openBacking }, { rotateSecrets }] = await Promise.all([import("../open-stored.ts"), import("../workspace/rotate-secrets.ts")]);
  const backing = await openBacking(read);
  let done: Rotation;
  try {
    done = await rotateSecrets({ db: backing.database.db, describeServer: backing.database.server, keys: read.secretKeys });
  } finally {
    await backing.close();
  }
  const { rotated, current, failed } = done;
  if (parsed.has("json")) terminal.out(resultText({ version: 1, ...done }, { indent: terminal.outIsTerminal }));
  else terminal.err(`${rotated} ${rotated === 1 ? "secret" : "secrets"} encrypted anew, ${current} under the first key already\n`);
  for (const { workspace, message } of failed) terminal.err(`${terminal.paint(["red", "bold"], "error")}: ${visible(`${message} --workspace ${workspace}`)}\n`);
  return failed.length === 0 ? EXIT_SUCCESS : EXIT_UNAVAILABLE;
}
