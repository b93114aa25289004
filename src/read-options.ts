// Options of a data provider in the shape in which everybody gets them. The room has checked them; but an entry of a cache, and
// what a child process says, may be anything.

export interface DataOption {
  readonly label: string;
  /** JSON data. */
  readonly value: unknown;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Undefined where they are none. What else an option has is left out. */
export function dataOptionsOf(result: unknown): readonly DataOption[] | undefined {
  if (!Array.isArray(result)) return undefined;
  const options: DataOption[] = [];
  for (const each of result as readonly unknown[]) {
    if (!isRecord(each)) return undefined;
    const { label, value, metadata } = each;
    if (typeof label !== "string" || value === undefined || (metadata !== undefined && !isRecord(metadata))) return undefined;
    options.push({ label, value, ...(metadata === undefined ? {} : { metadata }) });
  }
  return options;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
