// What a host that died had said of its executions, and others may have read already: taken from the live lines into the
// record, while the executions are still the dead host's.
import type { LogLine } from "../completion.ts";
import type { Claim, Ledger } from "./ledger.ts";
import { CurrentFence } from "./current-fence.ts";
import type { Live } from "./live.ts";

export interface SavingParts {
  readonly ledger: Pick<Ledger, "held" | "lines" | "keepLines">;
  readonly live: Pick<Live, "read" | "close">;
}

const AT_ONCE = 50;

/** As far as it can be had: never rejects. Lines after one that is missing are left out. */
export async function saveLiveLines({ ledger, live }: SavingParts, host: string): Promise<void> {
  const claims = await ledger.held(host).catch(() => []);
  const byId = new Map(claims.map((claim) => [claim.id, claim]));
  for (let at = 0; at < claims.length; at += AT_ONCE) {
    await Promise.all(claims.slice(at, at + AT_ONCE).map((claim) => save(claim)));
  }

  async function save(claim: Claim): Promise<void> {
    const said = new Map<string, LogLine[]>();
    const fence = new CurrentFence();
    // What counts until here is kept, and nothing else counts: so the record has what was told, and has it all.
    await live.close(claim.workspace, claim.id, claim.fence);
    for (let place = ""; ;) {
      const entries = await live.read(claim.workspace, claim.id, place);
      for (const entry of entries) {
        if (fence.counts(entry) && entry.fence === claim.fence) note(said, { id: entry.from?.id ?? claim.id, line: entry.line });
      }
      const last = entries.at(-1);
      if (last === undefined) break;
      place = last.place;
    }
    for (const [id, lines] of said) {
      const own = byId.get(id);
      if (own !== undefined && (await continuesRecord(own, lines))) await ledger.keepLines(own, lines).catch(() => undefined);
    }
  }

  /** The first ones may be gone from the live lines: the record has them, or what follows cannot be kept without a gap. */
  async function continuesRecord({ workspace, id }: Claim, [first]: readonly LogLine[]): Promise<boolean> {
    if (first === undefined || first.sequence <= 1) return first !== undefined;
    const before = await ledger.lines(workspace, id, { after: first.sequence - 2, limit: 1 }).catch(() => []);
    return before[0]?.sequence === first.sequence - 1;
  }
}

/** Each line once; the first that is missing ends what is kept. */
function note(said: Map<string, LogLine[]>, { id, line }: { readonly id: string; readonly line: LogLine }): void {
  const lines = said.get(id) ?? [];
  said.set(id, lines);
  const last = lines.at(-1)?.sequence;
  if (last === undefined || line.sequence === last + 1) lines.push(line);
}
