// A timer for a limit. A limit may be longer than what setTimeout takes: it would fire at once.

/** What setTimeout of Node takes; it raises smaller and larger delays to 1 ms alike. About 24 days. */
export const MAX_DELAY_MS = 2 ** 31 - 1;

/** Calls `end` after `milliseconds`; never for 0, which means no limit, nor for more than a timer can count. */
export function startDeadline(milliseconds: number, end: () => void): NodeJS.Timeout | undefined {
  return milliseconds > 0 && milliseconds <= MAX_DELAY_MS ? setTimeout(end, milliseconds) : undefined;
}
