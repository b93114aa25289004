// A ladder: ways to get a server, best first. Climbs until one holds; if none does, says what was tried and why each failed.

export interface Rung<Server> {
  /** What is tried, in words that fit after "Redis from …". */
  readonly title: string;
  /** Gives the server, or undefined with the reason why this way is closed. Throwing is a reason too. */
  readonly climb: () => Promise<Server | Closed>;
}

export class Closed {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export async function climb<Server extends object>(wanted: string, rungs: readonly Rung<Server>[]): Promise<Server> {
  const tried: string[] = [];
  for (const rung of rungs) {
    try {
      const outcome = await rung.climb();
      if (!(outcome instanceof Closed)) return outcome;
      tried.push(`  ${rung.title}: ${outcome.reason}`);
    } catch (error) {
      tried.push(`  ${rung.title}: ${firstLines(error)}`);
    }
  }
  throw new Error(`No ${wanted} for the tests. Any one of these would do:\n${tried.join("\n")}`);
}

function firstLines(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n").slice(0, 6).join("\n    ");
}
