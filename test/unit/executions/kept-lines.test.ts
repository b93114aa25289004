import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { LogLine } from "../../../src/completion.ts";
import { createInProcessLive } from "../../../src/executions/in-process-live.ts";
import { withKeptLines } from "../../../src/executions/kept-lines.ts";
import type { Claim } from "../../../src/executions/ledger.ts";
import { describeLiveContract, numbered } from "../../support/live-contract.ts";

describeLiveContract("in process, kept before they are told", async () => {
  const live = withKeptLines(createInProcessLive({ lingerMs: 200 }), { ledger: { keepLines: async () => undefined }, host: () => "h" });
  return { here: live, there: live, dispose: async () => live[Symbol.asyncDispose]() };
});

describe("lines kept before they are told", () => {
  const [workspace, id] = [randomUUID(), randomUUID()];

  function scene() {
    const kept: { readonly claim: Claim; readonly sequences: number[] }[] = [];
    const ledger = {
      answers: Promise.resolve(),
      async keepLines(claim: Claim, lines: readonly LogLine[]) {
        await ledger.answers;
        kept.push({ claim, sequences: lines.map(({ sequence }) => sequence) });
      },
    };
    const live = withKeptLines(createInProcessLive(), { ledger, host: () => "host" });
    const say = (fence: number, ...numbers: number[]): void => {
      for (const n of numbers) live.append(workspace, id, { line: numbered(n), fence });
    };
    const told = async (): Promise<(number | undefined)[]> => (await live.read(workspace, id, "")).map(({ line }) => line?.sequence);
    return { kept, ledger, live, say, told };
  }

  it("B88: are in the record, under the claim of who said them, when they are read, and those that nobody reads are not", async () => {
    const { kept, say, told } = scene();
    say(1, 1, 2);
    expect(kept).toEqual([]);
    expect(await told()).toEqual([1, 2]);
    expect(kept).toEqual([{ claim: { id, workspace, host: "host", fence: 1 }, sequences: [1, 2] }]);
    say(1, 3);
    expect(await told()).toEqual([1, 2, 3]);
    expect(await told()).toEqual([1, 2, 3]);
    expect(kept.map(({ sequences }) => sequences)).toEqual([[1, 2], [3]]);
  });

  it("who reads while they are being kept is told of them no sooner", async () => {
    const { kept, ledger, say, told } = scene();
    const answer = Promise.withResolvers<undefined>();
    ledger.answers = answer.promise;
    say(1, 1);
    const readers = [told(), told()].map((reading) => reading.then((lines) => ({ lines, kept: kept.length })));
    answer.resolve(undefined);
    expect(await Promise.all(readers)).toEqual([
      { lines: [1], kept: 1 },
      { lines: [1], kept: 1 },
    ]);
  });

  it("that the record does not take are not told, until it does", async () => {
    const { kept, ledger, say, told } = scene();
    ledger.answers = Promise.reject(new Error("away"));
    say(1, 1);
    expect(await told()).toEqual([]);
    say(1, 2);
    ledger.answers = Promise.resolve();
    expect(await told()).toEqual([1, 2]);
    expect(kept.map(({ sequences }) => sequences)).toEqual([[1, 2]]);
  });

  it("from inside belong to a record of their own, and those that were dropped are in the record at the end", async () => {
    const { kept, live, say, told } = scene();
    live.append(workspace, id, { line: numbered(1), from: { id: "inner", parentId: id, reference: "inner.ts" }, fence: 1 });
    say(1, 1);
    live.drop(workspace, id);
    expect(await told()).toEqual([1, 1]);
    expect(kept).toEqual([]);
  });
});
