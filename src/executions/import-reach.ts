// What the import()s of one execution have led to, counted over all of them: author code may import one module at a time
// for as long as it may run, and each costs the host, which everybody shares, a walk.
import { Fault } from "../errors.ts";
import type { Closure, ClosureModule } from "../modules/loader.ts";

/** Modules walked for import()s, as a multiple of the modules that may be linked: closures may overlap. */
const WALKS = 20;
/** Failed import()s that are told what the author may have meant. */
const MAX_EXPLAINED = 20;

export class ImportReach {
  readonly #limit: number;
  readonly #linked = new Set<string>();
  readonly #seen = new WeakSet<Closure>();
  #walked = 0;
  #failed = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Of the execution's own entry: it has passed the limit by itself. */
  begin(closure: Closure): void {
    this.#link(linkedBy(closure));
  }

  /** Undefined where the closure may be linked beside what is linked already. `walked`: modules looked at to find it. */
  add(closure: Closure, walked: number): Fault | undefined {
    if (this.#seen.has(closure)) return undefined;
    const wanted = linkedBy(closure);
    this.#walked += Math.max(walked, wanted.length, 1);
    const amount = this.#linked.size + wanted.filter(({ path }) => !this.#linked.has(path)).length;
    if (amount > this.#limit) return tooMany(`With it, this execution has ${amount} modules`, { limit: this.#limit, amount });
    this.#link(wanted);
    this.#seen.add(closure);
    return undefined;
  }

  /** Why nothing more is looked for, where so much has been that nothing is. */
  exhausted(): Fault | undefined {
    const limit = this.#limit * WALKS;
    if (this.#walked <= limit) return undefined;
    return tooMany(`The import()s of this execution have led to ${this.#walked} modules, each counted for every import() that leads to it`, {
      limit,
      amount: this.#walked,
    });
  }

  /** Whether one more failure may cost a look at all names. */
  mayExplain(): boolean {
    this.#failed += 1;
    return this.#failed <= MAX_EXPLAINED;
  }

  #link(modules: readonly ClosureModule[]): void {
    for (const { path } of modules) this.#linked.add(path);
  }
}

function linkedBy(closure: Closure): readonly ClosureModule[] {
  return closure.modules.filter((module) => module.static);
}

function tooMany(what: string, { limit, amount }: { readonly limit: number; readonly amount: number }): Fault {
  return new Fault("ERR_CLOSURE_TOO_LARGE", `${what}; at most ${limit} are allowed. Split the workflow, or import less.`, { details: { limit, amount } });
}
