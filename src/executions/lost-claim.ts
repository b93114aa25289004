// What a host is told that writes under a claim which no longer holds.
import { Fault } from "../errors.ts";
import type { Claim } from "./ledger.ts";

export const CLAIM_LOST = "claim lost";

export function claimLost({ id, host, fence }: Pick<Claim, "id" | "host" | "fence">): Fault {
  return new Fault("ERR_EXECUTION_ENDED", `The execution ${id} is no longer held by the host ${host}: it has ended, or others took that host for dead.`, {
    details: { id, host, fence, reason: CLAIM_LOST },
  });
}
