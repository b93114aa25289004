// What a failing database means for whoever called: unavailable (an operator must act, the call may be repeated) or our
// own defect. Names the server as the operator configured it, never with a password.
import { DatabaseProblem } from "../../db/problem.ts";
import { Fault } from "../errors.ts";

/** Of sockets and name lookup. */
const CONNECTION_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EPIPE",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOENT",
]);

/** Of the embedded database's directory. */
const DIRECTORY_CODES = new Set(["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "ENOTDIR"]);

/** pg gives these without a code. */
const CONNECTION_MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|timeout expired|query read timeout|connection error and is not queryable|client was closed|calling end on the pool|driver has already been destroyed|connection has been discarded|pglite is closed/i;

/** SQLSTATE classes and codes that a healthy server with a current schema does not give to correct statements. */
const SERVER_STATES: readonly (readonly [prefix: string, advice: string])[] = [
  ["28", "The server refused the user or the password: correct DATABASE_URL."],
  ["3D000", "There is no database of that name: create it, or correct DATABASE_URL."],
  ["42P01", "Its tables are missing: run `bifrost-executor init`."],
  ["42703", "Its tables are older than this release: run `bifrost-executor init`."],
  ["25006", "It is read-only: point DATABASE_URL at the primary server."],
  ["53", "It is out of connections, memory or disk space: see its log."],
  ["57014", "It took longer than the statement timeout: look for long transactions."],
  ["25P03", "A transaction stood idle for too long and was ended: repeat the call."],
  ["08", "The connection was lost: check that the server runs, and repeat the call."],
  ["57P", "The server is stopping, starting, or ended the connection: repeat the call."],
  ["40", "It undid the transaction because of others at the same time: repeat the call."],
  ["55P03", "A lock was not given in time: repeat the call."],
  ["58", "It cannot read or write its files: see its log."],
  ["XX001", "Its data is damaged: see its log."],
];

/** Runs `action`; what it throws is a Fault afterwards. Faults pass as they are. */
export async function withDatabaseFaults<T>(server: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw databaseFault(server, error);
  }
}

export function databaseFault(server: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof DatabaseProblem) return new Fault("ERR_DATABASE_UNAVAILABLE", error.message, { cause: error, details: { server, problem: error.kind } });
  const advice = unavailability(error);
  const said = messageOf(error);
  if (advice === undefined) return new Fault("ERR_INTERNAL", `The database at ${server} refused a statement: ${said}`, { cause: error, details: { server } });
  return new Fault("ERR_DATABASE_UNAVAILABLE", `The database at ${server} does not answer (${said}). ${advice}`, { cause: error, details: { server } });
}

/** What to do about it; undefined where the database answered, and the question was wrong. */
function unavailability(error: unknown): string | undefined {
  if (error instanceof AggregateError) return error.errors.map(unavailability).find((advice) => advice !== undefined);
  const code = codeOf(error);
  if (CONNECTION_CODES.has(code) || (error instanceof Error && CONNECTION_MESSAGES.test(error.message))) {
    return "Check that the server runs and that DATABASE_URL names it, and repeat the call.";
  }
  if (DIRECTORY_CODES.has(code)) return "The embedded database needs a directory that this user can write to, with space left: set BIFROST_DATA to one.";
  return SERVER_STATES.find(([prefix]) => code.startsWith(prefix))?.[1];
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
