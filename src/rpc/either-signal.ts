// One signal of two, that leaves nothing behind at the longer-lived of them: AbortSignal.any does.

export function eitherSignal(one: AbortSignal, other: AbortSignal): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const each of [one, other]) {
    if (each.aborted) abort();
    else each.addEventListener("abort", abort, { once: true });
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const each of [one, other]) each.removeEventListener("abort", abort);
    },
  };
}
