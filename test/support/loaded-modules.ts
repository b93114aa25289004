// Which modules a command has loaded: what is not asked for costs every start.
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import type { Bin, CommandLine } from "./command-line.ts";

/** Runs it, which must succeed. Gives paths from `src/`, `db/` or `node_modules/` on. */
export async function modulesLoadedBy(
  shell: CommandLine,
  bin: Bin,
  { args, env }: { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> },
): Promise<readonly string[]> {
  const [trace, list] = [join(shell.home, "trace.mjs"), join(shell.home, "loaded.txt")];
  await writeFile(list, "");
  await writeFile(
    trace,
    `import { appendFileSync } from "node:fs"; import { registerHooks } from "node:module";
registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + "\\n"); return next(url, context); } });`,
  );
  const { code, stderr } = await shell.run(bin, args, {
    env: { ...env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, NODE_OPTIONS: `--import=${trace}` },
  });
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  return (await readFile(list, "utf8")).split("\n").map((url) => url.replace(/^.*\/(?=src\/|node_modules\/|db\/)/, ""));
}
