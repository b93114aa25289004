import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** What the compiler says of author code that has the SDK's types and the room's globals, and neither Node's nor the browser's. */
function check(source: string): string {
  const directory = mkdtempSync(join(tmpdir(), "bifrost-types-"));
  try {
    writeFileSync(join(directory, "flow.ts"), source);
    const compilerOptions = {
      target: "ES2024",
      lib: ["ES2024", "ESNext.Disposable"],
      module: "ESNext",
      moduleResolution: "Bundler",
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
      paths: { bifrost: [join(ROOT, "sandbox/sdk/bifrost.d.ts")], zod: [join(ROOT, "node_modules/zod")] },
    };
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["flow.ts", join(ROOT, "sandbox/sdk/room.d.ts")] }));
    const { stdout } = spawnSync(process.execPath, [join(ROOT, "node_modules/typescript/lib/tsc.js"), "-p", directory], { encoding: "utf8" });
    return stdout;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

it("the SDK's types know a workflow's parameters and result from its schema and body, and the room's globals and nothing else", () => {
  const output = check(`
    import { workflow, tool, dataProvider, config, UserError, z, type Context } from "bifrost";
    export const flow = workflow({ name: "x", timeout: "30s", params: z.object({ days: z.number().default(30), tag: z.string().optional() }) }, async (params, ctx) => {
      const days: number = params.days;
      const tag: string | undefined = params.tag;
      ctx.log.info("looking", { days, tag });
      // @ts-expect-error -- not in the schema
      params.absent;
      return { closed: days };
    });
    const called: { closed: number } = await flow({});
    // @ts-expect-error -- not what the schema takes
    await flow({ days: "x" });
    export const plain = workflow(async (params, ctx: Context) => [params.anything, ctx.executionId, ctx.workflow, ctx.workspace, ctx.signal.aborted, AbortSignal.any([ctx.signal]).reason]);
    export const again = workflow({ retry: { attempts: 5, backoff: "10s" }, idempotent: true, params: z.object({ id: z.string() }) }, (params) => params.id);
    // @ts-expect-error -- a tool is not tried again by the queue
    tool({ retry: { attempts: 5 } }, () => again({ id: "x" }));
    export const shout = tool({ description: "d" }, () => 1);
    const n: number = await shout();
    export default dataProvider(() => [{ label: "a", value: 1, metadata: { x: true } }]);
    export const kept = dataProvider({ cache: "5m", params: z.object({ kind: z.string() }) }, ({ kind }) => [{ label: kind, value: kind }]);
    // @ts-expect-error -- what a workflow returns is not given again
    workflow({ cache: "5m" }, () => 1);
    // @ts-expect-error -- a data provider gives a list of options
    dataProvider(() => [{ name: "a" }]);
    const token: string | undefined = await config.get("TOKEN");
    const retries: number | undefined = (await config.get<{ retries: number }>("limits"))?.retries;
    // @ts-expect-error -- it may not be there
    (await config.get("TOKEN")).length;
    console.log(token?.length, retries);
    if (called.closed > n) throw new UserError("told", { cause: 1 });
    console.log(new URL("a", import.meta.url).searchParams.get("q"), setTimeout(() => {}, 1).hasRef(), AbortSignal.timeout(5).aborted, crypto.randomUUID(), structuredClone({ a: 1 }).a, new TextDecoder().decode(new TextEncoder().encode("x")));
    // @ts-expect-error -- the room has no process
    process.exit();
    // @ts-expect-error -- nor a document
    document.title;
  `);
  expect(output).toBe("");
});
