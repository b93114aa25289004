// What becomes of children whose supervisor is gone: each ends itself, whatever its author's code is at.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { descendantsOf } from "../support/child-processes.ts";
import { workflow } from "../support/engine.ts";
import { expectNoLeaks } from "../support/leaks.ts";

const SUPERVISOR = fileURLToPath(new URL("orphan-supervisor.ts", import.meta.url));
const PATIENCE_MS = 10_000;

expectNoLeaks();

const BEGUN = "ctx.log.info('begun'); await new Promise((r) => setTimeout(r, 50));";

describe("children whose supervisor was killed", () => {
  it.each([
    ["a promise that never settles", "await new Promise(() => {});"],
    ["an endless loop", "for (;;);"],
    ["a native loop that no interrupt reaches", "Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1);"],
    ["a flood of log lines", "for (;;) { console.log('x'.repeat(1000)); await null; }"],
    ["a flood of host calls", "for (;;) await crypto.subtle.digest('SHA-256', new Uint8Array(10));"],
  ])("cannot leave this execution: they end by themselves at %s", async (_title, body) => {
    const supervisor = spawn(process.execPath, ["--no-warnings", SUPERVISOR, workflow(`${BEGUN} ${body}`)], { stdio: ["ignore", "pipe", "ignore"] });
    await once(supervisor.stdout, "data");
    supervisor.stdout.resume();
    await sleep(100);
    const below = descendantsOf(supervisor.pid as number);
    expect(below.length).toBeGreaterThan(0);
    supervisor.kill("SIGKILL");
    await once(supervisor, "close");
    const deadline = performance.now() + PATIENCE_MS;
    const alive = (): number[] => below.filter((id) => existsSync(`/proc/${id}`));
    while (alive().length > 0 && performance.now() < deadline) await sleep(20);
    expect(alive()).toEqual([]);
  });
});
