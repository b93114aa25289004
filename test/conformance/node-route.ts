// The same files in Node itself: on a disk, with a package "bifrost" whose workflow() gives its function back.
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import type { Fixture, Outcome } from "./fixture.ts";

const SHIM = {
  "package.json": `{ "type": "module" }`,
  "node_modules/bifrost/package.json": `{ "name": "bifrost", "type": "module", "exports": "./index.js" }`,
  "node_modules/bifrost/index.js": `export const workflow = (options, body = options) => body;\n`,
};

export async function runInNode({ files, entry = "wf.ts", input = {} }: Fixture): Promise<Outcome> {
  using directory = temporaryDirectory({ ...SHIM, ...files });
  const worker = new Worker(new URL("node-entry.ts", import.meta.url), {
    workerData: { entry: pathToFileURL(join(directory.path, entry)).href, input },
    execArgv: ["--no-warnings"],
    env: {},
  });
  const told = once(worker, "message") as Promise<[Outcome]>;
  const exited = once(worker, "exit");
  const [outcome] = await told;
  await exited;
  return outcome;
}
