import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { LogLine } from "../../../src/completion.ts";
import { followLines, type Followed } from "../../../src/executions/follow-lines.ts";
import { createInProcessLive } from "../../../src/executions/in-process-live.ts";
import type { Live, LiveLine } from "../../../src/executions/live.ts";
import { createLiveWatch } from "../../../src/executions/live-watch.ts";
import { KeptExecutions, type KeptExecution } from "../../support/kept-executions.ts";
import { numbered } from "../../support/live-contract.ts";

const workspace = randomUUID();
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});

interface Scene {
  readonly id: string;
  readonly live: Live;
  readonly ledger: KeptExecutions;
  readonly kept: KeptExecution;
  /** What a follower has been given so far, as numbers; those from inside with their origin. */
  follow(options?: Partial<Followed>): { readonly given: (number | string)[]; readonly lines: LogLine[]; readonly ended: Promise<void> };
  say(...numbers: number[]): void;
  end(): void;
}

function scene(): Scene {
  const live = createInProcessLive();
  open.push(live);
  const ledger = new KeptExecutions();
  const id = randomUUID();
  const kept = ledger.keep(id, { status: "Running", lines: [] });
  const watch = createLiveWatch(live);
  return {
    id,
    live,
    ledger,
    kept,
    follow(options = {}) {
      const given: (number | string)[] = [];
      const lines: LogLine[] = [];
      const ended = (async () => {
        for await (const { line, from } of followLines({ live, ledger, watch }, { workspace, id, ...options })) {
          lines.push(line);
          given.push(from === undefined ? line.sequence : `${from.reference} ${line.sequence}`);
        }
      })();
      return { given, lines, ended };
    },
    say(...numbers) {
      for (const n of numbers) live.append(workspace, id, { line: numbered(n) });
    },
    end() {
      kept.status = "Success";
      void live.announce({ type: "ended", workspace, id });
    },
  };
}

describe("followed lines", () => {
  it("B88: come as they are said, and end with the execution", async () => {
    const { follow, say, end, kept } = scene();
    const { given, ended } = follow();
    say(1, 2);
    await expect.poll(() => given).toEqual([1, 2]);
    say(3);
    await expect.poll(() => given).toEqual([1, 2, 3]);
    kept.lines = [1, 2, 3].map((n) => numbered(n));
    end();
    await ended;
    expect(given).toEqual([1, 2, 3]);
  });

  it("B88: resume after a number, live and from the record", async () => {
    const { follow, say, end, kept } = scene();
    say(1, 2, 3);
    const { given, ended } = follow({ after: 2 });
    await expect.poll(() => given).toEqual([3]);
    say(4);
    kept.lines = [1, 2, 3, 4].map((n) => numbered(n));
    end();
    await ended;
    expect(given).toEqual([3, 4]);
    const later = follow({ after: 1 });
    await later.ended;
    expect(later.given).toEqual([2, 3, 4]);
  });

  it("B28: what the live lines lost in the middle comes from the record, without a gap and without a duplicate", async () => {
    const { follow, say, end, kept } = scene();
    const { given, ended } = follow();
    say(1, 2, 2, 1);
    await expect.poll(() => given).toEqual([1, 2]);
    say(5, 6, 5);
    kept.lines = [1, 2, 3, 4, 5, 6, 7].map((n) => numbered(n));
    end();
    await ended;
    expect(given).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("go on live after lines that were lost, as soon as the record has them", async () => {
    const { follow, say, kept, end } = scene();
    const { given, ended } = follow();
    say(1, 4);
    await expect.poll(() => given).toEqual([1]);
    kept.lines = [1, 2, 3].map((n) => numbered(n));
    await expect.poll(() => given, { timeout: 5000 }).toEqual([1, 2, 3, 4]);
    say(5);
    await expect.poll(() => given).toEqual([1, 2, 3, 4, 5]);
    kept.lines = [1, 2, 3, 4, 5].map((n) => numbered(n));
    end();
    await ended;
  });

  it("are all in the record of an execution whose live lines are gone", async () => {
    const { follow, kept } = scene();
    kept.status = "Failed";
    kept.lines = Array.from({ length: 2500 }, (_, at) => numbered(at + 1));
    const { given, ended } = follow({ after: 1 });
    await ended;
    expect(given).toEqual(Array.from({ length: 2499 }, (_, at) => at + 2));
  });

  it("that a host says which was taken for dead are not told, whether another says others or nobody does", async () => {
    const { follow, live, id, kept, end } = scene();
    const { given, ended } = follow();
    const say = (sequence: number, fence: number): void => live.append(workspace, id, { line: numbered(sequence, `under ${fence}`), fence });
    const alsoFollowing = follow();
    say(1, 1);
    say(2, 1);
    await live.close(workspace, id, 1);
    say(3, 1);
    say(3, 2);
    say(4, 1);
    say(4, 2);
    await expect.poll(() => given).toEqual([1, 2, 3, 4]);
    kept.lines = [1, 1, 2, 2].map((fence, at) => numbered(at + 1, `under ${fence}`));
    end();
    await Promise.all([ended, alsoFollowing.ended]);
    expect(alsoFollowing.lines.map(({ message }) => message)).toEqual(["under 1", "under 1", "under 2", "under 2"]);
  });

  it("from inside come once each, and do not count with the execution's own", async () => {
    const { follow, live, id, say, end, kept } = scene();
    const { given, ended } = follow();
    const inside = (sequence: number): LiveLine => ({ line: numbered(sequence), from: { id: "inner", parentId: id, reference: "inner.ts" } });
    say(1);
    for (const n of [1, 1, 2]) live.append(workspace, id, inside(n));
    say(2);
    await expect.poll(() => given).toEqual([1, "inner.ts 1", "inner.ts 2", 2]);
    kept.lines = [1, 2].map((n) => numbered(n));
    end();
    await ended;
    // Who comes just after the end hears the same.
    const late = follow();
    await late.ended;
    expect(late.given).toEqual(given);
  });

  it("end without any notice: it looks by itself", async () => {
    const { follow, kept } = scene();
    const { given, ended } = follow();
    kept.lines = [numbered(1)];
    kept.status = "Cancelled";
    await ended;
    expect(given).toEqual([1]);
  });

  it("wait on while the database is away, and miss nothing of it", async () => {
    const { follow, ledger, say, kept, end } = scene();
    const { given, ended } = follow();
    say(1);
    await expect.poll(() => given).toEqual([1]);
    ledger.isAway = true;
    say(2, 4);
    await expect.poll(() => given).toEqual([1, 2]);
    kept.lines = [1, 2, 3, 4, 5].map((n) => numbered(n));
    end();
    const looks = ledger.looks;
    await expect.poll(() => ledger.looks, { timeout: 5000 }).toBeGreaterThan(looks);
    ledger.isAway = false;
    await ended;
    expect(given).toEqual([1, 2, 3, 4, 5]);
  });

  it("end at once when the signal aborts, while waiting and before", async () => {
    const { follow, say } = scene();
    const stop = new AbortController();
    const { given, ended } = follow({ signal: stop.signal });
    say(1);
    await expect.poll(() => given).toEqual([1]);
    stop.abort();
    await ended;
    const late = follow({ signal: stop.signal });
    await late.ended;
    expect(late.given).toEqual([]);
  });

  it("of an id that nobody has are refused", async () => {
    const { follow } = scene();
    await expect(follow({ id: randomUUID() }).ended).rejects.toMatchObject({ code: "ERR_EXECUTION_NOT_FOUND" });
  });
});
