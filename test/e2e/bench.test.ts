// The bench runs. Its figures are not looked at here: nothing in it gates anything.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const ROWS = [
  ...["1 module", "50 modules", "500 modules"].flatMap((modules) => [`${modules}, warm`, `${modules}, back to back`]),
  "1 MB in and out, warm",
  "1 MB in and out, back to back",
  "hello with params: z.object({…}), warm",
  "two at once, 1 module",
  "two at once, 50 modules",
  ...["1 module", "50 modules", "500 modules"].map((modules) => `${modules}, first ever`),
];
const COMMANDS = ["run-workflow --directory DIR hello, warm", "run-workflow hello, embedded database, warm", "run-workflow --directory DIR hello, first ever"];

interface Result {
  readonly rows: readonly { readonly name: string; readonly contenders: Readonly<Record<string, { readonly samples: { readonly median: number } }>> }[];
  readonly commands: readonly { readonly name: string; readonly split?: Readonly<Record<string, number>> }[];
  readonly counts: unknown;
}

async function bench(...options: readonly string[]): Promise<string> {
  return (await promisify(execFile)(process.execPath, ["--no-warnings", join(ROOT, "test/bench/bench.ts"), ...options], { cwd: ROOT })).stdout;
}

it("the bench measures every row with right answers, and gives a table and JSON of the same", async () => {
  using directory = temporaryDirectory();
  const out = join(directory.path, "result.json");
  const table = await bench("--quick", "--out", out);
  const { rows, commands, counts } = JSON.parse(readFileSync(out, "utf8")) as Result;
  expect(rows.map(({ name }) => name)).toEqual(ROWS);
  expect(rows.flatMap(({ contenders }) => Object.values(contenders).map(({ samples }) => samples.median)).every((figure) => figure > 0)).toBe(true);
  expect(commands.map(({ name }) => name)).toEqual(expect.arrayContaining(COMMANDS));
  for (const name of [...ROWS, ...COMMANDS]) expect(table).toContain(`| ${name}`);
  expect(counts).toEqual({ roundTrips: 1, transpiled: 0 });
});

it("a bench that cannot do its work ends with an error", async () => {
  await expect(bench("--no-such-option")).rejects.toThrow(/no-such-option/u);
});
