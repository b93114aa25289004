// Port: tells hosts with room that an execution waits. In process for one host (in-process-queue.ts), BullMQ for many
// (redis-queue.ts); one contract suite. It holds no truth: who gets what is decided by the ledger, and a host that hears
// nothing looks by itself.
export interface Bell {
  readonly executionId: string;
  /** Not before; at once where absent. */
  readonly dueInMs?: number | undefined;
  readonly priority: number;
}

export interface Queue extends AsyncDisposable {
  /** Best effort; never rejects. */
  ring(bell: Bell): Promise<void>;
  /**
   * `look` is called when there may be something to take, and only while `hasRoom`; it resolves when it has taken what it could. A bell is not
   * kept by a host without room while another has some.
   */
  listen(host: { readonly slots: number; hasRoom(): boolean; look(): Promise<void> }): Listening;
}

export interface Listening extends AsyncDisposable {
  /** Says that room has become free. */
  roomAgain(): void;
}
