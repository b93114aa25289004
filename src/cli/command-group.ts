// Commands below a command, such as `files ls`: picks one and reads its arguments.
import { columns, helpText, parseArguments, usageFault, type Arguments, type CommandSpec } from "./arguments.ts";
import type { Terminal } from "./terminal.ts";

export interface CommandGroup<C extends CommandSpec> {
  /** As it is typed after the program's name. */
  readonly name: string;
  readonly summary: string;
  readonly commands: Readonly<Record<string, C>>;
}

/** Undefined where help was asked for, and shown. Throws ERR_INPUT_INVALID (name UsageError). */
export async function chooseCommand<C extends CommandSpec>(
  { name: group, summary, commands }: CommandGroup<C>,
  { argv, terminal }: { readonly argv: readonly string[]; readonly terminal: Terminal },
): Promise<{ readonly command: C; readonly parsed: Arguments } | undefined> {
  const [name = "", ...rest] = argv;
  const usage = `usage: bifrost-executor ${group} <${Object.keys(commands).join("|")}> [argument …]`;
  if (name === "--help" || name === "-h") {
    terminal.out(`${summary}\n\n${usage}\n\n${columns(Object.entries(commands).map(([each, command]) => [each, command.summary] as const))}\n`);
    return undefined;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    throw usageFault(name === "" ? `${group} needs to be told what to do.` : `${group} does not know ${JSON.stringify(name)}.`, {
      path: "command",
      expected: Object.keys(commands).join(" "),
      received: name,
      usage,
    });
  }
  const parsed = await parseArguments(command, rest);
  if (!parsed.has("help")) return { command, parsed };
  terminal.out(helpText(command));
  return undefined;
}
