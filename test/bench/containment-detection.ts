// How long after its wall limit an execution is over, for every form of going on for ever: from asking to the answer, with nothing
// else running, less the limit. Some forms answer to being asked inside of the process, some only to its end.
import { DEFAULT_LIMITS, MB, setLimits } from "../../src/limits.ts";
import { openOwnEngine } from "../support/own-engine.ts";
import { settled } from "./containment-layers.ts";
import { summarise, type Summary } from "./statistics.ts";

export interface Detection {
  readonly form: string;
  /** Codes that it ended with. */
  readonly ended: string;
  /** Milliseconds after the limit. */
  readonly overMs: Summary;
  readonly maxMs: number;
}

const LIMIT_MS = 500;
const LATER = "await new Promise((done) => setTimeout(done, 5));";

const FORMS: Readonly<Record<string, string>> = {
  "a loop": "for (;;);",
  "a loop at a module's top level": "",
  "promise jobs without end": "const again = (): unknown => Promise.resolve().then(again); again(); await new Promise(() => {});",
  "a promise that never settles": "await new Promise(() => {});",
  "a top-level await that never settles": "",
  "a loop after an awaited timer": `${LATER} for (;;);`,
  "a loop after an awaited host call": "await crypto.subtle.digest('SHA-256', new Uint8Array(1)); for (;;);",
  "promise jobs without end after an awaited timer": `${LATER} const again = (): unknown => Promise.resolve().then(again); await again();`,
  "a regular expression that backtracks": "/^(a+)+$/.test('a'.repeat(60) + 'b');",
  "an error whose getters loop, at the top level": "",
  "a result whose getters loop": "return { get rows() { for (;;); } };",
  "includes over 2^53 - 1 places": "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);",
  "a tower of BigInts": "let x = 3n; for (;;) x = (x ** 1000n) % (2n ** 4000n);",
  "digits of an enormous BigInt": "return String(7n ** 3_000_000n).length + String(3n ** 20_000_000n).length + String(5n ** 20_000_000n).length;",
  "an array made of 2^32 - 1 places": "return Array.from({ length: 2 ** 32 - 1 }).length;",
  "an array of 2^32 - 2 places that is filled": "return new Array(2 ** 32 - 2).fill(0).length;",
};

const AT_TOP: Readonly<Record<string, string>> = {
  "a loop at a module's top level": "for (;;);",
  "a top-level await that never settles": "await new Promise(() => {});",
  "an error whose getters loop, at the top level": "const looping = { get message() { for (;;); }, get stack() { for (;;); } };\nif (looping) throw looping;",
};

export async function* detections(samples: number): AsyncGenerator<Detection> {
  await using engine = await openOwnEngine({ processes: 1, spares: 1, zodAhead: true });
  const files = Object.fromEntries(Object.entries(FORMS).map(([form, body], index) => [`form${index}.ts`, source(body, AT_TOP[form])]));
  const executor = await engine.workspace("hostile", files);
  const limits = setLimits(DEFAULT_LIMITS, { wallMs: LIMIT_MS, memoryBytes: 512 * MB });

  for (const [index, form] of Object.keys(FORMS).entries()) {
    const over: number[] = [];
    const ended = new Set<string>();
    // The first has its modules read and its process warmed.
    for (let sample = -1; sample < samples; sample++) {
      await settled(engine.pools);
      const begun = performance.now();
      const { status, error } = await executor.run(`form${index}.ts`, "{}", { limits });
      if (sample < 0) continue;
      over.push(performance.now() - begun - LIMIT_MS);
      ended.add(error?.code ?? status);
    }
    yield { form, ended: [...ended].join(", "), overMs: summarise(over), maxMs: Math.max(...over) };
  }
}

function source(body: string, top = ""): string {
  return `import { workflow } from "bifrost";\n${top}\nexport default workflow(async () => {\n${body}\n});\n`;
}
