// Executions that the ledger has in this host's hands and the host does not: an answer was lost with its connection, after the
// database had done what it was asked. Nobody else would ever close them, since the host lives.
import type { HeldExecution, Ledger } from "./executions/ledger.ts";
import { startPulse } from "./queue/pulse.ts";

export interface StraysParts {
  readonly ledger: Pick<Ledger, "held" | "handBack" | "abandon">;
  readonly host: () => string;
  /** Whether this process has it in hand: as one of its own, or as what one of those executes. */
  readonly has: (id: string) => boolean;
  readonly onClosed: (closed: Awaited<ReturnType<Ledger["abandon"]>>) => void;
  readonly log: (message: string) => void;
  /** 2000 where absent. One that is missing twice in a row is a stray: what is on its way to be taken is not. */
  readonly everyMs?: number | undefined;
}

/** Looks from the beginning. */
export function createStrays({ ledger, host, has, onClosed, log, everyMs = 2000 }: StraysParts): AsyncDisposable {
  let missing = new Map<string, number>();

  async function look(): Promise<void> {
    const id = host();
    const held = (await ledger.held(id)).filter((each) => !has(each.id));
    const strays = held.filter((each) => missing.get(each.id) === each.fence);
    missing = new Map(held.map((each) => [each.id, each.fence]));
    if (strays.length > 0) await close(id, strays);
  }

  async function close(id: string, strays: readonly HeldExecution[]): Promise<void> {
    const begun: string[] = [];
    for (const each of strays) {
      const back = !each.begun && !each.nested && (await ledger.handBack(each, { dueInMs: 0, counts: false }));
      if (!back) begun.push(each.id);
    }
    const closed = await ledger.abandon(id, begun);
    log(`${strays.length} executions were lost sight of: ${closed.ended.length} are ended, ${strays.length - closed.ended.length} wait again.`);
    onClosed({ ended: closed.ended, waiting: strays.length - closed.ended.length });
  }

  return startPulse(everyMs, () =>
    look().catch(() => {
      missing = new Map();
    }),
  );
}
