// What tests of the engine share: a harness that ends with the test, and processes that stay for the file only.
import { afterAll, afterEach } from "vitest";
import { closeSharedPools, createHarness, type Execution, type Harness, type HarnessOptions, type HarnessRunOptions } from "../../src/testing/index.ts";
import { expectNoLeaks } from "./leaks.ts";

export interface Engine {
  harness(options?: HarnessOptions): Promise<Harness>;
  /** One run of `wf.ts` in a workspace of its own. */
  run(files: Readonly<Record<string, string>>, options?: HarnessRunOptions & { readonly reference?: string; readonly input?: unknown }): Promise<Execution>;
}

/** Call at the top of a test file. */
export function useEngine(): Engine {
  expectNoLeaks({ mayStay: (command) => /child-main|transpile-child|esbuild/.test(command) });
  afterAll(closeSharedPools);
  const open = new Set<Harness>();
  afterEach(async () => {
    await Promise.all([...open].map((harness) => harness.dispose()));
    open.clear();
  });

  async function harness(options: HarnessOptions = {}): Promise<Harness> {
    const made = await createHarness(options);
    open.add(made);
    return made;
  }
  return {
    harness,
    async run(files, { reference = "wf.ts", input, ...options } = {}) {
      return await (await harness({ files })).run(reference, input, options);
    },
  };
}

/** A workflow whose function has this body; `p` is its input, `ctx` its context. */
export function workflow(body: string, head = ""): string {
  return `import { workflow } from "bifrost";\n${head}\nexport default workflow(async (p: any, ctx) => { ${body} });\n`;
}
