// A fault as it leaves over HTTP: application/problem+json. What is not the caller's to mend is told in full to admins
// alone (B91), and a defect of ours to nobody: the log has it, under the request's id.
import { FAULTS, type Fault, type FaultOwner } from "../errors.ts";
import type { Problem } from "./contract.ts";

export const PROBLEM_TYPE = "application/problem+json; charset=utf-8";

/** How soon it is worth trying again, in seconds. */
export const RETRY_AFTER_SECONDS = 1;

const TITLES: Readonly<Record<FaultOwner, string>> = {
  author: "The workflow cannot be run",
  limits: "The execution was stopped",
  caller: "The request cannot be carried out",
  operator: "The service cannot do this at this time",
  project: "A defect in bifrost-executor",
};

const GENERIC: Readonly<Record<Exclude<FaultOwner, "caller">, string>> = {
  author: "The workflow cannot be run. Whoever runs it can see why.",
  limits: "The workflow was stopped before it ended.",
  operator: "The service cannot do this at this time. Try again later.",
  project: "Something went wrong that is not your fault.",
};

export interface Audience {
  readonly isAdmin: boolean;
  readonly requestId: string;
  /** Where it is another than the fault's own. */
  readonly status?: number | undefined;
}

export function problemOf(fault: Fault, { isAdmin, requestId, status }: Audience): Problem {
  const { code, owner, retryable } = fault;
  const { detail, name = "Fault", details } = told(fault, { isAdmin, requestId });
  return { type: `urn:bifrost-executor:${code}`, title: TITLES[owner], status: status ?? statusOf(fault), detail, code, name, retryable, details, requestId };
}

/** Author's faults are an envelope's matter: where one is thrown, nothing has begun. */
export function statusOf({ code }: Fault): number {
  const { httpStatus } = FAULTS[code];
  return httpStatus === 200 ? 422 : httpStatus;
}

/** Without a name where the message is a general one. */
function told(fault: Fault, { isAdmin, requestId }: Audience): Pick<Problem, "detail" | "details"> & Partial<Pick<Problem, "name">> {
  const { owner, name, message, details } = fault;
  if (owner === "caller") return { detail: message, name, details: { ...details } };
  if (owner === "project") return { detail: `${GENERIC.project} The service's log tells more under ${requestId}.`, details: {} };
  if (isAdmin || aboutTheService(fault)) return { detail: message, name, details: { ...details } };
  return { detail: GENERIC[owner], details: {} };
}

/** These name no server and no file: how many are before it, or that it is leaving. */
function aboutTheService({ code }: Fault): boolean {
  return code === "ERR_EXECUTOR_BUSY" || code === "ERR_EXECUTOR_CLOSED" || code === "ERR_CANCELLED";
}
