// Does something again and again: never twice at once, and not after it was stopped.

export interface Pulse extends AsyncDisposable {
  /** Resolves when what is under way has ended; nothing begins afterwards. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** `beat` is called at once and then each `everyMs`, counted from its beginning; late where it took longer. It must not reject. */
export function startPulse(everyMs: number, beat: () => Promise<void>): Pulse {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let underWay = once();

  async function once(): Promise<void> {
    const begunAt = performance.now();
    await beat();
    if (stopped) return;
    const pauseMs = Math.max(0, everyMs - (performance.now() - begunAt));
    timer = setTimeout(() => {
      underWay = once();
    }, pauseMs);
  }

  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}
