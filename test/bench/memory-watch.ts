// This process's memory over many runs: live heap after a full collection, and resident size, and how they change with the runs.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { median } from "./statistics.ts";

export interface MemoryFigures {
  readonly samples: readonly MemorySample[];
  readonly heapUsed: Trend;
  readonly resident: Trend;
}

export interface MemorySample {
  readonly runs: number;
  readonly heapUsed: number;
  readonly resident: number;
}

/** In bytes. The first quarter of the runs is left out: caches fill, and V8 settles. */
export interface Trend {
  readonly first: number;
  readonly last: number;
  /** Least squares, for each thousand runs. */
  readonly perThousandRuns: number;
}

/** Of the samples on which "first" and "last" stand: one alone may be anything. */
const AT_AN_END = 5;

export class MemoryWatch {
  readonly #samples: MemorySample[] = [];
  readonly #collect: () => void;

  constructor() {
    setFlagsFromString("--expose-gc");
    this.#collect = runInNewContext("gc") as () => void;
  }

  sample(runs: number): void {
    this.#collect();
    const { heapUsed, rss } = process.memoryUsage();
    this.#samples.push({ runs, heapUsed, resident: rss });
  }

  figures(): MemoryFigures {
    const samples = this.#samples;
    const most = samples.at(-1)?.runs ?? 0;
    const settled = samples.filter(({ runs }) => runs >= most / 4);
    return { samples, heapUsed: trend(settled, "heapUsed"), resident: trend(settled, "resident") };
  }
}

function trend(samples: readonly MemorySample[], name: "heapUsed" | "resident"): Trend {
  const values = samples.map((sample) => sample[name]);
  const meanRuns = mean(samples.map(({ runs }) => runs));
  const meanValue = mean(values);
  const spread = samples.reduce((sum, { runs }) => sum + (runs - meanRuns) ** 2, 0);
  const together = samples.reduce((sum, sample) => sum + (sample.runs - meanRuns) * (sample[name] - meanValue), 0);
  return { first: median(values.slice(0, AT_AN_END)), last: median(values.slice(-AT_AN_END)), perThousandRuns: spread === 0 ? 0 : (together / spread) * 1000 };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
