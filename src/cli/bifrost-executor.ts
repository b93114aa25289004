// Entry of `bifrost-executor`: picks the command. Started by bifrost-executor.mjs, which has found the right Node.
import { columns, usageFault } from "./arguments.ts";
import { main, type Command } from "./command.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { readVersion } from "./version.ts";

interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    summary: "run a workflow: the same as run-workflow",
    load: async () => {
      const { runCommand } = await import("./run-command.ts");
      return (argv, world) => runCommand(argv, world, "bifrost-executor run");
    },
  },
  init: { summary: "migrate the database and warm the cache", load: async () => (await import("./init-command.ts")).initCommand },
  push: { summary: "make a workspace equal to a directory", load: async () => (await import("./push-command.ts")).pushCommand },
  files: {
    summary: "list, print, remove and move the files of a workspace: ls, cat, rm, mv",
    load: async () => (await import("./files-command.ts")).filesCommand,
  },
  workspace: {
    summary: "show and set the limits of a workspace, and what it is granted: show, set",
    load: async () => (await import("./workspace-command.ts")).workspaceCommand,
  },
  config: {
    summary: "set and show what workflows are configured with, and who may read secrets: set, get, list, remove, grant, revoke, rotate",
    load: async () => (await import("./config-command.ts")).configCommand,
  },
  gc: {
    summary: "remove old executions, and what nothing that is kept needs",
    load: async () => (await import("./gc-command.ts")).gcCommand,
  },
  tokens: {
    summary: "make, list and revoke the tokens that open the service: create, list, revoke",
    load: async () => (await import("./tokens-command.ts")).tokensCommand,
  },
  serve: {
    summary: "answer over HTTP, alone or executing as well: --work, --embedded",
    load: async () => (await import("./serve-command.ts")).serveCommand,
  },
  work: { summary: "take executions and run them, beside other hosts", load: async () => (await import("./work-command.ts")).workCommand },
  doctor: {
    summary: "tell which layers of protection are around author code here, and how the servers are",
    load: async () => (await import("./doctor-command.ts")).doctorCommand,
  },
};

const HELP = `Runs TypeScript workflows from pinned snapshots.

usage: bifrost-executor <command> [argument …]

${columns(Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const))}

Each command tells more with --help. --version shows the version.
`;

await main(async (argv, world) => {
  const [name, ...rest] = argv;
  if (name === "--help" || name === "-h" || name === "help" || name === "--version") {
    world.terminal.out(name === "--version" ? `${readVersion()}\n` : HELP);
    return EXIT_SUCCESS;
  }
  const entry = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry !== undefined) return (await entry.load())(rest, world);
  throw await unknownCommand(name);
});

async function unknownCommand(name: string | undefined): Promise<Error> {
  const usage = `usage: bifrost-executor <${Object.keys(COMMANDS).join("|")}> [argument …]`;
  const details = { path: "command", expected: Object.keys(COMMANDS).join(" "), received: name ?? "nothing", usage };
  if (name === undefined) return usageFault("No command was given.", details);
  if (name.startsWith("-")) return usageFault(`The command comes first, before ${name}.`, details);
  const [{ nearestName }, { FILE_COMMAND_NAMES }] = await Promise.all([import("../modules/nearest-name.ts"), import("./files-command.ts")]);
  const nearest = FILE_COMMAND_NAMES.includes(name) ? `files ${name}` : nearestName(name, Object.keys(COMMANDS));
  return usageFault(`There is no command ${JSON.stringify(name)}.`, { ...details, ...(nearest && { nearest }) });
}
