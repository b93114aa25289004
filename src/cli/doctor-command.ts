// `bifrost-executor doctor`: which layers of protection are around a child process here, how the servers are that a host would
// stand on, and what to do about what is not well.
import type { Config } from "../config.ts";
import { LAYER_NAMES, LAYERS, type LayerName, type LayerState } from "../process/hardening/layers.ts";
import type { Finding } from "../finding.ts";
import { helpText, parseArguments, type CommandSpec } from "./arguments.ts";
import type { World } from "./command.ts";
import { EXIT_SUCCESS, EXIT_UNAVAILABLE } from "./exit-code.ts";
import { resultText } from "./render-result.ts";
import type { Paint } from "./terminal.ts";

const SPEC: CommandSpec = {
  name: "bifrost-executor doctor",
  summary:
    "Starts a child process as every execution has one, looks at it from outside, and tells which layers of protection are around it. Then looks at database, queue, secrets and Redis as they are configured here. Changes nothing.",
  operands: [],
  options: { json: { help: "print one JSON object" } },
  notes:
    "BIFROST_REQUIRE names layers without which nothing starts, parted by commas, or all of them: all.\n\nexit codes: 0 every required layer is there, and no server is in the way  69 one is not, or is",
};

type States = Readonly<Record<LayerName, LayerState>>;

export async function doctorCommand(argv: readonly string[], { terminal, config }: World): Promise<number> {
  const parsed = await parseArguments(SPEC, argv);
  if (parsed.has("help")) {
    terminal.out(helpText(SPEC));
    return EXIT_SUCCESS;
  }
  const read = config();
  const { cacheDirectory, required } = read;
  const { lookAtServers } = await import("../look-at-servers.ts");
  const [states, findings] = [await look(cacheDirectory), await lookAtServers(read)];
  const broken = findings.filter(({ state }) => state === "broken");
  const lacking = required.filter((name) => !states[name].active);
  if (parsed.has("json")) terminal.out(resultText(envelope(states, { required, findings }), { indent: terminal.outIsTerminal }));
  else {
    const paint: Paint = terminal.outIsTerminal ? terminal.paint : (_style, text) => text;
    terminal.out(`${table(states, { required, paint })}\n${findingsTable(findings, paint)}`);
  }
  if (lacking.length === 0 && broken.length === 0) return EXIT_SUCCESS;
  if (parsed.has("json")) return EXIT_UNAVAILABLE;
  if (broken.length > 0) terminal.err(`${terminal.paint(["red", "bold"], "error")}: Not well: ${broken.map(({ name }) => name).join(", ")}\n`);
  if (lacking.length > 0)
    terminal.err(`${terminal.paint(["red", "bold"], "error")}: BIFROST_REQUIRE asks for what cannot be had here: ${lacking.join(", ")}\n`);
  return EXIT_UNAVAILABLE;
}

async function look(cacheDirectory: Config["cacheDirectory"]): Promise<States> {
  const [{ planLayers }, { observeLayers }] = await Promise.all([
    import("../process/hardening/plan-layers.ts"),
    import("../process/hardening/observe-child.ts"),
  ]);
  return await observeLayers({ cacheDirectory, layers: planLayers({ cacheDirectory, afresh: true }) });
}

interface Asked {
  readonly required: readonly LayerName[];
  readonly findings: readonly Finding[];
}

function envelope(states: States, { required, findings }: Asked) {
  return {
    version: 1,
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform}-${process.arch}`,
    layers: LAYER_NAMES.map((name) => ({ name, stops: LAYERS[name], required: required.includes(name), ...states[name] })),
    servers: findings,
    satisfied: required.every((name) => states[name].active) && findings.every(({ state }) => state !== "broken"),
  };
}

function table(states: States, { required, paint }: { readonly required: readonly LayerName[]; readonly paint: Paint }): string {
  const width = Math.max(...LAYER_NAMES.map((name) => name.length));
  const below = `\n${" ".repeat(width + 11)}`;
  const rows = LAYER_NAMES.map((name) => {
    const state = states[name];
    const mark = state.active ? paint("green", "active") : paint(required.includes(name) ? ["red", "bold"] : "yellow", "absent");
    const more = state.active ? [`by ${state.how}`] : [`because ${state.reason}`, state.remedy];
    return `${name.padEnd(width)}  ${mark}  ${[`against ${LAYERS[name]}`, ...more.map((line) => paint("dim", line))].join(below)}\n`;
  });
  const count = LAYER_NAMES.filter((name) => states[name].active).length;
  const head = `Node ${process.versions.node}, V8 ${process.versions.v8}, ${process.platform}-${process.arch}: ${count} of ${LAYER_NAMES.length} layers\n\n`;
  return head + rows.join("");
}

const STATE_STYLES = { fine: "green", doubtful: "yellow", broken: "red" } as const;

function findingsTable(findings: readonly Finding[], paint: Paint): string {
  const [names, states] = [findings.map(({ name }) => name.length), findings.map(({ state }) => state.length)].map((lengths) => Math.max(...lengths));
  const below = `\n${" ".repeat((names ?? 0) + (states ?? 0) + 4)}`;
  return findings
    .map(({ name, state, found, remedy }) => {
      const mark = paint(STATE_STYLES[state], state) + " ".repeat((states ?? 0) - state.length);
      return `${name.padEnd(names ?? 0)}  ${mark}  ${[found, ...(remedy === undefined ? [] : [paint("dim", remedy)])].join(below)}\n`;
    })
    .join("");
}
