// What somebody at a shell waits for: the wall time of `run-workflow … hello`, from the start of the process to its end, and what it
// is spent on. Beside it, in the same rounds, a Node that does nothing and the least command that runs hello in an isolate.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStored } from "../../src/open.ts";
import { readConfig } from "../../src/config.ts";
import { PARTS, readSplit, type Split } from "./command-trace.ts";
import type { FreshCheckout } from "./fresh-checkout.ts";
import { expectAnswer, HELLO } from "./module-graph.ts";
import { medianRatio } from "./rounds.ts";
import { atMostMs, type Row } from "./row.ts";
import { median, summarise } from "./statistics.ts";

export interface CommandRow extends Row {
  readonly split?: Split | undefined;
}

export interface CommandLineAmount {
  readonly rounds: number;
  readonly firstRounds: number;
}

interface Command {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly expected: string;
  readonly limitMs?: number;
  readonly traced: boolean;
}

const HELLO_ANSWER = { n: 2, sum: 0 };

export async function* commandLine(checkout: FreshCheckout, amount: CommandLineAmount): AsyncGenerator<CommandRow> {
  checkout.forget();
  const home = join(checkout.root, "..", "home");
  const directory = join(home, "hello");
  const script = join(checkout.root, "src", "cli", "run-workflow.mjs");
  const floorScript = join(checkout.root, "test", "bench", "floor-command.mjs");
  const input = ["--input", JSON.stringify({ n: 1 })];

  const prepare = async (): Promise<void> => {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "hello.ts"), HELLO["hello.ts"]!);
    writeFileSync(join(home, "hello.js"), `export default async () => ({ n: 2, sum: 0 });\n`);
  };
  const prepareDatabase = async (): Promise<void> => {
    await using executor = await openStored(readConfig(checkout.environment), { workspace: "default" });
    await executor.write({ "hello.ts": HELLO["hello.ts"]! });
    await executor.settled();
  };

  const onPath = { argv: ["node", script] as const, traced: true, expected: JSON.stringify(HELLO_ANSWER) };
  const direct = { argv: [process.execPath, script] as const, traced: true, expected: JSON.stringify(HELLO_ANSWER) };
  const fromDirectory = ["--directory", directory, "hello", ...input];
  const commands: readonly Command[] = [
    { name: "node -e 0", argv: [process.execPath, "-e", "0"], expected: "", traced: false },
    {
      name: "floor: node, isolated-vm, hello",
      argv: [process.execPath, floorScript, join(home, "hello.js")],
      expected: JSON.stringify(HELLO_ANSWER),
      traced: false,
    },
    { ...onPath, name: "run-workflow --directory DIR hello", argv: [...onPath.argv, ...fromDirectory], limitMs: 350 },
    { ...direct, name: "the same, started by Node 26", argv: [...direct.argv, ...fromDirectory] },
    { ...onPath, name: "run-workflow hello, embedded database", argv: [...onPath.argv, "hello", ...input], limitMs: 1000 },
  ];

  await prepare();
  await prepareDatabase();
  const times = new Map(commands.map((command) => [command, [] as number[]]));
  const splits = new Map(commands.map((command) => [command, [] as Split[]]));
  // The round before the first fills the caches.
  for (let round = -1; round < amount.rounds; round++) {
    for (const command of commands) {
      const milliseconds = await wallTime(command, checkout);
      if (round >= 0) times.get(command)!.push(milliseconds);
      if (round >= 0 && command.traced) splits.get(command)!.push(await splitOf(command, checkout));
    }
  }
  const floor = times.get(commands[1]!)!;
  for (const command of commands) yield rowOf(command, "warm", { times: times.get(command)!, splits: splits.get(command)!, floor });

  const first = commands.find(({ traced }) => traced)!;
  const firstTimes: number[] = [];
  const firstSplits: Split[] = [];
  for (let round = 0; round < amount.firstRounds; round++) {
    checkout.forget();
    await prepare();
    firstTimes.push(await wallTime(first, checkout));
    checkout.forget();
    await prepare();
    firstSplits.push(await splitOf(first, checkout));
  }
  yield rowOf({ ...first, limitMs: undefined }, "first ever", { times: firstTimes, splits: firstSplits, floor });
}

interface Taken {
  readonly times: readonly number[];
  readonly splits: readonly Split[];
  readonly floor: readonly number[];
}

function rowOf(
  { name, limitMs }: Omit<Command, "limitMs"> & { readonly limitMs?: number | undefined },
  when: string,
  { times, splits, floor }: Taken,
): CommandRow {
  const split =
    splits.length === 0 ? undefined : (Object.fromEntries(PARTS.map((part) => [part, median(splits.map((each) => each[part]))])) as unknown as Split);
  return {
    name: `${name}, ${when}`,
    unit: "ms",
    contenders: { ours: { samples: summarise(times), ratioTo: times === floor ? {} : { floor: medianRatio(times, floor.slice(0, times.length)) } } },
    target: limitMs === undefined ? undefined : atMostMs(limitMs, "ours"),
    split,
  };
}

async function wallTime(command: Command, checkout: FreshCheckout): Promise<number> {
  const { began, ended } = await perform(command, checkout.environment);
  return ended - began;
}

/** Not of a run that is timed: being traced costs some milliseconds itself. */
async function splitOf(command: Command, checkout: FreshCheckout): Promise<Split> {
  const file = join(checkout.environment["TMPDIR"]!, "trace.jsonl");
  const preload = `--import=${new URL("./trace-start.mjs", import.meta.url).href}`;
  return readSplit(file, await perform(command, { ...checkout.environment, NODE_OPTIONS: preload, BIFROST_BENCH_TRACE: file }));
}

function perform(
  { argv: [program, ...rest], name, expected }: Command,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly began: number; readonly ended: number }> {
  const now = (): number => performance.timeOrigin + performance.now();
  const began = now();
  const child = spawn(program, rest, { env: { ...environment, PATH: process.env["PATH"], NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"] });
  const output = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.err += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      const ended = now();
      try {
        if (code !== 0) throw new Error(`it ended with ${code}`);
        if (expected !== "") expectAnswer(JSON.parse(output.out), HELLO_ANSWER);
        resolve({ began, ended });
      } catch (cause) {
        reject(new Error(`${name}: ${(cause as Error).message}\n${output.out}${output.err}`, { cause }));
      }
    });
  });
}
