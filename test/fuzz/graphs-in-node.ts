// Runs many workspaces in one plain Node process, one after another: the entry of each is imported, its default export called.
// Arguments: a directory with one workspace in each of g0, g1 …, and how many. Prints one JSON array.
import { format, inspect, types } from "node:util";
import { pathToFileURL } from "node:url";

export interface NodeOutcome {
  readonly logs: readonly string[];
  readonly result?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly cause?: unknown };
}

const [directory = ".", count = "0"] = process.argv.slice(2);
const outcomes: NodeOutcome[] = [];
let logs: string[] = [];
console.log = (...values: unknown[]) => void logs.push(format(...values));
// Other parts of a graph that has failed may fail after it; that is no news.
process.on("unhandledRejection", () => undefined);

for (let index = 0; index < Number(count); index++) {
  const own: string[] = [];
  logs = own;
  const { default: run } = await importEntry(`${pathToFileURL(directory).href}/g${index}/wf.mjs`);
  try {
    outcomes.push({ logs: own, result: JSON.parse(JSON.stringify(await run())) as unknown });
  } catch (error) {
    outcomes.push({ logs: own, error: describe(error) });
  }
  // What a failed graph still waits for comes to its end, and is heard by nobody else.
  for (let turn = 0; turn < 8; turn++) await new Promise((done) => setTimeout(done, 1));
}
process.stdout.write(JSON.stringify(outcomes));

async function importEntry(url: string): Promise<{ readonly default: () => Promise<unknown> }> {
  try {
    return (await import(url)) as { default: () => Promise<unknown> };
  } catch (error) {
    return {
      default() {
        throw error;
      },
    };
  }
}

function describe(thrown: unknown): NonNullable<NodeOutcome["error"]> {
  if (!types.isNativeError(thrown)) return { name: "Error", message: textOf(thrown) };
  const { name, message, cause } = thrown;
  return { name, message, ...(cause === undefined ? {} : { cause: describe(cause) }) };
}

/** Of an object that is no Error a room cannot say what it was: isolated-vm hands over nothing of it. */
function textOf(thrown: unknown): string {
  if (typeof thrown === "object" && thrown !== null) return "Something that is not an Error was thrown";
  return typeof thrown === "string" ? thrown : inspect(thrown);
}
