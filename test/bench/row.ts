// One line of the bench's answer, and the promise it is held against.
import type { Measured } from "./rounds.ts";
import type { Summary } from "./statistics.ts";

export interface Target {
  /** What the promise is about, in the table's words. */
  readonly text: string;
  /** Of the row's own figures: true where it is kept. */
  readonly kept: (row: Pick<Row, "contenders">) => boolean;
}

export interface Row {
  readonly name: string;
  readonly unit: "ms" | "runs/s";
  readonly contenders: Readonly<Record<string, Measured | { readonly samples: Summary; readonly ratioTo?: Readonly<Record<string, number>> }>>;
  readonly target?: Target | undefined;
}

export function atMostTimes(limit: number, own: string, base: string): Target {
  return { text: `≤ ${limit} × ${base}`, kept: ({ contenders }) => (contenders[own]?.ratioTo?.[base] ?? Number.POSITIVE_INFINITY) <= limit };
}

export function atMostMs(limit: number, own: string): Target {
  return { text: `≤ ${limit} ms`, kept: ({ contenders }) => (contenders[own]?.samples.median ?? Number.POSITIVE_INFINITY) <= limit };
}
