// How long the next good run took after each attack: measured and printed, not asserted.
import type { Reporter, TestModule } from "vitest/node";

export interface Figures {
  readonly group: string;
  /** Median of good runs before the first case of its file. */
  readonly usualMs: number;
  /** The first good run of another workspace after the case. */
  readonly nextMs: number;
  /** The longest that the supervisor's event loop stood still during the attack. */
  readonly stallMs: number;
}

declare module "vitest" {
  interface TaskMeta {
    hostile?: Figures;
  }
}

/** A line a group, after the tests; nothing where no attack was run. */
export default class FiguresOfNextRuns implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const groups = new Map<string, Figures[]>();
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const figures = test.meta().hostile;
        if (figures !== undefined) groups.set(figures.group, [...(groups.get(figures.group) ?? []), figures]);
      }
    }
    if (groups.size === 0) return;
    const lines = [...groups].map(([group, figures]) => {
      const next = figures.map(({ nextMs }) => nextMs);
      const stalls = figures.map(({ stallMs }) => stallMs);
      return `  ${group}: ${figures.length} cases, ${shown(median(next))} median, ${shown(Math.max(...next))} at most; ${shown(figures[0]?.usualMs ?? 0)} before; the supervisor stood still for ${shown(Math.max(...stalls))} at most`;
    });
    process.stdout.write(`The next good run of another workspace, in ms:\n${lines.join("\n")}\n`);
  }
}

/** Median of so many runs, after as many that warm up. */
export async function usual(runs: number, run: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < runs * 2; count++) times.push(await run());
  return median(times.slice(runs));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

function shown(milliseconds: number): string {
  return milliseconds.toFixed(1);
}
