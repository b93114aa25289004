// What a flood from author code does to the host's queues: nothing.
import { describe, expect, it } from "vitest";
import { createRoom, type TestRoom, type TestRoomOptions } from "../../support/room.ts";

/** Runs the body of a workflow; resolves when the room has told of a limit, or with the outcome. */
async function flood(body: string, options: TestRoomOptions = {}): Promise<{ readonly room: TestRoom; readonly outcome: string }> {
  const room = await createRoom(options);
  const scope = `import { scopeOf } from "bifrost:scope"; const { dynamicImport } = scopeOf("entry.js");`;
  await room.evaluate({ "entry.js": `import { workflow } from "bifrost"; ${scope} export default workflow(async (params, ctx) => {${body}\n});` }, "entry.js");
  const { outcome, value } = await room.invoke();
  // What was told before the answer is there by now: it came first.
  return { room, outcome: `${outcome} ${JSON.stringify(value)}` };
}

const caught = (call: string, times: number): string =>
  `let refused = 0; for (let i = 0; i < ${times}; i++) try { ${call}; } catch (error) { refused += error instanceof RangeError ? 1 : 0; } return refused;`;

describe("calls that wait for the host", () => {
  it.each([
    ["setTimeout", "setTimeout(() => {}, 1e6)", "startTimer"],
    ["setInterval", "setInterval(() => {}, 1e6)", "startTimer"],
    ["setImmediate", "setImmediate(() => {})", "startTimer"],
    ["AbortSignal.timeout", "AbortSignal.timeout(1e6)", "startTimer"],
  ])("%s beyond the limit is refused, told of once, and never asked of the host", async (_title, call, name) => {
    const { room, outcome } = await flood(caught(call, 20_000), { bounds: { pendingCalls: 100 } });
    await using _ = room;
    expect(outcome).toBe("R 19900");
    expect([room.exceeded, room.calls[name], room.calls["exceeded"]]).toEqual([[["pendingCalls", 101]], 100, 1]);
  });

  it.each([
    ["import()", `dynamicImport("./x.js")`, "importModule"],
    ["a digest", `crypto.subtle.digest("SHA-1", new Uint8Array(1))`, "call"],
  ])("%s beyond the limit rejects, is told of once, and never asked of the host", async (_title, call, name) => {
    const { room, outcome } = await flood(
      `let refused = 0; for (let i = 0; i < 20_000; i++) ${call}.catch((error) => { refused += error instanceof RangeError ? 1 : 0; }); await null; await null; await null; await null; return refused;`,
      { bounds: { pendingCalls: 100 } },
    );
    await using _ = room;
    expect(outcome).toBe("R 19900");
    expect([room.exceeded, room.calls[name], room.calls["exceeded"]]).toEqual([[["pendingCalls", 101]], 100, 1]);
  });

  it("timers, imports and calls share one limit", async () => {
    const { room, outcome } = await flood(
      `const told = []; setTimeout(() => {}, 1e6); dynamicImport("./x.js").catch(() => {}); crypto.subtle.digest("SHA-1", new Uint8Array(1)).catch(() => {}); try { setTimeout(() => {}, 1e6); told.push("started"); } catch { told.push("refused"); } return told;`,
      { bounds: { pendingCalls: 3 } },
    );
    await using _ = room;
    expect([outcome, room.exceeded]).toEqual([`R ["refused"]`, [["pendingCalls", 4]]]);
  });

  it("what has been answered, stopped or fired no longer counts", async () => {
    const { room, outcome } = await flood(
      `for (let i = 0; i < 50; i++) { clearTimeout(setTimeout(() => {}, 1e6)); clearImmediate(setImmediate(() => {})); AbortSignal.timeout(1); await new Promise((done) => setTimeout(done, 1)); await crypto.subtle.digest("SHA-1", new Uint8Array(1)); await dynamicImport("./none.js").catch(() => {}); }
       const interval = await new Promise((done) => { let ticks = 0; const each = setInterval(() => { if (++ticks === 20) done(each); }, 1); }); clearInterval(interval);
       const refreshed = setTimeout(() => {}, 1e6); for (let i = 0; i < 50; i++) refreshed.refresh(); return "fine";`,
      { bounds: { pendingCalls: 5 } },
    );
    await using _ = room;
    expect([outcome, room.exceeded]).toEqual([`R "fine"`, []]);
  });

  it("imports and calls are also counted in all; timers are not", async () => {
    const { room, outcome } = await flood(
      `for (let i = 0; i < 30; i++) await new Promise((done) => setImmediate(done)); let done = 0; try { for (;;) { await crypto.subtle.digest("SHA-1", new Uint8Array(1)); await dynamicImport("./none.js").catch((error) => { if (error instanceof RangeError) throw error; }); done++; } } catch (error) { return [done, error.name]; }`,
      { bounds: { totalCalls: 20 } },
    );
    await using _ = room;
    expect([outcome, room.exceeded]).toEqual([`R [10,"RangeError"]`, [["totalCalls", 21]]]);
  });

  it("starting and stopping without end does not run ahead of the host", async () => {
    const { room, outcome } = await flood(`let most = 0; for (let i = 0; i < 5000; i++) { clearTimeout(setTimeout(() => {}, 1e6)); } return "done";`);
    await using _ = room;
    // Of what was told, the host has seen all but the last few hundred when author code goes on.
    expect([outcome, (room.calls["startTimer"] ?? 0) > 4500]).toEqual([`R "done"`, true]);
  });
});

describe("the log", () => {
  it("takes one line more than its limit, so that the host sees it passed, and drops the rest unmade", async () => {
    const { room, outcome } = await flood(
      `let made = 0; const costly = { get x() { made++; return 1; } }; for (let i = 0; i < 1_000_000; i++) console.log(i); for (let i = 0; i < 100; i++) { console.log(costly); ctx.log.info("m", costly); console.table([costly]); console.dir(costly); console.trace(costly); } return made;`,
      { bounds: { logLines: 10 } },
    );
    await using _ = room;
    expect(outcome).toBe("R 0");
    expect(room.text()).toBe("0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10");
  });

  it("keeps the beginning of a line that is longer than its limit, and of its data", async () => {
    const { room } = await flood(`console.log("a".repeat(10_000_000)); console.log("dropped");`, { bounds: { logBytes: 1000 } });
    await using _ = room;
    expect(room.lines).toHaveLength(1);
    expect(room.lines[0]?.parts[0]).toMatch(/^a{2001}…$/);
    const { room: other } = await flood(`ctx.log.info("told", "d".repeat(10_000_000)); console.log("dropped");`, { bounds: { logBytes: 1000 } });
    await using _other = other;
    expect(other.lines).toHaveLength(1);
    expect(other.lines[0]?.parts[0]).toBe("told");
    expect(String(other.lines[0]?.data)).toMatch(/^"d{1996}$/);
  });
});

describe("what crosses is bounded:", () => {
  it("a result beyond its limit does not cross, and says how large it was", async () => {
    await using room = await createRoom({ bounds: { resultBytes: 1000 } });
    await room.evaluate(
      {
        "entry.js": `import { workflow } from "bifrost"; export const fits = workflow(async () => "x".repeat(998)); export const more = workflow(async () => "x".repeat(999));`,
      },
      "entry.js",
    );
    expect((await room.invoke("fits")).value).toHaveLength(998);
    expect(room.exceeded).toEqual([]);
    void room.invoke("more").catch(() => {});
    await expect.poll(() => room.exceeded).toEqual([["resultBytes", 1001]]);
  });

  it("a specifier", async () => {
    let longest = 0;
    const { room } = await flood(`await dynamicImport("./" + "x".repeat(5_000_000)).catch((error) => console.log(error.message)); return 1;`);
    await using _ = room;
    for (const { parts } of room.lines) longest = Math.max(longest, ...parts.map((part) => part.length));
    expect(longest).toBeLessThan(2100);
  });

  it("an error with its name and all its causes", async () => {
    const { room, outcome } = await flood(
      `let error = new Error("c".repeat(1e6)); for (let i = 0; i < 12; i++) { error = new Error("m".repeat(2e6), { cause: error }); error.name = "n".repeat(1e6); error.stack = "s".repeat(2e6); } throw error;`,
    );
    await using _ = room;
    expect(outcome.startsWith("E ")).toBe(true);
    expect(outcome.length).toBeLessThan(4_000_000);
  });

  it("the problems of an input", async () => {
    await using room = await createRoom();
    await room.evaluate(
      {
        "entry.js": `import { workflow } from "bifrost"; const issues = Array.from({ length: 5000 }, () => ({ path: ["p".repeat(10_000)], message: "m".repeat(10_000) }));
          export default workflow({ params: { safeParse: () => ({ success: false, error: { issues } }) } }, async () => 1);`,
      },
      "entry.js",
    );
    const { outcome, value } = (await room.invoke()) as { outcome: string; value: unknown[] };
    expect([outcome, value.length, JSON.stringify(value).length < 10_000_000]).toEqual(["I", 1000, true]);
  });

  it("the argument of a call", async () => {
    const { room, outcome } = await flood(`return await crypto.subtle.digest("SHA-1", new Uint8Array(60_000_000)).catch((error) => error.name);`);
    await using _ = room;
    expect([outcome, room.calls["call"]]).toEqual([`R "QuotaExceededError"`, undefined]);
  });
});
