// What is said about a list of measured values. Percentiles are values that were measured, never between two.

export interface Summary {
  readonly count: number;
  readonly p5: number;
  readonly median: number;
  readonly p95: number;
}

export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function summarise(values: readonly number[]): Summary {
  return { count: values.length, p5: percentile(values, 0.05), median: median(values), p95: percentile(values, 0.95) };
}
