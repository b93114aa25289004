// `run-workflow <ref>`: from arguments to one run, or to one after each change. What is not needed to get a run going is
// imported when it is.
import { basename, dirname } from "node:path";
import type { Config } from "../config.ts";
import { Fault } from "../errors.ts";
import type { Executor } from "../executor.ts";
import type { Limits } from "../limits.ts";
import { helpText, parseArguments, usageFault, type Arguments, type CommandSpec } from "./arguments.ts";
import { formOf, showFailure, type OutputForm, type World } from "./command.ts";
import { CHANGED } from "./changes.ts";
import { EXIT_INTERRUPTED, EXIT_SUCCESS, exitCodeOf, exitCodeOfThrown } from "./exit-code.ts";
import { listenForInterruption, unlessInterrupted } from "./interruption.ts";
import { startReporter } from "./reporter.ts";
import type { Route, RunArguments, RunGiven } from "./run-route.ts";
import type { Terminal } from "./terminal.ts";
import { readVersion } from "./version.ts";

export function runSpec(name: string): CommandSpec {
  return {
    name,
    summary: "Runs a TypeScript workflow from a pinned snapshot, and prints its result as JSON on stdout.",
    operands: [{ name: "workflow" }],
    options: {
      input: { short: "i", value: "JSON", help: "the input: JSON text, @FILE, or - for standard input (default {})" },
      param: { short: "p", value: "KEY=VALUE", repeat: true, help: "sets one key of the input, over --input; VALUE is JSON where it parses, else text" },
      secret: {
        value: "KEY=SOURCE",
        repeat: true,
        help: "a secret for config.get(KEY), scrubbed from all that the run gives; SOURCE is @FILE or env:NAME,\nnever the value itself: a command line can be read by every user of the machine",
      },
      directory: { value: "DIR", help: "run straight from a directory; nothing is stored, and config.get has the secrets given here alone" },
      url: { value: "URL", help: "run on the service there (bifrost-executor serve), with the token in BIFROST_TOKEN\n(default: BIFROST_URL)" },
      workspace: { value: "NAME", help: "the stored workspace to run from (default: default)" },
      timeout: { value: "TIME", help: "wall-clock limit: 500ms, 30s, 2m, 1h; a number alone is seconds" },
      cpu: { value: "TIME", help: "limit of processor time" },
      memory: { value: "SIZE", help: "memory limit: 64mb, 1gb; a number alone is bytes" },
      "dry-run": {
        help: "do everything but call the workflow: resolve, transpile, link, evaluate, check the input.\nstdout stays empty; what was linked goes to stderr",
      },
      watch: { help: "run again after each change, until Ctrl-C" },
      json: { help: "print one envelope for success and failure alike: status, result or error, logs, usage" },
      jsonl: { help: "print events as they come, one JSON object a line: started, log …, finished" },
      quiet: { short: "q", help: "no logs and no progress on stderr; errors remain" },
    },
    notes: `<workflow> is a name, a path (its default export), path::export, or an id.
Limits can only lower those of the workspace. NO_COLOR turns colour off.
DATABASE_URL and REDIS_URL choose the servers; without them workspaces are kept in $BIFROST_DATA.
With --url the service has the workspaces, and Ctrl-C cancels there; --directory beats BIFROST_URL.

exit codes: 0 success  1 the workflow failed  2 usage or invalid input  3 not found  4 import, compile or link error
  5 denied by policy  69 infrastructure unavailable  70 defect of ours  124 time limit  130 interrupted  137 memory or crash`,
  };
}

export async function runCommand(argv: readonly string[], world: World, name: string): Promise<number> {
  const spec = runSpec(name);
  const parsed = await parseArguments(spec, argv);
  if (parsed.has("help") || parsed.has("version")) {
    world.terminal.out(parsed.has("help") ? helpText(spec) : `${readVersion()}\n`);
    return EXIT_SUCCESS;
  }
  const config = world.config();
  const asked = await readArguments(parsed, { form: formOf(argv), standingUrl: config.url });
  // The longest part of a start: begun before the input is read.
  void (asked.url === undefined ? import("../open.ts") : import("./remote-run.ts"));
  const inputJson =
    asked.input === undefined && asked.parameters.length === 0 ? "{}" : await (await import("./input.ts")).readInput(asked, { stdin: world.stdin });
  const secrets = asked.secrets.length === 0 ? undefined : await (await import("./secrets.ts")).readSecrets(asked.secrets, world);
  using interruption = listenForInterruption();
  const { terminal } = world;
  const signal = AbortSignal.any([interruption.signal, ...(asked.watch ? [terminal.readerGone] : [])]);
  const route = asked.url === undefined ? localRoute(asked, config) : (await import("./remote-run.ts")).remoteRoute(asked.url, { asked, token: config.token });
  const told = asked.watch || asked.form === "jsonl" ? { ...asked, workspace: await route.workspace() } : asked;
  const once = (stop: AbortSignal): Promise<number> => runOnce(told, { terminal, route, inputJson, secrets, signal: stop });
  if (!asked.watch) return await once(signal);
  const { runOnEachChange } = await import("./watch.ts");
  await runOnEachChange(told, { terminal, changes: () => route.changes(signal), signal, once });
  return EXIT_INTERRUPTED;
}

interface RunParts extends Omit<RunGiven, "reporter"> {
  readonly terminal: Terminal;
  readonly route: Route;
}

/** Resolves to the exit code. A run that gave way to a newer version is told of to programs only. */
async function runOnce(asked: RunArguments, { terminal, route, ...given }: RunParts): Promise<number> {
  try {
    using reporter = startReporter({ terminal, ...asked });
    return exitCodeOf(await route.run({ ...given, reporter }));
  } catch (thrown) {
    await showFailure(thrown, { terminal, form: asked.form, silent: given.signal.reason === CHANGED });
    return exitCodeOfThrown(thrown);
  }
}

function localRoute(asked: RunArguments, config: Config): Route {
  return {
    async run({ reporter, inputJson, secrets, signal }) {
      await using executor = await unlessInterrupted(openFor(asked, config), signal);
      const execution = await executor.run(asked.reference, inputJson, {
        mode: asked.dryRun ? "validate" : "call",
        limits: await limitsFor(asked, executor),
        signal,
        onLog: (line) => reporter.log(line),
        onNestedLog: (line, from) => reporter.nestedLog(line, from),
        secrets,
      });
      await reporter.finished(execution, { sources: executor, superseded: signal.reason === CHANGED });
      return execution;
    },
    workspace: async () => asked.workspace,
    changes: async (signal) => (await import("./watch-changes.ts")).watchFor(asked, { config, signal }),
  };
}

export async function openFor({ directory, workspace }: Pick<RunArguments, "directory" | "workspace">, config: Config): Promise<Executor> {
  const { openDirectory, openStored } = await import("../open.ts");
  if (directory === undefined) return openStored(config, { workspace });
  try {
    return await openDirectory(config, { directory, workspace });
  } catch (thrown) {
    throw isFile(thrown) ? namingItsDirectory(thrown, directory) : thrown;
  }
}

function isFile(thrown: unknown): thrown is Fault {
  return thrown instanceof Fault && thrown.details["reason"] === "ENOTDIR" && thrown.details["path"] === "";
}

/** Where `--directory` names the workflow's file: its directory is the workspace, and its name in there the reference. */
function namingItsDirectory({ code, message, details, cause }: Fault, file: string): Fault {
  const instead = `Name the directory, and the file as the workflow: --directory ${dirname(file)} ${basename(file)}`;
  return new Fault(code, `${message} ${instead}`, { details: { ...details, instead }, cause });
}

/** Undefined where nothing was asked for: then the workspace's own apply. */
async function limitsFor({ limits }: RunArguments, { workspace }: Executor): Promise<Limits | undefined> {
  if (Object.keys(limits).length === 0) return undefined;
  const { lowerLimits } = await import("../limits.ts");
  return lowerLimits(workspace.limits, limits);
}

async function readArguments(
  parsed: Arguments,
  { form, standingUrl }: { readonly form: OutputForm; readonly standingUrl: string | undefined },
): Promise<RunArguments> {
  if (parsed.has("json") && parsed.has("jsonl")) throw excluded("--json", "--jsonl");
  if (parsed.has("url") && parsed.has("directory"))
    throw excluded("--url", "--directory", "A service runs what is stored there: bifrost-executor push stores a directory.");
  const url = parsed.text("url") ?? (parsed.has("directory") ? undefined : standingUrl);
  if (url !== undefined && parsed.has("secret"))
    throw excluded(
      parsed.has("url") ? "--url" : "BIFROST_URL",
      "--secret",
      "What a service runs has the secrets that are kept there: bifrost-executor config set stores one.",
    );
  return {
    reference: parsed.operands[0] ?? "",
    input: parsed.text("input"),
    parameters: parsed.texts("param"),
    secrets: parsed.texts("secret"),
    directory: parsed.text("directory"),
    url,
    namedWorkspace: parsed.text("workspace"),
    workspace: parsed.text("workspace") ?? "default",
    limits: await readLimits(parsed),
    dryRun: parsed.has("dry-run"),
    watch: parsed.has("watch"),
    form,
    quiet: parsed.has("quiet"),
  };
}

function excluded(one: string, other: string, instead?: string): Fault {
  return usageFault(`${one} and ${other} exclude each other.${instead === undefined ? "" : ` ${instead}`}`, {
    path: other,
    expected: `one of ${one} and ${other}`,
    received: "both",
    ...(instead !== undefined && { instead }),
  });
}

async function readLimits(parsed: Arguments): Promise<RunArguments["limits"]> {
  const [timeout, cpu, memory] = [parsed.text("timeout"), parsed.text("cpu"), parsed.text("memory")];
  if (timeout === undefined && cpu === undefined && memory === undefined) return {};
  const [{ parseDuration }, { parseSize }] = await Promise.all([import("../duration.ts"), import("../size.ts")]);
  return {
    ...(timeout === undefined ? {} : { wallMs: parseDuration(timeout, "--timeout") }),
    ...(cpu === undefined ? {} : { cpuMs: parseDuration(cpu, "--cpu") }),
    ...(memory === undefined ? {} : { memoryBytes: parseSize(memory, "--memory") }),
  };
}
