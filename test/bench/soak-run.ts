// Runs a plan of good and hostile steps on one set of processes, several at once, and counts: what was started must have ended,
// once, as it should. Looks at the supervisor's memory meanwhile, and at what is left of it all at the end.
import { randomUUIDv7 } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Execution, LogLine } from "../../src/completion.ts";
import { createMemoryRecords } from "../../src/executions/memory-records.ts";
import type { Executor } from "../../src/executor.ts";
import { DEFAULT_LIMITS, setLimits } from "../../src/limits.ts";
import { openOwnEngine } from "../support/own-engine.ts";
import { machineAtRest } from "./machine.ts";
import { MemoryWatch, type MemoryFigures } from "./memory-watch.ts";
import { planSoak, soakFiles, type SoakStep, type SoakWorkspace } from "./soak-plan.ts";
import { summarise, type Summary } from "./statistics.ts";

export interface SoakOptions {
  readonly runs: number;
  readonly seed: number;
  /** How many are asked for at a time. */
  readonly atOnce: number;
  /** How many processes run something at a time; those kept ready beside them. */
  readonly processes: number;
  readonly spares: number;
  readonly progress?: (done: number) => void;
}

/** What must balance. */
export interface SoakCounters {
  readonly started: number;
  readonly ended: number;
  /** Rejected where an execution was due. */
  readonly lost: number;
  /** Ids seen twice, runs that said twice that they began, and executions that were not the same when asked for again. */
  readonly doubled: number;
  /** Lines that came after the end, or are not those of the execution. */
  readonly logsWrong: number;
  readonly goodOfNeighbour: { readonly started: number; readonly right: number };
  readonly goodOfMixed: { readonly started: number; readonly right: number };
  readonly hostile: { readonly started: number; readonly right: number };
}

export interface SoakReport {
  readonly options: Omit<SoakOptions, "progress">;
  readonly counters: SoakCounters;
  /** At most the first twenty things that went wrong. */
  readonly complaints: readonly string[];
  /** Form → how often, how often as it should, and for how long from asking to the answer, in milliseconds. */
  readonly forms: Readonly<Record<string, { readonly started: number; readonly right: number; readonly ms: Summary }>>;
  readonly memory: MemoryFigures;
  readonly seconds: number;
  /** Processes, descriptors and handles that were not there before. */
  readonly left: readonly string[];
}

/** An execution that has ended is asked for by its id again, once in so many. */
const ASK_AGAIN = 20;
/** Records kept: the figures are of the supervisor, not of a store in its memory. */
const KEPT_RECORDS = 100;
const SAMPLES = 60;
const MAX_COMPLAINTS = 20;

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { runs, seed, atOnce, processes, spares, progress } = options;
  const plan = planSoak(runs, seed);
  const before = await machineAtRest();
  const tally = new Tally();
  const begun = performance.now();
  let memory: MemoryFigures;
  {
    const records = createMemoryRecords({ capacity: KEPT_RECORDS });
    await using engine = await openOwnEngine({ processes, spares, zodAhead: true, records: () => records });
    const files = soakFiles();
    const workspaces = { mixed: await engine.workspace("mixed", files), neighbour: await engine.workspace("neighbour", files) };
    const watch = new MemoryWatch();
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let step = plan[next++]; step !== undefined; step = plan[next++]) {
        if (step.n % Math.ceil(runs / SAMPLES) === 0) watch.sample(step.n);
        await takeStep(step, workspaces, tally);
        progress?.(tally.ended);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    watch.sample(runs);
    memory = watch.figures();
  }
  const { counters, complaints, forms } = tally.report();
  const seconds = (performance.now() - begun) / 1000;
  return { options: { runs, seed, atOnce, processes, spares }, counters, complaints, forms, memory, seconds, left: await before.left() };
}

/** True where nothing was lost, doubled, left over or wrong. */
export function balances({ options, counters, left }: SoakReport): boolean {
  const { started, ended, lost, doubled, logsWrong, goodOfNeighbour, goodOfMixed, hostile } = counters;
  const all = goodOfNeighbour.started + goodOfMixed.started + hostile.started;
  return (
    started === options.runs &&
    ended === started &&
    all === started &&
    lost + doubled + logsWrong + left.length === 0 &&
    [goodOfNeighbour, goodOfMixed, hostile].every((kind) => kind.right === kind.started)
  );
}

async function takeStep(step: SoakStep, workspaces: Readonly<Record<SoakWorkspace, Executor>>, tally: Tally): Promise<void> {
  const { n, form, reference } = step;
  const executor = workspaces[step.workspace];
  const cancel = new AbortController();
  // Some are named by who asks, some by the executor.
  const id = n % 2 === 0 ? randomUUIDv7() : undefined;
  const lines: LogLine[] = [];
  let over = false;
  const begun = performance.now();
  tally.start(step);
  try {
    const execution = await executor.run(reference, JSON.stringify({ n }), {
      id,
      limits: setLimits(DEFAULT_LIMITS, { wallMs: 60_000, cpuMs: 60_000, ...form.limits }),
      signal: cancel.signal,
      onLog(line) {
        if (over) tally.logsAreWrong(step, "a line came after the end");
        lines.push(line);
        if (form.cancelled === true) cancel.abort();
      },
    });
    over = true;
    tally.end(step, execution, performance.now() - begun);
    if (id !== undefined && execution.id !== id) tally.isDoubled(step, "it has another id than it was given");
    if (!isDeepStrictEqual(lines, execution.logs)) tally.logsAreWrong(step, "streamed lines are not those of the execution");
    if (execution.logs.some(({ sequence }, index) => sequence !== index + 1)) tally.logsAreWrong(step, "lines are not numbered in order");
    if (n % ASK_AGAIN === 0) await askAgain(step, { executor, execution, tally });
  } catch (error) {
    tally.isLost(step, error);
  }
}

/** What has ended is given again, and nothing runs. */
async function askAgain(
  step: SoakStep,
  { executor, execution, tally }: { readonly executor: Executor; readonly execution: Execution; readonly tally: Tally },
): Promise<void> {
  let ran = false;
  const recorded = await executor.execution(execution.id);
  const again = await executor.run(step.reference, "{}", { id: execution.id, onLog: () => (ran = true) });
  if (ran || !isDeepStrictEqual(recorded, execution) || !isDeepStrictEqual(again, execution)) tally.isDoubled(step, "asked for again, it was another");
}

interface FormTally {
  started: number;
  right: number;
  readonly times: number[];
}

class Tally {
  ended = 0;
  #started = 0;
  #lost = 0;
  #doubled = 0;
  #logsWrong = 0;
  readonly #ids = new Set<string>();
  readonly #complaints: string[] = [];
  readonly #forms = new Map<string, FormTally>();
  readonly #kinds = { goodOfNeighbour: { started: 0, right: 0 }, goodOfMixed: { started: 0, right: 0 }, hostile: { started: 0, right: 0 } };

  start(step: SoakStep): void {
    this.#started += 1;
    this.#formOf(step).started += 1;
    this.#kindOf(step).started += 1;
  }

  end(step: SoakStep, execution: Execution, milliseconds: number): void {
    this.ended += 1;
    this.#formOf(step).times.push(milliseconds);
    if (this.#ids.has(execution.id)) this.isDoubled(step, "its id was seen before");
    this.#ids.add(execution.id);
    const wrong = step.form.judge(execution, step.n);
    if (wrong !== undefined) return this.#complain(step, wrong);
    this.#formOf(step).right += 1;
    this.#kindOf(step).right += 1;
  }

  isLost(step: SoakStep, error: unknown): void {
    this.#lost += 1;
    this.#complain(step, `lost: ${String(error)}`);
  }

  isDoubled(step: SoakStep, what: string): void {
    this.#doubled += 1;
    this.#complain(step, what);
  }

  logsAreWrong(step: SoakStep, what: string): void {
    this.#logsWrong += 1;
    this.#complain(step, what);
  }

  report(): Pick<SoakReport, "counters" | "complaints" | "forms"> {
    const forms = [...this.#forms].map(([name, { started, right, times }]) => [name, { started, right, ms: summarise(times) }] as const);
    return {
      counters: { started: this.#started, ended: this.ended, lost: this.#lost, doubled: this.#doubled, logsWrong: this.#logsWrong, ...this.#kinds },
      complaints: this.#complaints,
      forms: Object.fromEntries(forms.toSorted(([left], [right]) => (left < right ? -1 : 1))),
    };
  }

  #complain({ n, workspace, form }: SoakStep, what: string): void {
    if (this.#complaints.length < MAX_COMPLAINTS) this.#complaints.push(`run ${n} of ${workspace}, ${form.name}: ${what}`);
  }

  #formOf({ hostile, form }: SoakStep): FormTally {
    const name = `${hostile ? "hostile" : "good"}: ${form.name}`;
    const known = this.#forms.get(name) ?? { started: 0, right: 0, times: [] };
    this.#forms.set(name, known);
    return known;
  }

  #kindOf({ hostile, workspace }: SoakStep): { started: number; right: number } {
    if (hostile) return this.#kinds.hostile;
    return workspace === "neighbour" ? this.#kinds.goodOfNeighbour : this.#kinds.goodOfMixed;
  }
}
