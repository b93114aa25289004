import { describe, expect, it } from "vitest";
import { runBoth } from "../../support/node-oracle.ts";
import { createRoom } from "../../support/room.ts";

async function expectSame(body: string): Promise<void> {
  const { room, node } = await runBoth(body);
  expect(room).toEqual(node);
}

describe("timers", () => {
  it("fire in Node's order: microtasks, then by delay, then by start; arguments are passed on", () =>
    expectSame(`
      const seen = []; const push = (...values) => seen.push(...values);
      setTimeout(push, 20, "twenty"); setTimeout(push, 3, "three", "arguments"); setTimeout(push, 1, "one"); setTimeout(push, 0, "zero is one"); setTimeout(push, undefined, "undefined is one"); setTimeout(push, -5, "negative is one"); setTimeout(push, 2 ** 31, "too long is one"); setTimeout(push, "x", "text is one"); setTimeout(push, "3", "text three");
      queueMicrotask(() => push("microtask")); Promise.resolve().then(() => push("then"));
      await new Promise((done) => setTimeout(done, 30)); return seen;`));

  it("run the microtasks of one callback before the next callback", () =>
    expectSame(`
      const seen = [];
      for (const name of ["a", "b"]) setTimeout(() => { seen.push(name); Promise.resolve().then(() => seen.push(name + " then")); }, 1);
      for (const name of ["c", "d"]) setImmediate(() => { seen.push(name); queueMicrotask(() => seen.push(name + " then")); });
      await new Promise((done) => setTimeout(done, 20)); return seen.filter((x) => /^[ab]/.test(x)).concat(seen.filter((x) => /^[cd]/.test(x)));`));

  it("are cleared by object, number or text, by any of the clears, and what is no timer is ignored", () =>
    expectSame(`
      const seen = [];
      const a = setTimeout(() => seen.push("a"), 1); const b = setTimeout(() => seen.push("b"), 1); const c = setTimeout(() => seen.push("c"), 1); const d = setImmediate(() => seen.push("d"));
      clearTimeout(a); clearInterval(+b); clearTimeout(String(+c)); clearImmediate(d);
      for (const nothing of [undefined, null, 0, -1, "x", {}, NaN, a]) { clearTimeout(nothing); clearInterval(nothing); clearImmediate(nothing); }
      setTimeout(() => seen.push("kept"), 1); { using scoped = setTimeout(() => seen.push("disposed"), 1); }
      await new Promise((done) => setTimeout(done, 10)); return seen;`));

  it("one callback may clear the next, or itself when it repeats", () =>
    expectSame(`
      const seen = []; let next; let count = 0;
      setTimeout(() => { seen.push("first"); clearTimeout(next); }, 1); next = setTimeout(() => seen.push("never"), 1);
      const interval = setInterval((x) => { seen.push(x); if (++count === 3) clearInterval(interval); }, 1, "tick");
      await new Promise((done) => setTimeout(done, 40)); return seen;`));

  it("a Timeout can be referenced, unreferenced, asked, refreshed and closed", () =>
    expectSame(`
      let fired = 0; const timeout = setTimeout(() => fired++, 2);
      const asked = [timeout.hasRef(), timeout.unref() === timeout, timeout.hasRef(), timeout.ref() === timeout, timeout.hasRef(), typeof +timeout, timeout.refresh() === timeout];
      await new Promise((done) => setTimeout(done, 10)); const once = fired; timeout.refresh(); await new Promise((done) => setTimeout(done, 10)); const twice = fired;
      timeout.refresh(); timeout.close(); await new Promise((done) => setTimeout(done, 10));
      const cleared = setTimeout(() => fired++, 1); clearTimeout(cleared); const immediate = setImmediate(() => {});
      return [asked, once, twice, fired, immediate.hasRef(), immediate.unref() === immediate];`));

  it("a callback that is no function is refused at once, as in Node", () =>
    expectSame(
      `return ["setTimeout", "setInterval", "setImmediate", "queueMicrotask"].flatMap((name) => ["code", undefined, 1, {}].map((value) => { try { globalThis[name](value); return "taken"; } catch (error) { return [error.name, error.code]; } }));`,
    ));

  it("what a timer's callback throws reaches the host, and the error itself can be had again", async () => {
    await using room = await createRoom();
    await room.run(
      `setTimeout(() => { throw new RangeError("late", { cause: new Error("why") }); }, 1); await new Promise((done) => setTimeout(done, 20)); return 1;`,
    );
    expect(room.uncaught.map((error) => `${error.name}: ${error.message}`)).toEqual(["RangeError: late"]);
    const { error } = await room.takeThrown(room.uncaught[0] as Error);
    expect(error).toMatchObject({ name: "RangeError", message: "late", cause: { message: "why" } });
  });

  it("thousands of timers of one turn keep their order", async () => {
    await using room = await createRoom();
    expect(
      await room.run(
        `const seen = []; await new Promise((done) => { for (let i = 0; i < 2000; i++) setTimeout(() => { seen.push(i); if (seen.length === 2000) done(); }, 1 + (i % 2)); }); return seen.every((x, i) => x === (i < 1000 ? 2 * i : 2 * (i - 1000) + 1));`,
      ),
    ).toBe(true);
  });
});
