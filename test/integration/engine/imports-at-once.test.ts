// Several import() calls of one module under way at the same time (B11, B12).
import { expect, it } from "vitest";
import { useEngine, workflow } from "../../support/engine.ts";

const engine = useEngine();
const ROUNDS = 150;

it("B12: a module is imported by calls at any distance from each other, once for all of them", async () => {
  const modules = Array.from({ length: ROUNDS }, (_, index) => [`m${index}.ts`, `export const url = import.meta.url; export const mark = {};`] as const);
  const body = `
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const failures: string[] = [];
    for (let round = 0; round < ${ROUNDS}; round++) {
      const specifier = "./m" + round + ".ts";
      const imports = [import(specifier)];
      for (let wait = 0; wait < round % 4; wait++) await turn();
      imports.push(import(specifier));
      await turn();
      imports.push(import(specifier));
      const [first, ...others] = await Promise.allSettled(imports);
      for (const each of [first, ...others]) if (each.status === "rejected") failures.push(each.reason.message);
      if (failures.length === 0 && others.some((each) => each.value.mark !== first.value.mark)) failures.push("two instances");
    }
    return failures;`;
  const { status, result } = await engine.run({ "wf.ts": workflow(body), ...Object.fromEntries(modules) });
  expect({ status, result }).toEqual({ status: "Success", result: [] });
});

const FAILING: Readonly<Record<string, (n: number) => string>> = {
  "throws at once": (n) => `throw new TypeError("m${n}");`,
  "throws a string": (n) => `throw "m${n}";`,
  "rejects in the next turn": (n) => `await null; throw new RangeError("m${n}");`,
  "rejects after a while": (n) => `await new Promise((resolve) => setTimeout(resolve, ${n % 7})); throw new Error("m${n}");`,
  "imports what throws": (n) => `import "./of${n}.ts";`,
};

const GAPS = {
  "in one turn": "",
  "turn by turn": "await new Promise((resolve) => setTimeout(resolve, 0));",
  "now and then": "if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, n % 4));",
};

it.each(Object.keys(FAILING).flatMap((kind) => Object.entries(GAPS).map(([title, gap]) => [title, kind, gap] as const)))(
  "B15: of import()s begun %s, each of a module that %s, twice, every one rejects with its own module's one error, and a run that catches them goes on",
  async (_title, kind, gap) => {
    const modules = Array.from({ length: 16 }, (_, n) => [
      [`m${n}.ts`, FAILING[kind]?.(n) ?? ""] as const,
      [`of${n}.ts`, `throw new Error("m${n}");`] as const,
    ]).flat();
    const body = `
      const caught: Promise<unknown>[] = [];
      const go = (n: number) => caught.push(import("./m" + n + ".ts").then(() => "none", (error) => error));
      for (let n = 0; n < 16; n++) { go(n); ${gap} go(n); }
      const errors = await Promise.all(caught);
      return errors.filter((error: any, index) => (error.message ?? error) !== "m" + Math.floor(index / 2) || error !== errors[index - (index % 2)]).map(String);`;
    const { status, result, error } = await engine.run({ "wf.ts": workflow(body), ...Object.fromEntries(modules) });
    expect({ status, result, error }).toEqual({ status: "Success", result: [], error: undefined });
  },
);

it("B80: a timer that throws, and leaves a rejection that nobody handles, fails the run with what it threw", async () => {
  const { status, error } = await engine.run({
    "wf.ts": workflow(`setTimeout(() => { void Promise.reject(new Error("left over")); throw new TypeError("thrown"); }, 1); await new Promise(() => {});`),
  });
  expect({ status, code: error?.code, name: error?.name, message: error?.message }).toEqual({
    status: "Failed",
    code: undefined,
    name: "TypeError",
    message: "thrown",
  });
});
