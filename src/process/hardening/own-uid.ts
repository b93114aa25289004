// Users for children of a host that runs as root: each living child has one that no other child of this host has.
import { readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** Reserved for services that are given a user when they start (systemd's DynamicUser), so nobody has files there. */
export const FIRST_UID = 61_184;
const BLOCKS = 67;
const BLOCK_SIZE = 64;

/** Hosts on one machine begin at different places: a user's threads are counted together. */
const FIRST_OF_OURS = FIRST_UID + (process.pid % BLOCKS) * BLOCK_SIZE;

const taken = new Set<number>();

export interface TakenUid {
  readonly uid: number;
  free(): void;
}

export function takeUid(): TakenUid {
  let uid = FIRST_OF_OURS;
  while (taken.has(uid) && uid < FIRST_OF_OURS + BLOCK_SIZE - 1) uid++;
  taken.add(uid);
  return { uid, free: () => void taken.delete(uid) };
}

/**
 * Node keeps each user's compile cache apart, in a folder named by user id; ours are made by the host and read by all.
 * Gives what takes the links away again: a child needs them until it is ready.
 */
export function linkCompileCache(directory: string, uid: number): () => void {
  const ours = `-${process.getuid?.() ?? 0}`;
  const kind = `${process.version}-${process.arch}-`;
  let links: readonly string[] = [];
  try {
    const names = readdirSync(directory).filter((name) => name.startsWith(kind) && name.endsWith(ours));
    links = names.map((name) => link(name, join(directory, `${name.slice(0, -ours.length)}-${uid}`)));
  } catch {
    // Then the child compiles for itself.
  }
  return () => {
    for (const path of links) rmSync(path, { force: true });
    links = [];
  };
}

function link(target: string, path: string): string {
  try {
    symlinkSync(target, path);
  } catch {
    // A host that was killed has left it.
  }
  return path;
}
