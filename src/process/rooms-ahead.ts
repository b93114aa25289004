// The rooms a child has ready before it is asked for one: at most one with zod and one without, of the kind that its
// last run wanted.
import { Room } from "../isolate/room.ts";
import type { RoomGrants, RoomJob } from "../isolate/room-job.ts";
import type { SandboxBundle } from "../isolate/sandbox-bundle.ts";

interface Kind {
  readonly memoryMb: number;
  readonly grants: RoomGrants;
}

const NO_GRANTS: RoomGrants = { webAssembly: false, codeGeneration: false };

export class RoomsAhead {
  readonly #bundle: SandboxBundle;
  #kind: Kind;
  #plain: Room | undefined;
  #withZod: Room | undefined;

  constructor(bundle: SandboxBundle, memoryMb: number) {
    this.#bundle = bundle;
    this.#kind = { memoryMb, grants: NO_GRANTS };
  }

  /** Makes one where none is ready. */
  take(job: Pick<RoomJob, "zod" | "memoryMb" | "grants">): Room {
    if (!isSameKind(job, this.#kind)) {
      this.#plain?.dispose();
      this.#withZod?.dispose();
      this.#plain = this.#withZod = undefined;
      this.#kind = { memoryMb: job.memoryMb, grants: job.grants };
    }
    const made = job.zod ? this.#withZod : this.#plain;
    if (job.zod) this.#withZod = undefined;
    else this.#plain = undefined;
    return made ?? this.#make(job.zod);
  }

  prepare(zod: boolean): void {
    if (zod) this.#withZod ??= this.#make(true);
    else this.#plain ??= this.#make(false);
  }

  #make(zod: boolean): Room {
    return new Room(this.#bundle, { ...this.#kind, zod });
  }
}

function isSameKind(a: Kind, b: Kind): boolean {
  return a.memoryMb === b.memoryMb && a.grants.webAssembly === b.grants.webAssembly && a.grants.codeGeneration === b.grants.codeGeneration;
}
