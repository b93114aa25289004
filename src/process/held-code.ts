// What a child has been sent and still holds: plans by id, code by key. The supervisor's copy of the list decides what
// the next message must carry.
import type { CodeEntry, Plan } from "../isolate/room-job.ts";

/** Above this much code a child forgets all it holds. */
const MAX_CHARACTERS = 64 * 1024 * 1024;

export class HeldCode {
  readonly #keys = new Set<string>();
  readonly #plans = new Set<number>();
  #characters = 0;

  /** True when it has grown too large and was forgotten here; the child must be told to. */
  forgetIfLarge(): boolean {
    if (this.#characters <= MAX_CHARACTERS) return false;
    this.#keys.clear();
    this.#plans.clear();
    this.#characters = 0;
    return true;
  }

  /** What must be sent for this plan; it counts as held from now on. */
  lacking(plan: Plan, codeOf: (key: string) => string): { planId: number; plan?: Plan; code: CodeEntry[] } {
    if (this.#plans.has(plan.id)) return { planId: plan.id, code: [] };
    this.#plans.add(plan.id);
    const code: CodeEntry[] = [];
    for (const { key } of plan.modules) {
      if (this.#keys.has(key)) continue;
      const js = codeOf(key);
      this.#keys.add(key);
      this.#characters += js.length;
      code.push([key, js]);
    }
    return { planId: plan.id, plan, code };
  }
}
