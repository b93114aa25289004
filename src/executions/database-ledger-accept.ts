// Accepting: what is asked for becomes a row, once for each request, many in one statement.
import { insertExecutions } from "../../db/queries/executions.ts";
import { Fault } from "../errors.ts";
import { checkId } from "./asked.ts";
import { firstOfEach, Gathering } from "./gathering.ts";
import type { LedgerGround } from "./ledger-ground.ts";
import type { AcceptedOrder, Ledger } from "./ledger.ts";
import { waitingRow } from "./order-rows.ts";
import { sameRequest } from "./taken-ids.ts";

type Accepted = Awaited<ReturnType<Ledger["accept"]>>;

export function createAccepting({ db, guarded }: LedgerGround): Pick<Ledger, "accept"> {
  const accepting = new Gathering<AcceptedOrder, Accepted>({
    sizeOf: ({ inputJson }) => inputJson.length,
    send: (orders) => guarded(() => insert(orders)),
  });

  async function insert(orders: readonly AcceptedOrder[]): Promise<readonly (Accepted | Fault)[]> {
    const firsts = firstOfEach(orders, ({ id }) => id);
    const inserted = new Set(await insertExecutions(db, firsts.map(waitingRow)));
    return await Promise.all(
      orders.map(async (order) => {
        const id = order.id.toLowerCase();
        if (inserted.delete(id)) return { id, isNew: true };
        // What is new has been written: a failure from here on is this one's alone.
        return await guarded(() => known(order)).catch((error: unknown) => error as Fault);
      }),
    );
  }

  async function known(order: AcceptedOrder): Promise<Accepted | Fault> {
    const found = await sameRequest(db, order);
    if (found instanceof Fault) return found;
    if (found !== undefined) return { id: found, isNew: false };
    // What had its id, or its key, was removed in between.
    const again = await insertExecutions(db, [waitingRow(order)]);
    if (again.length > 0) return { id: order.id.toLowerCase(), isNew: true };
    return new Fault("ERR_INTERNAL", `The execution ${order.id} could not be accepted: its id and its idempotency key come and go.`, {
      details: { id: order.id },
    });
  }

  return {
    async accept(order) {
      checkId(order.id);
      return await accepting.join(order);
    },
  };
}
