// The lock lasts as long as the process, or until it is released: nothing else may free it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lockDirectory } from "../../../db/directory-lock.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "bifrost-lock-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let round = 0; round < 5; round++) {
    collect();
    await sleep(10);
  }
}

/** Nothing of the lock is kept but this way to release it, and that weakly. */
async function lockAndForget(): Promise<WeakRef<object>> {
  return new WeakRef(await lockDirectory(directory, { waitMs: 0 }));
}

it("holds also when whoever took it has forgotten it: the garbage collector frees no lock", async () => {
  const forgotten = await lockAndForget();
  await collectGarbage();
  expect(forgotten.deref()).toBeUndefined();
  await expect(lockDirectory(directory, { waitMs: 0 })).rejects.toMatchObject({ kind: "locked" });
});

it("is free after its release, which may be repeated", async () => {
  const other = join(directory, "..");
  const place = await mkdtemp(join(other, "bifrost-lock-"));
  const lock = await lockDirectory(place, { waitMs: 0 });
  lock.release();
  lock.release();
  (await lockDirectory(place, { waitMs: 0 })).release();
  await rm(place, { recursive: true });
});
