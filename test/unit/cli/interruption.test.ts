// Interruptions as a process gets them: signals that come together are one, a later one is a second.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";

const MODULE = new URL("../../../src/cli/interruption.ts", import.meta.url).href;
const PROGRAM = `
import { listenForInterruption } from ${JSON.stringify(MODULE)};
listenForInterruption().signal.addEventListener("abort", () => console.log("asked to stop"));
process.on("SIGTERM", () => console.log("again"));
setInterval(() => {}, 1000);
console.log("up");
`;

it("an interruption that arrives twice at once asks to stop; a later one ends the process at once, with 130", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  const says = async (text: string): Promise<void> => {
    while (!output.includes(text)) await once(child.stdout, "data");
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = once(child, "close");
  await says("up\n");
  child.kill("SIGINT");
  await says("asked to stop\n");
  child.kill("SIGTERM");
  await says("again\n");
  await sleep(400);
  child.kill("SIGINT");
  expect(await ended).toEqual([130, null]);
  expect(output).toBe("up\nasked to stop\nagain\n");
});
