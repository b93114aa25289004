// The same code in Node and in a room: what plain JavaScript and the web platform give must be equal.
import { createRoom } from "./room.ts";

export interface BothResults {
  readonly room: unknown;
  readonly node: unknown;
}

/** Runs the body of an async function on both sides; results are JSON data. */
export async function runBoth(body: string): Promise<BothResults> {
  const { constructor: AsyncFunction } = Object.getPrototypeOf(async () => {}) as { constructor: new (body: string) => () => Promise<unknown> };
  await using room = await createRoom();
  const [inRoom, inNode] = await Promise.all([room.run(body), new AsyncFunction(body)()]);
  return { room: inRoom, node: JSON.parse(JSON.stringify(inNode ?? null)) };
}
