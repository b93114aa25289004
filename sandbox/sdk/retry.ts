// How often a workflow is tried, as its author declares it: `retry: { attempts, backoff }` and `idempotent`.
import { describeReceived } from "../describe-value.ts";
import { getOwnPropertyNames, isInteger, RealmTypeError } from "../intrinsics.ts";
import { parseDuration } from "./duration.ts";

export interface Retry {
  readonly attempts: number;
  readonly backoffMs: number;
  readonly idempotent: boolean;
}

const DEFAULT_ATTEMPTS = 3;
const MOST_ATTEMPTS = 20;
const DEFAULT_BACKOFF_MS = 1000;
const LONGEST_BACKOFF_MS = 3_600_000;

/** Undefined where neither is declared. Throws TypeError for what cannot be. */
export function readRetry(title: string, { retry, idempotent }: { readonly retry?: unknown; readonly idempotent?: unknown }): Retry | undefined {
  if (retry === undefined && idempotent === undefined) return undefined;
  if (title !== "workflow") {
    const option = retry === undefined ? "idempotent" : "retry";
    throw new RealmTypeError(`${title}({ ${option} }): only workflow() has the option ${option}`);
  }
  if (idempotent !== undefined && typeof idempotent !== "boolean")
    throw new RealmTypeError(`${title}({ idempotent }): idempotent is ${describeReceived(idempotent)}, and must be true or false`);
  const { attempts, backoff } = optionsOf(title, retry);
  if (attempts !== undefined && !(isInteger(attempts) && (attempts as number) >= 1 && (attempts as number) <= MOST_ATTEMPTS))
    throw new RealmTypeError(
      `${title}({ retry }): retry.attempts is ${describeReceived(attempts)}, and must be a whole number from 1 to ${MOST_ATTEMPTS}, the first attempt included`,
    );
  return {
    attempts: attempts === undefined ? DEFAULT_ATTEMPTS : (attempts as number),
    backoffMs: backoff === undefined ? DEFAULT_BACKOFF_MS : readBackoff(title, backoff),
    idempotent: idempotent === true,
  };
}

function optionsOf(title: string, retry: unknown): { readonly attempts?: unknown; readonly backoff?: unknown } {
  if (retry === undefined) return {};
  if (describeReceived(retry) !== "object")
    throw new RealmTypeError(`${title}({ retry }): retry is ${describeReceived(retry)}, and must be { attempts, backoff }`);
  const names = getOwnPropertyNames(retry as object);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    if (name !== "attempts" && name !== "backoff")
      throw new RealmTypeError(`${title}({ retry }): retry has no option ${describeReceived(name)}, only attempts and backoff`);
  }
  return retry as object;
}

function readBackoff(title: string, backoff: unknown): number {
  const milliseconds = parseDuration(backoff, { title, option: "retry", place: "retry.backoff" });
  if (milliseconds > LONGEST_BACKOFF_MS)
    throw new RealmTypeError(`${title}({ retry }): retry.backoff is ${describeReceived(backoff)}, and must be an hour at most`);
  return milliseconds;
}
