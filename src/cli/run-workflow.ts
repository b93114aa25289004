// Entry of `run-workflow`. Started by run-workflow.mjs, which has found the right Node.
import { main } from "./command.ts";
import { runCommand } from "./run-command.ts";

await main((argv, world) => runCommand(argv, world, "run-workflow"));
