// Who runs what, in which order: all of it decided by a seed before anything runs.
import { GOOD, HOSTILE, LIBRARY, type SoakForm } from "./soak-forms.ts";

/** "mixed" has both kinds; "neighbour" is the other tenant, which must notice nothing. */
export type SoakWorkspace = "mixed" | "neighbour";

export interface SoakStep {
  readonly n: number;
  readonly workspace: SoakWorkspace;
  readonly form: SoakForm;
  readonly hostile: boolean;
  readonly reference: string;
}

/** Of all steps; hostile ones are all in "mixed", which has half of the steps. */
const HOSTILE_SHARE = 0.1;

export function planSoak(runs: number, seed: number): readonly SoakStep[] {
  const random = randomFrom(seed);
  const pick = <Item>(items: readonly Item[]): { readonly item: Item; readonly index: number } => {
    const index = Math.floor(random() * items.length);
    return { item: items[index] as Item, index };
  };
  return Array.from({ length: runs }, (_, n) => {
    const workspace = random() < 0.5 ? "mixed" : "neighbour";
    const hostile = workspace === "mixed" && random() < HOSTILE_SHARE * 2;
    const { item: form, index } = pick(hostile ? HOSTILE : GOOD);
    return { n, workspace, form, hostile, reference: pathOf(hostile, index) };
  });
}

export function soakFiles(): Record<string, string> {
  const files: Record<string, string> = { ...LIBRARY };
  for (const [hostile, forms] of [[false, GOOD] as const, [true, HOSTILE] as const]) {
    for (const [index, { head = "", body }] of forms.entries()) {
      files[pathOf(hostile, index)] = `import { workflow } from "bifrost";\n${head}\nexport default workflow(async (p: any, ctx) => {\n${body}\n});\n`;
    }
  }
  return files;
}

function pathOf(hostile: boolean, index: number): string {
  return `${hostile ? "hostile" : "good"}${index}.ts`;
}

/** Mulberry32: small, and the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
