// A result of 5 MB, whole, through every part: room, supervisor, database, HTTP.
import { hashContent } from "../../src/modules/content-hash.ts";
import { ask, type LoadWorld, type Measured } from "./load-world.ts";
import { figure, table, verdict } from "./table.ts";

const BYTES = 5 * 1024 * 1024;
const FILES = {
  "large.ts": `import { workflow } from "bifrost";\nexport default workflow(async (params: { bytes: number }) => "0123456789abcdef".repeat(params.bytes / 16));\n`,
};

export async function largeResult({ services, servers }: LoadWorld): Promise<Measured> {
  const { token } = services;
  await services.work({ env: { ...servers, BIFROST_LOG_LEVEL: "info" } });
  const service = await services.serve({ env: servers });
  await ask(service, { token, method: "PUT", path: "/v1/files", body: { files: FILES } });
  const wanted = hashContent("0123456789abcdef".repeat(BYTES / 16));
  const begun = performance.now();
  const { id, result } = (await ask(service, {
    token,
    method: "POST",
    path: "/v1/executions",
    body: { workflow: "large.ts", input: { bytes: BYTES } },
  })) as { id: string; result: string };
  const ms = performance.now() - begun;
  const again = (await ask(service, { token, path: `/v1/executions/${id}/result` })) as { result: string };
  const isWhole = hashContent(result) === wanted && hashContent(again.result) === wanted;
  const text = table(["a result of 5 MB over two hosts", "ms", "promise"], [["asked for and read again", figure(ms), verdict("whole", isWhole)]]);
  return { text, ms, isWhole };
}
