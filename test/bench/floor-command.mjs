// The least that a command can be which runs hello in an isolate: `floor-command.mjs <file of JavaScript>`. No TypeScript, no options.
import { readFileSync } from "node:fs";
import ivm from "isolated-vm";

const isolate = new ivm.Isolate({ memoryLimit: 128 });
const context = isolate.createContextSync();
const module = isolate.compileModuleSync(readFileSync(process.argv[2], "utf8"));
module.instantiateSync(context, () => {
  throw new Error("hello imports nothing");
});
module.evaluateSync();
const run = module.namespace.getSync("default", { reference: true });
process.stdout.write(`${JSON.stringify(await run.apply(undefined, [], { result: { promise: true, copy: true } }))}\n`);
