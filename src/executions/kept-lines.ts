// Live lines that are in the record before anybody is told of them: where one process is all that there is, what its callers
// were told must outlive it. Lines that nobody asks for are not kept before the end.
import type { LogLine } from "../completion.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { Ledger } from "./ledger.ts";
import type { Live, SaidLine } from "./live.ts";

export interface KeptLinesOptions {
  readonly ledger: Pick<Ledger, "keepLines">;
  /** The id that this host has now. */
  readonly host: () => string;
}

/** Said under one holding, and not kept yet. */
interface Unkept {
  readonly host: string;
  readonly fence: number;
  lines: LogLine[];
  /** One after the other: who asks while lines are being kept is told of them no sooner. */
  keeping: Promise<boolean>;
}

/** As `live`, which it closes. Lines from inside are in the record of their own execution, and not kept here. */
export function withKeptLines(live: Live, { ledger, host }: KeptLinesOptions): Live {
  const unkept = new Map<string, Unkept>();

  function note(id: string, { line, fence = 0 }: SaidLine): void {
    const known = unkept.get(id);
    if (known?.fence === fence) known.lines.push(line);
    else unkept.set(id, { host: host(), fence, lines: [line], keeping: Promise.resolve(true) });
  }

  /** False where the database does not take them. */
  async function keep(workspace: WorkspaceId, id: string): Promise<boolean> {
    const known = unkept.get(id);
    if (known === undefined) return true;
    return await (known.keeping = known.keeping.then(() => keepOf(known, { workspace, id })));
  }

  async function keepOf(known: Unkept, { workspace, id }: { readonly workspace: WorkspaceId; readonly id: string }): Promise<boolean> {
    const { lines, host: holder, fence } = known;
    if (lines.length === 0) return true;
    known.lines = [];
    try {
      await ledger.keepLines({ id, workspace, host: holder, fence }, lines);
      return true;
    } catch {
      known.lines = [...lines, ...known.lines];
      return false;
    }
  }

  return {
    append(workspace, id, said) {
      if (said.from === undefined) note(id, said);
      live.append(workspace, id, said);
    },
    async read(workspace, id, after) {
      const entries = await live.read(workspace, id, after);
      // All that was read had been noted before.
      return (await keep(workspace, id)) ? entries : [];
    },
    drop(workspace, id) {
      unkept.delete(id);
      live.drop(workspace, id);
    },
    close: (...args) => live.close(...args),
    flushed: (...args) => live.flushed(...args),
    announce: (notice) => live.announce(notice),
    listen: (listener) => live.listen(listener),
    [Symbol.asyncDispose]: () => live[Symbol.asyncDispose](),
  };
}
