// What a workflow's author says of trying it again, from the source to the attempts, on a host with real servers.
import { expect, it } from "vitest";
import { useRpcWorld } from "../../support/rpc-world.ts";

const world = useRpcWorld();

const SDK = `import { workflow } from "bifrost";\n`;
const FILES = {
  "twice.ts": `${SDK}export default workflow({ retry: { attempts: 2, backoff: 20 }, idempotent: true }, async () => { throw new RangeError("always"); });\n`,
  "late.ts": `${SDK}export default workflow({ retry: { attempts: 20, backoff: "20ms" }, idempotent: true }, async (p: any, ctx) => { ctx.log.info("tried"); if (Date.now() < p.from) throw new Error("too early"); return "done"; });\n`,
  "careful.ts": `${SDK}export default workflow({ retry: { attempts: 5, backoff: 0 } }, async () => { throw new RangeError("once"); });\n`,
  "plain.ts": `${SDK}export default workflow(async () => 1);\n`,
  "broken.ts": `${SDK}export default workflow({ retry: { attempts: 0 } }, async () => 1);\n`,
};

interface Listed {
  readonly path: string;
  readonly retry?: unknown;
  readonly parametersReason: string | null;
}

async function submit(workspace: string, workflow: string, input: unknown = {}): Promise<string> {
  const { status, body } = await world.ask("POST", "/v1/executions", { workspace, body: { workflow, input, mode: "async" } });
  expect(status).toBe(202);
  return (body as { readonly id: string }).id;
}

/** The envelope, and how often it was tried. */
async function ended(workspace: string, id: string): Promise<{ readonly envelope: unknown; readonly attempt: number }> {
  const { body: envelope } = await world.ask("GET", `/v1/executions/${id}/result?waitMs=15000`, { workspace });
  const { body } = await world.ask("GET", `/v1/executions/${id}`, { workspace });
  return { envelope: envelope as unknown, attempt: (body as { readonly attempt: number }).attempt };
}

it("is found with a workflow's parameters and listed with it; what cannot be is the reason why it is not known", async () => {
  const workspace = await world.workspace(FILES);
  const list = async (): Promise<readonly Listed[]> =>
    ((await world.ask("GET", "/v1/workflows", { workspace })).body as { readonly workflows: readonly Listed[] }).workflows;
  await expect.poll(async () => (await list()).every(({ parametersReason }) => parametersReason !== "not described yet"), { timeout: 15_000 }).toBe(true);
  const found = Object.fromEntries((await list()).map((each) => [each.path, each]));
  expect(found["twice.ts"]?.retry).toEqual({ attempts: 2, backoffMs: 20, idempotent: true });
  expect(found["careful.ts"]?.retry).toEqual({ attempts: 5, backoffMs: 0, idempotent: false });
  expect(found["plain.ts"]?.retry).toBeUndefined();
  expect(found["broken.ts"]?.parametersReason).toContain("retry.attempts is number 0");
});

it("has what may run twice tried until it succeeds, or as often as it says; every attempt on the same record", async () => {
  const workspace = await world.workspace(FILES);
  await (await world.host.workspace(workspace)).executor.settled();
  const fails = await ended(workspace, await submit(workspace, "twice"));
  expect(fails).toMatchObject({ attempt: 2, envelope: { status: "Failed", error: { name: "RangeError", message: "always" } } });
  const late = await ended(workspace, await submit(workspace, "late", { from: Date.now() + 300 }));
  expect(late).toMatchObject({ envelope: { status: "Success", result: "done" } });
  expect(late.attempt).toBeGreaterThan(1);
});

it("has nothing tried again that began and may not run twice, nor where the caller waits for the answer", async () => {
  const workspace = await world.workspace(FILES);
  await (await world.host.workspace(workspace)).executor.settled();
  expect(await ended(workspace, await submit(workspace, "careful"))).toMatchObject({ attempt: 1, envelope: { status: "Failed" } });
  const { body } = await world.ask("POST", "/v1/executions", { workspace, body: { workflow: "twice" } });
  expect(body).toMatchObject({ status: "Failed", error: { message: "always" } });
  expect(await ended(workspace, (body as { readonly id: string }).id)).toMatchObject({ attempt: 1 });
});
