// The promises of src/executions/live.ts as a suite: what is heard of executions while they run, over whatever carries it.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LogLine } from "../../src/completion.ts";
import type { Live, Notice, PlacedLine } from "../../src/executions/live.ts";

export interface LivesUnderTest {
  /** Two hosts over one transport; in process the same one twice. Lines linger for 200 ms after `drop`. */
  readonly here: Live;
  readonly there: Live;
  dispose(): Promise<void>;
}

export function numbered(sequence: number, message = `line ${sequence}`): LogLine {
  return { sequence, level: "info", message, timestamp: "2026-11-20T12:00:00.000Z" };
}

/** All that is there after a place. */
export async function readAll(live: Live, { workspace, id, after = "" }: { workspace: string; id: string; after?: string }): Promise<PlacedLine[]> {
  const all: PlacedLine[] = [];
  for (let place = after; ;) {
    const entries = await live.read(workspace, id, place);
    for (const entry of entries) if (entry.line !== undefined) all.push(entry);
    const last = entries.at(-1);
    if (last === undefined) return all;
    place = last.place;
  }
}

export function describeLiveContract(name: string, create: () => Promise<LivesUnderTest>): void {
  describe(`${name}: live lines and notices`, () => {
    let lives: LivesUnderTest;
    beforeAll(async () => {
      lives = await create();
    });
    afterAll(() => lives.dispose());

    const newRun = (): { workspace: string; id: string } => ({ workspace: randomUUID(), id: randomUUID() });

    it("reads nothing of an execution that said nothing", async () => {
      const { workspace, id } = newRun();
      expect(await lives.there.read(workspace, id, "")).toEqual([]);
    });

    it("B88: lines are read on another host whole and in the order in which they were appended, those from inside among them", async () => {
      const { workspace, id } = newRun();
      const from = { id: randomUUID(), parentId: id, reference: "inner.ts" };
      const data = { text: "a \u0000 b \ud800 \u{1f600}", list: [1, null, { deep: true }] };
      lives.here.append(workspace, id, { line: { ...numbered(1, "with\nline ends, and \u2028"), data } });
      lives.here.append(workspace, id, { line: numbered(1, "inside"), from });
      lives.here.append(workspace, id, { line: numbered(2) });
      await lives.here.flushed(workspace, id);
      const lines = await readAll(lives.there, { workspace, id });
      expect(lines.map(({ line, from: origin }) => ({ line, origin }))).toEqual([
        { line: { ...numbered(1, "with\nline ends, and \u2028"), data }, origin: undefined },
        { line: numbered(1, "inside"), origin: from },
        { line: numbered(2), origin: undefined },
      ]);
    });

    it("B88: reading goes on after any line that was read, and finds what came meanwhile", async () => {
      const { workspace, id } = newRun();
      for (let n = 1; n <= 5; n += 1) lives.here.append(workspace, id, { line: numbered(n) });
      await lives.here.flushed(workspace, id);
      const lines = await readAll(lives.there, { workspace, id });
      for (const [at, { place }] of lines.entries()) {
        expect((await readAll(lives.there, { workspace, id, after: place })).map(({ line }) => line.sequence)).toEqual([1, 2, 3, 4, 5].slice(at + 1));
      }
      lives.here.append(workspace, id, { line: numbered(6) });
      await lives.here.flushed(workspace, id);
      expect((await readAll(lives.there, { workspace, id, after: lines.at(-1)!.place })).map(({ line }) => line.sequence)).toEqual([6]);
    });

    it("B88: 5,000 lines that are appended without a pause arrive all, once and in order", async () => {
      const { workspace, id } = newRun();
      for (let n = 1; n <= 5000; n += 1) lives.here.append(workspace, id, { line: numbered(n) });
      await lives.here.flushed(workspace, id);
      expect((await readAll(lives.there, { workspace, id })).map(({ line }) => line.sequence)).toEqual(Array.from({ length: 5000 }, (_, at) => at + 1));
    });

    it("lines are read with the fence under which they were said, and a closing stands among them where it was made", async () => {
      const { workspace, id } = newRun();
      lives.here.append(workspace, id, { line: numbered(1) });
      lives.here.append(workspace, id, { line: numbered(2), fence: 3 });
      await lives.here.flushed(workspace, id);
      await lives.there.close(workspace, id, 3);
      lives.here.append(workspace, id, { line: numbered(3), fence: 3 });
      await lives.here.flushed(workspace, id);
      const entries = await lives.there.read(workspace, id, "");
      expect(entries.map(({ fence, line }) => [fence, line?.sequence])).toEqual([
        [0, 1],
        [3, 2],
        [3, undefined],
        [3, 3],
      ]);
    });

    it("lines of one execution are not read under another's id, nor in another workspace", async () => {
      const { workspace, id } = newRun();
      lives.here.append(workspace, id, { line: numbered(1) });
      await lives.here.flushed(workspace, id);
      expect(await lives.there.read(workspace, randomUUID(), "")).toEqual([]);
      expect(await lives.there.read(randomUUID(), id, "")).toEqual([]);
    });

    it("notices are heard on every host, the announcing one included, in the order of announcing, and no more after listening ended", async () => {
      const { workspace, id } = newRun();
      const heard: Record<"here" | "there", string[]> = { here: [], there: [] };
      const listenings = (["here", "there"] as const).map((host) =>
        lives[host].listen((notice) => {
          if (notice.type !== "resumed" && notice.id === id) heard[host].push(`${notice.type} ${notice.workspace === workspace}`);
        }),
      );
      await hears(lives, workspace);
      const types: Notice["type"][] = ["lines", "cancel", "ended"];
      for (const type of types) void lives.here.announce({ type, workspace, id });
      const expected = types.map((type) => `${type} true`);
      await expect.poll(() => heard).toEqual({ here: expected, there: expected });
      for (const listening of listenings) listening[Symbol.dispose]();
      await lives.here.announce({ type: "lines", workspace, id });
      await hears(lives, workspace);
      expect(heard).toEqual({ here: expected, there: expected });
    });

    it("appending is announced, and who hears of it finds the line", async () => {
      const { workspace, id } = newRun();
      const found: Record<"here" | "there", unknown[]> = { here: [], there: [] };
      using _listenings = new DisposableStack();
      for (const host of ["here", "there"] as const) {
        _listenings.use(
          lives[host].listen((notice) => {
            if (notice.type !== "lines" || notice.id !== id) return;
            void lives[host].read(workspace, id, "").then((lines) => found[host].push(lines.map(({ line }) => line?.sequence)));
          }),
        );
      }
      await hears(lives, workspace);
      lives.here.append(workspace, id, { line: numbered(1) });
      await expect.poll(() => found).toEqual({ here: [[1]], there: [[1]] });
    });

    it("B31: dropped lines stay for a while for those who still read, and then are gone", async () => {
      const { workspace, id } = newRun();
      lives.here.append(workspace, id, { line: numbered(1) });
      await lives.here.flushed(workspace, id);
      const [first] = await lives.there.read(workspace, id, "");
      lives.here.drop(workspace, id);
      expect(first?.line).toEqual(numbered(1));
      await expect.poll(() => lives.there.read(workspace, id, "")).toEqual([]);
    });

    it("dropping what was never appended does nothing", async () => {
      const { workspace, id } = newRun();
      lives.here.drop(workspace, id);
      await lives.here.flushed(workspace, id);
      expect(await lives.there.read(workspace, id, "")).toEqual([]);
    });
  });
}

/** Resolves when a notice from here is heard there: from then on all are. */
export async function hears({ here, there }: { readonly here: Live; readonly there: Live }, workspace: string): Promise<void> {
  const id = randomUUID();
  let heard = false;
  using _listening = there.listen((notice) => {
    if (notice.type !== "resumed" && notice.id === id) heard = true;
  });
  await expect
    .poll(
      async () => {
        await here.announce({ type: "lines", workspace, id });
        return heard;
      },
      { timeout: 15_000 },
    )
    .toBe(true);
}
