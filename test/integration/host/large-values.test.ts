// B90: inputs and results of megabytes from host to host, over a real database and a real Redis: whole where they are asked for, and nowhere else.
import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { readConfig } from "../../../src/config.ts";
import type { Execution } from "../../../src/completion.ts";
import { createLog } from "../../../src/observe/logging.ts";
import { openHost } from "../../../src/open-host.ts";
import { initialise } from "../../../src/initialise.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { freshDatabase, freshRedis } from "../../support/servers/fresh.ts";

expectNoLeaks({ mayStay: (command) => /child-main|transpile-child|esbuild/.test(command) });

const MB = 1024 * 1024;
const FILES = {
  "echo.ts": `import { workflow } from "bifrost";\nexport default workflow(async (params: any, ctx) => { ctx.log.info("got it", { length: params.text.length }); return params; });\n`,
  "parent.ts": `import { workflow, workflows } from "bifrost";\nexport default workflow(async (params: any) => { const { text } = await workflows.execute("echo.ts", params); return text.length; });\n`,
  "throws.ts": `import { workflow } from "bifrost";\nexport default workflow(async ({ text }: any) => { throw new Error(text); });\n`,
};
/** Letters of one to four bytes, halves of pairs and U+0000: what is cut, or put together anew, is another text. */
const PIECE = 'aé€😀"\\\u0000\ud800 ';

function textOf(bytes: number): string {
  return PIECE.repeat(Math.ceil(bytes / Buffer.byteLength(JSON.stringify(PIECE))));
}

/** `end` gives the bytes of the largest key that was ever seen. */
function watchKeys(url: string): { end(): Promise<number> } {
  const done = new AbortController();
  async function look(): Promise<number> {
    const redis = new Redis(url);
    let most = 0;
    while (!done.signal.aborted) {
      for (const key of await redis.keys("*")) most = Math.max(most, (await redis.memory("USAGE", key)) ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    redis.disconnect();
    return most;
  }
  const looking = look();
  return {
    end() {
      done.abort();
      return looking;
    },
  };
}

it("10 MB in and out pass from one host to another whole, a list has none of it, and Redis has never held it", { timeout: 120_000 }, async () => {
  await using database = await freshDatabase();
  await using cache = await freshRedis();
  const config = readConfig({ ...process.env, DATABASE_URL: database.url, REDIS_URL: cache.url });
  await initialise(config);
  const log = createLog({ level: "error", readable: false, write: () => undefined });
  await using answering = await openHost({ config, works: false, log });
  await using working = await openHost({ config, works: true, log });
  const workspace = await answering.workspace("default");
  await workspace.executor.write(FILES);

  const watch = watchKeys(cache.url);

  const input = { text: textOf(11 * MB) };
  const inputJson = JSON.stringify(input);
  expect(Buffer.byteLength(inputJson)).toBeGreaterThan(10 * MB);
  const whole = (await workspace.execute({ reference: "echo.ts", inputJson, askedBy: "test" })) as Execution;
  expect(whole).toMatchObject({ status: "Success", logs: [{ message: "got it", data: { length: input.text.length } }] });
  expect(JSON.stringify(whole.result) === inputJson).toBe(true);
  const nested = (await workspace.execute({ reference: "parent.ts", inputJson, askedBy: "test" })) as Execution;
  expect(nested).toMatchObject({ status: "Success", result: input.text.length });
  const five = JSON.stringify({ text: textOf(5 * MB) });
  const others = await Promise.all([1, 2, 3].map(() => workspace.execute({ reference: "echo.ts", inputJson: five, askedBy: "test" })));
  expect(others.map(({ status }) => status)).toEqual(["Success", "Success", "Success"]);
  const thrown = (await workspace.execute({ reference: "throws.ts", inputJson: five, askedBy: "test" })) as Execution;
  expect(thrown.status).toBe("Failed");

  // From the record, on the host that did not run it.
  expect((await workspace.state(whole.id)).inputJson === inputJson).toBe(true);
  const again = (await workspace.result(whole.id)) as Execution;
  expect(JSON.stringify(again.result) === inputJson).toBe(true);
  expect((await working.workspace("default")).executor.workspace.id).toBe(workspace.executor.workspace.id);

  // Two are children of "parent.ts": it, and what it executed.
  const { executions, next } = await workspace.list();
  expect(executions).toHaveLength(7);
  expect(next).toBeUndefined();
  expect(JSON.stringify(executions).length).toBeLessThan(10_000);
  for (const each of executions)
    expect(Object.keys(each)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(input|inputJson|result|modules|logs)$/)]));
  expect(executions.find(({ id }) => id === thrown.id)?.error?.message.length).toBeLessThanOrEqual(1000);

  expect(await watch.end()).toBeLessThan(MB);
});
