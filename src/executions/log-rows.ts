// Log lines ↔ rows of the table execution_logs.
import type { LogRow, NewLogRow } from "../../db/queries/execution-logs.ts";
import { decodeText, encodeText } from "../../db/text.ts";
import type { LogLevel, LogLine } from "../completion.ts";
import { jsonOf, valueOf } from "./stored-json.ts";

export function logRow(line: LogLine): NewLogRow {
  return { sequence: line.sequence, level: line.level, message: encodeText(line.message), data: jsonOf(line.data), at: line.timestamp };
}

export function logSize(row: NewLogRow): number {
  return row.message.length + (row.data?.length ?? 0);
}

export function lineOf(row: LogRow): LogLine {
  return {
    sequence: row.sequence,
    level: row.level as LogLevel,
    message: decodeText(row.message),
    timestamp: row.at.toISOString(),
    ...(row.data === null ? undefined : { data: valueOf(row.data) }),
  };
}
