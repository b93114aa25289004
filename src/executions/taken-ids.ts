// Which execution has the id, or the idempotency key, that was asked for.
import { selectKnownRequests } from "../../db/queries/executions.ts";
import type { Connection } from "../../db/schema.ts";
import { Fault } from "../errors.ts";
import type { WorkspaceId } from "../snapshot/snapshot-record.ts";
import type { AcceptedOrder } from "./ledger.ts";
import { keyOf, requestHash } from "./order-rows.ts";

/** What to say of an id, or key, that is taken; undefined where neither is. */
export async function whoHas(
  db: Connection,
  { id, workspace, accepted }: { readonly id: string; readonly workspace: WorkspaceId; readonly accepted: AcceptedOrder | undefined },
): Promise<Fault | undefined> {
  const known = await selectKnownRequests(db, { id, workspace, key: accepted === undefined ? null : keyOf(accepted) });
  const hasKey = known.some((row) => row.id !== id.toLowerCase());
  return known.length === 0 ? undefined : conflict(id, hasKey ? accepted?.idempotencyKey : undefined);
}

/** The id of the execution that the same request has made before; a fault where it was another request; undefined where there is none. */
export async function sameRequest(db: Connection, order: AcceptedOrder): Promise<string | Fault | undefined> {
  const known = await selectKnownRequests(db, { id: order.id, workspace: order.workspace, key: keyOf(order) });
  const hash = requestHash(order);
  const other = known.find((row) => row.workspace_id !== order.workspace || row.request_hash !== hash);
  if (other !== undefined) return conflict(order.id, other.id === order.id.toLowerCase() ? undefined : order.idempotencyKey);
  // Where key and id were used apart, the key is what the caller repeats.
  return (known.find((row) => row.idempotency_key !== null && row.idempotency_key === keyOf(order)) ?? known[0])?.id;
}

function conflict(id: string, key: string | undefined): Fault {
  const what = key === undefined ? `The execution id ${id}` : `The idempotency key ${JSON.stringify(key)}`;
  return new Fault("ERR_IDEMPOTENCY_CONFLICT", `${what} was used before, for another request. Repeat that request as it was, or choose another.`, {
    details: key === undefined ? { id } : { idempotencyKey: key },
  });
}
