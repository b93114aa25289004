// What takes part in a measurement: something that runs one sample in a fresh sandbox.

export interface Contender {
  readonly name: string;
  /** Resolves with the answer: this is what is timed. */
  run(input: unknown): Promise<unknown>;
  /** Clears away the last run and waits until nothing is at work. Not timed. */
  rest(): Promise<void>;
}

/** One timed run, in milliseconds; the answer is checked after the clock has stopped. */
export async function timeRun({ run }: Pick<Contender, "run">, input: unknown, check: (answer: unknown) => void): Promise<number> {
  const begun = performance.now();
  const answer = await run(input);
  const milliseconds = performance.now() - begun;
  check(answer);
  return milliseconds;
}
