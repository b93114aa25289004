// Why a port cannot be listened on, for who has chosen it.
import { Fault } from "./errors.ts";

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: "is in use. End what listens there, or choose another with --port or BIFROST_PORT; 0 takes a free one",
  EACCES: "may not be used by this user. Choose one from 1024 on, with --port or BIFROST_PORT",
  EADDRNOTAVAIL: "is not of this machine. Choose an address of its own with --host or BIFROST_HOST; 0.0.0.0 is all of them",
  ENOTFOUND: "is not known here. Choose an address of this machine with --host or BIFROST_HOST",
};

/** Anything else as it is. */
export function listenFault(error: unknown, { host, port }: { readonly host: string; readonly port: number }): unknown {
  const code = (error as { readonly code?: unknown } | null)?.code;
  const advice = typeof code === "string" ? ADVICE[code] : undefined;
  if (advice === undefined) return error;
  const what = code === "ENOTFOUND" || code === "EADDRNOTAVAIL" ? `The address ${host}` : `The port ${port} of ${host}`;
  return new Fault("ERR_CONFIG_INVALID", `${what} ${advice}.`, { cause: error, details: { host, port, reason: code } });
}
