// Random module graphs in Node and in our rooms: what is evaluated when, what is exported, and how it fails.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { useEngine } from "../support/engine.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { graph, type Graph } from "./graph-shapes.ts";
import { ENTRY, filesOf } from "./graph-source.ts";
import type { NodeOutcome } from "./graphs-in-node.ts";
import { assertTogether } from "./together.ts";

const engine = useEngine();

const NODE_ROUTE = fileURLToPath(new URL("graphs-in-node.ts", import.meta.url));
const SHIM = {
  "package.json": `{ "type": "module" }`,
  "node_modules/bifrost/package.json": `{ "name": "bifrost", "type": "module", "exports": "./index.js" }`,
  "node_modules/bifrost/index.js": `export const workflow = (body) => body;\n`,
};

it("B11, B12, B14, B15: for every module graph the order of evaluation, the exports and the errors are Node's", async () => {
  await assertTogether(graph, { count: 240, atOnce: 20, attempt: runBoth, judge: expectSame });
});

interface Both {
  readonly inNode: NodeOutcome | "died";
  readonly inRoom: NodeOutcome;
}

async function runBoth(graphs: readonly Graph[]): Promise<readonly Both[]> {
  const [inNode, inRooms] = await Promise.all([runInNode(graphs), runInRooms(graphs)]);
  return graphs.map((_, index) => ({ inNode: inNode[index]!, inRoom: inRooms[index]! }));
}

function filesOfAll(graphs: readonly Graph[]): Record<string, string> {
  return Object.fromEntries(graphs.flatMap((each, index) => Object.entries(filesOf(each)).map(([path, text]) => [`g${index}/${path}`, text])));
}

/** Where a run failed, what its other parts still said before it was noticed is a matter of turns. */
function expectSame({ inRoom, inNode }: Both): void {
  if (inNode === "died") return expect(inRoom.error?.name).not.toBe("ProcessCrashError");
  if (inNode.error === undefined) return expect(inRoom).toEqual(inNode);
  const said = Math.min(inRoom.logs.length, inNode.logs.length);
  // Of links that fail we say more than Node.
  const plain = ({ error, logs }: NodeOutcome): unknown => ({ error: error?.name === "SyntaxError" ? error.name : error, logs: logs.slice(0, said) });
  expect(plain(inRoom)).toEqual(plain(inNode));
}

/** Node 26.10 dies of a failed check of V8's where a module of a cycle that has failed late is asked for again: then each goes alone. */
async function runInNode(graphs: readonly Graph[]): Promise<readonly (NodeOutcome | "died")[]> {
  const outcomes = await runInOneNode(graphs);
  if (outcomes !== "died") return outcomes;
  const alone: (NodeOutcome | "died")[] = [];
  for (const each of graphs) {
    const outcome = await runInOneNode([each]);
    alone.push(outcome === "died" ? outcome : outcome[0]!);
  }
  return alone;
}

async function runInOneNode(graphs: readonly Graph[]): Promise<readonly NodeOutcome[] | "died"> {
  using directory = temporaryDirectory({ ...SHIM, ...filesOfAll(graphs) });
  const node = promisify(execFile)(process.execPath, ["--no-warnings", NODE_ROUTE, directory.path, String(graphs.length)], {
    env: {},
    maxBuffer: 64 * 1024 * 1024,
  });
  try {
    return JSON.parse((await node).stdout) as readonly NodeOutcome[];
  } catch (error) {
    if ((error as { readonly stderr?: string }).stderr?.includes("Fatal error in") === true) return "died";
    throw error;
  }
}

async function runInRooms(graphs: readonly Graph[]): Promise<readonly NodeOutcome[]> {
  const harness = await engine.harness({ files: filesOfAll(graphs) });
  try {
    return await Promise.all(graphs.map((_, index) => runInRoom(harness, `g${index}/${ENTRY}`)));
  } finally {
    await harness.dispose();
  }
}

async function runInRoom(harness: Awaited<ReturnType<typeof engine.harness>>, reference: string): Promise<NodeOutcome> {
  const { result, error, logs } = await harness.run(reference);
  const messages = logs.map(({ message }) => message);
  return error === undefined ? { logs: messages, result } : { logs: messages, error: bare(error) };
}

interface Told {
  readonly name: string;
  readonly message: string;
  readonly cause?: Told;
}

const LOST = /^(Something that is not an Error was thrown).*$/;

/** Without the chain of imports and the advice that ours adds. */
function bare({ name, message, cause }: Told): Told {
  return { name, message: message.split("\n  [0]")[0]!.replace(LOST, "$1"), ...(cause === undefined ? {} : { cause: bare(cause) }) };
}
