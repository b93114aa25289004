// Where a page of a list ended, as an opaque text. Whoever wrote it, it is read as a time and an id, or refused.
import { Fault } from "../errors.ts";
import { isUuid } from "../workspace/uuid.ts";

export interface ListPlace {
  /** As Date.toISOString writes it. */
  readonly queuedAt: string;
  readonly id: string;
}

const OPAQUE = /^[A-Za-z0-9_-]{1,200}$/;

export function cursorOf({ queuedAt, id }: ListPlace): string {
  return Buffer.from(`${queuedAt} ${id}`).toString("base64url");
}

/** Throws ERR_INPUT_INVALID naming the cursor. */
export function placeOf(cursor: string): ListPlace {
  const [queuedAt = "", id = "", ...more] = OPAQUE.test(cursor) ? Buffer.from(cursor, "base64url").toString().split(" ") : [];
  const time = Date.parse(queuedAt);
  const isOurs = more.length === 0 && isUuid(id) && !Number.isNaN(time) && new Date(time).toISOString() === queuedAt;
  if (isOurs) return { queuedAt, id };
  throw new Fault("ERR_INPUT_INVALID", `The cursor ${JSON.stringify(cursor.slice(0, 200))} is none: the value of "next" of the page before is wanted.`, {
    details: { path: "cursor", expected: '"next" of the page before', received: cursor.slice(0, 200) },
  });
}
