// The log of a service: JSON lines with what they are about, text on a terminal. The only home of pino.
import { pino, type Logger } from "pino";
import { concealing, readableLine } from "./log-lines.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** What a line is about: `executionId`, `workspace`, `requestId` … */
export type LogFacts = Readonly<Record<string, unknown>>;
type Write = (message: string, facts?: LogFacts) => void;

export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  /** Whether lines of this level are written. */
  writes(level: LogLevel): boolean;
}

export interface ServiceLog extends Log {
  /** The same for a library that wants pino itself. */
  readonly pino: Logger;
}

export interface LoggingOptions {
  readonly level: LogLevel;
  /** Takes whole lines. */
  readonly write: (text: string) => void;
  /** For people. */
  readonly readable: boolean;
  /** Texts that must stand in no line. */
  readonly secrets?: readonly (string | undefined)[] | undefined;
  /** On every line. */
  readonly facts?: LogFacts | undefined;
}

/** Names whose values are never written, however they come here. */
const NEVER = ["authorization", "token", "secret", "password", "secrets", "secretsKey"].flatMap((name) => [name, `*.${name}`]);

export function createLog({ level, write, readable, secrets = [], facts = {} }: LoggingOptions): ServiceLog {
  const conceal = concealing(secrets);
  const logger = pino(
    {
      level,
      base: facts,
      messageKey: "msg",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: NEVER, censor: "[secret]" },
    },
    { write: (line: string) => write(readable ? readableLine(conceal(line)) : conceal(line)) },
  );
  const at =
    (name: "debug" | "info" | "warn" | "error"): Write =>
    (message, about = {}) =>
      logger[name](about, message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), writes: (asked) => logger.isLevelEnabled(asked), pino: logger };
}
