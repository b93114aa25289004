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
