// The leak check itself: it sees what a test leaves behind, and waits for what is on its way out.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LeakWatch } from "../support/leaks.ts";

describe("the leak check", () => {
  let watch: LeakWatch;
  beforeEach(() => {
    watch = new LeakWatch({ patienceMs: 150, mayStay: (command) => command.includes("may-stay") });
  });
  afterEach(() => watch.close());

  it("passes a test that leaves nothing", async () => {
    await expect(watch.check()).resolves.toBeUndefined();
  });

  it("names a process that lives on, and waits for one that is ending", async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "ignore" });
    await once(child, "spawn");
    await expect(watch.check()).rejects.toThrow(`process ${child.pid}: `);
    child.kill("SIGKILL");
    await expect(watch.check()).resolves.toBeUndefined();
  });

  it("lets a process live on that may", async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)", "may-stay"], { stdio: ["pipe", "ignore", "ignore"] });
    await once(child, "spawn");
    await expect(watch.check()).resolves.toBeUndefined();
    child.kill("SIGKILL");
    await once(child, "exit");
  });

  it("names a server that still listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    await expect(watch.check()).rejects.toThrow("1 × TCPServerWrap");
    server.close();
    await expect(watch.check()).resolves.toBeUndefined();
  });

  it("names a temporary file", async () => {
    await mkdtemp(join(tmpdir(), "forgotten-"));
    await expect(watch.check()).rejects.toThrow(/temporary file forgotten-/u);
  });
});
