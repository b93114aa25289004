import { describe, expect, it } from "vitest";
import { SharedFlights } from "../../../src/snapshot/shared-flights.ts";
import { TwoTurns } from "../../../src/snapshot/two-turns.ts";

describe("two turns", () => {
  it("give all who wait one answer, to a question that was asked after they came", async () => {
    const turns = new TwoTurns<string, number>();
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    const ask = async (): Promise<number> => ++asked;
    const first = turns.join("k", {
      alone: async () => {
        await gate.promise;
        return ask();
      },
      afterAnother: ask,
    });
    const waiting = [1, 2, 3].map(() => turns.join("k", { alone: ask, afterAnother: ask }));
    expect(await turns.join("other", { alone: ask, afterAnother: ask })).toBe(1);
    gate.resolve();
    expect([await first, ...(await Promise.all(waiting))]).toEqual([2, 3, 3, 3]);
    expect(await turns.join("k", { alone: ask, afterAnother: ask })).toBe(4);
  });

  it("give a failure to all who waited for it, and begin anew after it", async () => {
    const turns = new TwoTurns<string, number>();
    const fail = async (): Promise<number> => Promise.reject(new Error("down"));
    const joined = [1, 2, 3].map(() => turns.join("k", { alone: fail, afterAnother: async () => 1 }));
    expect((await Promise.allSettled(joined)).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(await turns.join("k", { alone: async () => 7, afterAnother: fail })).toBe(7);
  });
});

describe("shared flights", () => {
  it("load each key once while it is being loaded, whoever asks for it with what else", async () => {
    const flights = new SharedFlights<string, string>();
    const loads: (readonly string[])[] = [];
    const load = async (keys: readonly string[]): Promise<ReadonlyMap<string, string>> => {
      loads.push(keys);
      return new Map(keys.filter((key) => key !== "absent").map((key) => [key, key.toUpperCase()]));
    };
    const [one, other] = await Promise.all([flights.get(["a", "b"], load), flights.get(["b", "absent", "c"], load)]);
    expect(loads).toEqual([
      ["a", "b"],
      ["absent", "c"],
    ]);
    expect([...one, ...other]).toEqual([
      ["a", "A"],
      ["b", "B"],
      ["b", "B"],
      ["c", "C"],
    ]);
    await flights.get(["a"], load);
    expect(loads).toHaveLength(3);
  });

  it("reject for all who share the load that failed, and forget it", async () => {
    const flights = new SharedFlights<string, string>();
    const down = async (): Promise<never> => Promise.reject(new Error("down"));
    const results = await Promise.allSettled([flights.get(["a"], down), flights.get(["a"], async () => new Map([["a", "x"]]))]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await flights.get(["a"], async () => new Map([["a", "x"]]))).toEqual(new Map([["a", "x"]]));
  });
});
