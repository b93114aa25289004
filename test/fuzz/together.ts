// Properties whose cases are cheap only many at once: all are tried ahead in batches, then judged one by one, so that a case that
// fails is made smaller alone.
import fc from "fast-check";
import { tries } from "./tries.ts";

export interface Together<Case, Outcome> {
  readonly count: number;
  readonly atOnce: number;
  /** One outcome for each case, in order. */
  attempt(cases: readonly Case[]): Promise<readonly Outcome[]>;
  /** Throws for an outcome that is wrong. */
  judge(outcome: Outcome, given: Case): void | Promise<void>;
}

/** Cases are data: two that have the same JSON are the same. */
export async function assertTogether<Case, Outcome>(cases: fc.Arbitrary<Case>, { count, atOnce, attempt, judge }: Together<Case, Outcome>): Promise<void> {
  const parameters = tries<[Case]>(count);
  const outcomes = new Map<string, Outcome>();
  const coming = fc.sample(cases, tries(count));
  for (let first = 0; first < coming.length; first += atOnce) {
    const batch = coming.slice(first, first + atOnce);
    for (const [index, outcome] of (await attempt(batch)).entries()) outcomes.set(JSON.stringify(batch[index]), outcome);
  }
  const property = fc.asyncProperty(cases, async (given) => {
    await judge(outcomes.get(JSON.stringify(given)) ?? (await attempt([given]))[0]!, given);
  });
  await fc.assert(property, parameters);
}
