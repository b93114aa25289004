// `bifrost-executor init`: what must have succeeded before services start (B60).
import { Fault } from "../errors.ts";
import { helpText, parseArguments, type CommandSpec } from "./arguments.ts";
import { formOf, showFailure, type World } from "./command.ts";
import { EXIT_SUCCESS } from "./exit-code.ts";
import { resultText } from "./render-result.ts";

const SPEC: CommandSpec = {
  name: "bifrost-executor init",
  summary: "Brings the database up to date, and fills the cache with every workspace. May be repeated, and run twice at once.",
  operands: [],
  options: {
    workspace: { value: "NAME", help: "also make this workspace, empty, where there is none" },
    json: { help: "print one JSON object" },
  },
  notes: "exit codes: 0 done  1 the migration failed  2 warming failed",
};

const EXIT_BY_PHASE = { migrate: 1, warm: 2 } as const;

export async function initCommand(argv: readonly string[], { terminal, config }: World): Promise<number> {
  const parsed = await parseArguments(SPEC, argv);
  if (parsed.has("help")) {
    terminal.out(helpText(SPEC));
    return EXIT_SUCCESS;
  }
  const read = config();
  const { initialise, InitialiseFailure } = await import("../initialise.ts");
  try {
    const done = await initialise(read);
    await makeWorkspace(parsed.text("workspace"), read);
    if (parsed.has("json")) terminal.out(resultText({ version: 1, ...done }, { indent: terminal.outIsTerminal }));
    else terminal.err(`${migrationsText(done.migrations)}, ${count(done.files, "file")} of ${count(done.workspaces, "workspace")} in the cache\n`);
    return EXIT_SUCCESS;
  } catch (thrown) {
    if (!(thrown instanceof InitialiseFailure)) throw thrown;
    await showFailure(tellingThePhase(thrown), { terminal, form: formOf(argv) });
    return EXIT_BY_PHASE[thrown.phase];
  }
}

async function makeWorkspace(workspace: string | undefined, config: ReturnType<World["config"]>): Promise<void> {
  if (workspace === undefined) return;
  const { openStored } = await import("../open.ts");
  const executor = await openStored(config, { workspace, create: true, runs: false });
  await executor[Symbol.asyncDispose]();
}

/** The fault beneath, in the words of the phase; what is no fault stays what it is. */
function tellingThePhase({ message, phase, cause }: { readonly message: string; readonly phase: string; readonly cause?: unknown }): unknown {
  return cause instanceof Fault ? new Fault(cause.code, message, { details: { ...cause.details, phase }, cause: cause.cause }) : cause;
}

function migrationsText(names: readonly string[]): string {
  return names.length === 0 ? "the schema is up to date" : `${count(names.length, "migration")} applied`;
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? "" : "s"}`;
}
