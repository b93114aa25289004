import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { createInProcessLive } from "../../../src/executions/in-process-live.ts";
import type { Live } from "../../../src/executions/live.ts";
import { createLiveWatch } from "../../../src/executions/live-watch.ts";
import { waitForEnd, type WaitParts } from "../../../src/executions/wait-for-end.ts";
import { KeptExecutions, type KeptExecution } from "../../support/kept-executions.ts";

const workspace = randomUUID();
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});

function scene(): { parts: WaitParts; ledger: KeptExecutions; live: Live; id: string; kept: KeptExecution } {
  const live = createInProcessLive();
  open.push(live);
  const ledger = new KeptExecutions();
  const id = randomUUID();
  return { parts: { ledger, watch: createLiveWatch(live) }, ledger, live, id, kept: ledger.keep(id, { status: "Pending", lines: [] }) };
}

describe("waiting for the end", () => {
  it("resolves at once for one that has ended", async () => {
    const { parts, id, kept, ledger } = scene();
    kept.status = "Timeout";
    expect(await waitForEnd(parts, { workspace, id })).toBe("Timeout");
    expect(ledger.looks).toBe(1);
  });

  it("resolves when the end is announced, and does not look for notices that say nothing of one", async () => {
    const { parts, id, kept, live, ledger } = scene();
    const waiting = waitForEnd(parts, { workspace, id });
    await live.announce({ type: "lines", workspace, id });
    await live.announce({ type: "ended", workspace, id: randomUUID() });
    kept.status = "Success";
    await live.announce({ type: "ended", workspace, id });
    expect(await waiting).toBe("Success");
    expect(ledger.looks).toBe(2);
  });

  it("resolves without any notice: it looks by itself", async () => {
    const { parts, id, kept } = scene();
    const waiting = waitForEnd(parts, { workspace, id });
    kept.status = "Stuck";
    expect(await waiting).toBe("Stuck");
  });

  it("gives how it stands when the time is over, at once where there is none, and when the signal aborts", async () => {
    const { parts, id, kept } = scene();
    kept.status = "Running";
    expect(await waitForEnd(parts, { workspace, id, waitMs: 0 })).toBe("Running");
    expect(await waitForEnd(parts, { workspace, id, waitMs: 30 })).toBe("Running");
    const stop = new AbortController();
    const waiting = waitForEnd(parts, { workspace, id, signal: stop.signal });
    stop.abort();
    expect(await waiting).toBe("Running");
    expect(await waitForEnd(parts, { workspace, id, signal: stop.signal })).toBe("Running");
  });

  it("waits on while the database is away, and rejects only where it never answered", async () => {
    const { parts, id, kept, ledger } = scene();
    ledger.isAway = true;
    await expect(waitForEnd(parts, { workspace, id, waitMs: 20 })).rejects.toMatchObject({ code: "ERR_DATABASE_UNAVAILABLE" });
    const waiting = waitForEnd(parts, { workspace, id });
    await expect.poll(() => ledger.looks).toBeGreaterThan(2);
    kept.status = "Success";
    ledger.isAway = false;
    expect(await waiting).toBe("Success");
  });

  it("is undefined for an id that nobody has", async () => {
    expect(await waitForEnd(scene().parts, { workspace, id: randomUUID() })).toBeUndefined();
  });
});
