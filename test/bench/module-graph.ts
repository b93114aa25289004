// The modules that are measured: a tree of library modules of 2 to 3 KB each, four children to a module, under an entry that
// calls into all of them. The text is the same for every contender but for the entry's last line.

export interface SampleGraph {
  readonly name: string;
  readonly count: number;
  /** Path → TypeScript. The entry's default export is `workflow(main)`. */
  readonly files: Readonly<Record<string, string>>;
  /** The same, the entry's default export being the plain function, for who has no SDK. */
  readonly plainFiles: Readonly<Record<string, string>>;
  readonly entry: string;
  /** Path → specifier → path. */
  readonly links: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly input: (n: number) => unknown;
  /** Throws for a wrong answer. */
  readonly check: (result: unknown, n: number) => void;
}

interface Body {
  readonly name: string;
  readonly count: number;
  readonly imports: readonly (readonly [specifier: string, path: string, names: string])[];
  readonly main: string;
  readonly libraries: Readonly<Record<string, string>>;
  readonly libraryLinks: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly input: SampleGraph["input"];
  readonly check: SampleGraph["check"];
}

const FAN = 4;
const SDK_IMPORT = `import { workflow } from "bifrost";\n`;

/** `count` modules in all, the entry being one of them. */
export function sampleGraph(count: number): SampleGraph {
  const directory = `graph${count}`;
  const libraries: Record<string, string> = {};
  const libraryLinks = new Map<string, ReadonlyMap<string, string>>();
  for (let index = 1; index < count; index++) {
    const children = Array.from({ length: FAN }, (_, child) => index * FAN + 1 + child).filter((child) => child < count);
    libraries[`${directory}/m${index}.ts`] = libraryText(directory, index, children);
    libraryLinks.set(`${directory}/m${index}.ts`, new Map(children.map((child) => [specifierOf(directory, child), `${directory}/m${child}.ts`])));
  }
  const firsts = Array.from({ length: FAN }, (_, index) => index + 1).filter((index) => index < count);
  const expected = expectedSum(count);
  return graphOf({
    name: directory,
    count,
    imports: firsts.map((index) => [specifierOf(directory, index), `${directory}/m${index}.ts`, `{ weigh as weigh${index} }`]),
    main: mainText(firsts.map((index) => `weigh${index}`)),
    libraries,
    libraryLinks,
    input: (n) => ({ n }),
    check: (result, n) => expectAnswer(result, { n: n + 1, sum: expected }),
  });
}

const ROWS = Array.from({ length: 6400 }, (_, id) => ({
  id,
  title: `ticket number ${id}`,
  labels: ["open", `queue-${id % 9}`, "late"],
  minutes: id % 480,
  note: `${"lorem ipsum dolor sit amet ".repeat(2)}${id}`,
}));

/** One module that takes 1 MB of rows and gives 1 MB back. */
export function payloadGraph(): SampleGraph {
  return graphOf({
    name: "payload",
    count: 1,
    imports: [],
    main: `interface Row { id: number; title: string; labels: string[]; minutes: number; note: string }

async function main(input: { n: number; rows: Row[] }): Promise<{ n: number; sum: number; rows: Row[] }> {
  const rows: Row[] = input.rows.map((row: Row): Row => ({ ...row, minutes: row.minutes + 1, labels: row.labels.toReversed() }));
  return { n: input.n + 1, sum: rows.length, rows };
}
`,
    libraries: {},
    libraryLinks: new Map(),
    input: (n) => ({ n, rows: ROWS }),
    check(result, n) {
      expectAnswer(result, { n: n + 1, sum: ROWS.length });
      const last = (result as { rows: typeof ROWS }).rows.at(-1);
      const wanted = { ...ROWS.at(-1)!, minutes: ROWS.at(-1)!.minutes + 1, labels: ROWS.at(-1)!.labels.toReversed() };
      if (JSON.stringify(last) !== JSON.stringify(wanted)) throw new Error(`The last row is ${JSON.stringify(last)}; ${JSON.stringify(wanted)} is right.`);
    },
  });
}

/** Hello with and without a schema for its input. Nothing but the SDK is imported. */
export const HELLO: Readonly<Record<string, string>> = {
  "hello.ts": `import { workflow } from "bifrost";\n\nexport default workflow({ name: "hello" }, async (params: { n: number }) => ({ n: params.n + 1, sum: 0 }));\n`,
  "hello-params.ts": `import { workflow, z } from "bifrost";\n\nexport default workflow({ name: "hello-params", params: z.object({ n: z.number().int() }) }, async (params) => ({ n: params.n + 1, sum: 0 }));\n`,
};

export function expectAnswer(result: unknown, wanted: { readonly n: number; readonly sum: number }): void {
  const { n, sum } = (result ?? {}) as { n?: unknown; sum?: unknown };
  if (n !== wanted.n || sum !== wanted.sum) throw new Error(`The answer is ${JSON.stringify({ n, sum })}; ${JSON.stringify(wanted)} is right.`);
}

function graphOf({ name, count, imports, main, libraries, libraryLinks, input, check }: Body): SampleGraph {
  const entry = `${name}/main.ts`;
  const text = `${imports.map(([specifier, , names]) => `import ${names} from "${specifier}";\n`).join("")}\n${main}`;
  return {
    name,
    count,
    entry,
    files: { ...libraries, [entry]: `${SDK_IMPORT}${text}\nexport default workflow({ name: "${name}" }, main);\n` },
    plainFiles: { ...libraries, [entry]: `${text}\nexport default main;\n` },
    links: new Map([...libraryLinks, [entry, new Map(imports.map(([specifier, path]) => [specifier, path]))]]),
    input,
    check,
  };
}

/** Both ways of naming a module of the workspace are in use. */
function specifierOf(directory: string, index: number): string {
  return index % 2 === 0 ? `${directory}/m${index}` : `./m${index}.ts`;
}

function weightOf(index: number): number {
  return (index * 7919 + 17) % 10_007;
}

/** What the tree adds up to, told without running it. */
function expectedSum(count: number): number {
  let sum = 0;
  for (let index = 1; index < count; index++) sum += weightOf(index) + LEDGER_SIZE;
  return sum;
}

const LEDGER_SIZE = 6;

function mainText(calls: readonly string[]): string {
  return `interface Answer { n: number; sum: number }

type Weigher = (depth: number) => number;

const weighers: readonly Weigher[] = [${calls.join(", ")}];

class Totals<Key extends string> {
  readonly #counts = new Map<Key, number>();

  add(key: Key, amount: number): this {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + amount);
    return this;
  }

  get(key: Key): number {
    return this.#counts.get(key) ?? 0;
  }

  entries(): [Key, number][] {
    return [...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1));
  }
}

export function describeTotals(totals: Totals<string>): string {
  return totals
    .entries()
    .map(([key, amount]) => \`\${key.padEnd(24)} \${String(amount).padStart(12)}\`)
    .join("\\n");
}

export async function eventually<Value>(attempts: number, attempt: (index: number) => Promise<Value>): Promise<Value> {
  let failure: unknown;
  for (let index = 0; index < attempts; index++) {
    try {
      return await attempt(index);
    } catch (error) {
      failure = error;
    }
  }
  throw new Error(\`No attempt of \${attempts} succeeded\`, { cause: failure });
}

function parseAmount(text: string): number | undefined {
  const found = /^(\\d{1,9})(?:\\.(\\d{2}))?\\s*(EUR|USD|GBP)?$/u.exec(text.trim());
  return found === null ? undefined : Number(found[1]) * 100 + Number(found[2] ?? 0);
}

function* windows<Item>(items: readonly Item[], width: number): Generator<readonly Item[]> {
  for (let start = 0; start + width <= items.length; start++) yield items.slice(start, start + width);
}

export function rising(values: readonly number[]): boolean {
  return [...windows(values, 2)].every(([left = 0, right = 0]) => left <= right);
}

async function main(input: { n: number }): Promise<Answer> {
  const totals = new Totals<"weight" | "fees">();
  for (const weigh of weighers) totals.add("weight", weigh(1));
  totals.add("fees", parseAmount("0.00 EUR") ?? 1);
  const fees = await eventually(2, async () => totals.get("fees"));
  return { n: input.n + 1, sum: totals.get("weight") + fees };
}
`;
}

function libraryText(directory: string, index: number, children: readonly number[]): string {
  const imports = children.map((child) => `import { weigh as weigh${child}, type Entry as Entry${child} } from "${specifierOf(directory, child)}";\n`).join("");
  return `${imports}
export interface Entry { readonly account: string; readonly cents: number; readonly memo?: string }
export type Selector<Item, Key extends PropertyKey> = (item: Item, position: number) => Key;
type Grouped<Key extends PropertyKey, Item> = { [K in Key]?: Item[] };
${children.map((child) => `export type { Entry${child} };\n`).join("")}
const ACCOUNTS: readonly string[] = ["rent", "travel", "payroll", "licences", "hardware", "training", "postage"];
const OWN_WEIGHT: number = ${weightOf(index)};

export function groupBy<Item, Key extends PropertyKey>(items: readonly Item[], select: Selector<Item, Key>): Grouped<Key, Item> {
  const groups: Grouped<Key, Item> = {};
  items.forEach((item: Item, position: number) => {
    (groups[select(item, position)] ??= []).push(item);
  });
  return groups;
}

export class Ledger${index}<Row extends Entry = Entry> implements Iterable<Row> {
  readonly #rows: Row[] = [];
  #balance: number = 0;

  book(row: Row): this {
    if (!Number.isSafeInteger(row.cents)) throw new RangeError(\`ledger ${index}: \${row.account} is not booked in whole cents\`);
    this.#rows.push(row);
    this.#balance += row.cents;
    return this;
  }

  get balance(): number {
    return this.#balance;
  }

  get size(): number {
    return this.#rows.length;
  }

  largest(count: number): Row[] {
    return this.#rows.toSorted((left: Row, right: Row) => right.cents - left.cents).slice(0, count);
  }

  *[Symbol.iterator](): Iterator<Row> {
    yield* this.#rows;
  }
}

export function memoise<Argument, Value>(compute: (argument: Argument) => Value): (argument: Argument) => Value {
  const known = new Map<Argument, Value>();
  return (argument: Argument): Value => {
    const before = known.get(argument);
    if (before !== undefined) return before;
    const value = compute(argument);
    known.set(argument, value);
    return value;
  };
}

const accountOf = memoise((position: number): string => ACCOUNTS[(position + ${index}) % ACCOUNTS.length] as string);
const ledger: Ledger${index} = new Ledger${index}();
for (let position = 0; position < ${LEDGER_SIZE}; position++) ledger.book({ account: accountOf(position), cents: position * 100 + ${index} });

export function summary(): string {
  const groups = groupBy([...ledger], (entry: Entry) => entry.account);
  return Object.entries(groups)
    .map(([account, entries]) => \`\${account}: \${entries?.length ?? 0} entries\`)
    .join(", ");
}

const weighers: readonly ((depth: number) => number)[] = [${children.map((child) => `weigh${child}`).join(", ")}];

/** Its own weight and that of all below it. */
export function weigh(depth: number): number {
  return weighers.reduce((sum: number, below) => sum + below(depth + 1), OWN_WEIGHT + ledger.size);
}
`;
}
