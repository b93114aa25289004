// Whose turn it is to be compiled: tenants in turn, and each tenant's jobs in the order in which they came, so that one
// with many or slow modules makes nobody else wait for all of them. Knows no processes.

export interface QueuedJob {
  readonly id: number;
  readonly tenant: string;
}

export class TranspileQueue<Job extends QueuedJob> {
  /** In the order in which they are served next. */
  readonly #lines = new Map<string, Job[]>();
  readonly #isWanted: (job: Job) => boolean;

  /** What is wanted no longer when its turn comes is left out. */
  constructor(isWanted: (job: Job) => boolean) {
    this.#isWanted = isWanted;
  }

  /** `first`: before what the tenant waits for already, because it has waited before. */
  add(jobs: readonly Job[], { first = false }: { readonly first?: boolean } = {}): void {
    for (const [tenant, own] of Map.groupBy(jobs, (job) => job.tenant)) {
      const line = this.#lines.get(tenant) ?? [];
      if (!first) for (const job of own) line.push(job);
      this.#lines.set(tenant, first ? [...own, ...line] : line);
    }
  }

  /** At most `most`, one of each tenant in turn; none of those who are `held`. */
  take(most: number, held: ReadonlySet<string>): readonly Job[] {
    const taken: Job[] = [];
    for (let round = [...this.#lines.keys()]; round.length > 0 && taken.length < most;) {
      round = round.filter((tenant) => taken.length === most || this.#takeOne(tenant, { taken, held }));
    }
    return taken;
  }

  /** False where the tenant has no more. Who was served goes to the end of those who wait. */
  #takeOne(tenant: string, { taken, held }: { readonly taken: Job[]; readonly held: ReadonlySet<string> }): boolean {
    const line = held.has(tenant) ? undefined : this.#lines.get(tenant);
    const job = line?.shift();
    if (line === undefined || job === undefined) return false;
    if (this.#isWanted(job)) taken.push(job);
    this.#lines.delete(tenant);
    if (line.length > 0) this.#lines.set(tenant, line);
    return line.length > 0;
  }

  /** How many could be taken now. */
  waiting(held: ReadonlySet<string>): number {
    let length = 0;
    for (const [tenant, line] of this.#lines) if (!held.has(tenant)) length += line.length;
    return length;
  }
}
