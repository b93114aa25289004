// How a room's one run ended, as the child reports it.

export type RoomOutcome =
  /** The bootstrap's own answer: a letter and JSON text (see Room.invoke in sandbox/host.d.ts). */
  | { readonly kind: "answered"; readonly text: string }
  /** Author code threw outside the call: at a module's top level, in a timer, or by an unhandled rejection. JSON of GuestError. */
  | { readonly kind: "threw"; readonly error: string }
  /** V8 refused to compile or link. JSON of {name, message, stack, path?}. */
  | { readonly kind: "rejected-link"; readonly error: string }
  /** A limit of RoomBounds was passed: the run is over at once, whatever author code does with it. */
  | { readonly kind: "exceeded"; readonly limit: "pendingCalls" | "totalCalls" | "resultBytes"; readonly amount: number }
  | { readonly kind: "terminated"; readonly reason: "wall" | "cpu" | "memory" | "cancelled"; readonly limitMs?: number };

/** What V8 said when it would not compile or link. */
export interface LinkError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Module whose code was being compiled. */
  readonly path?: string;
}
