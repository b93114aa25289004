// All that watches a host, as the one thing that reports to it.
import type { Log } from "./logging.ts";
import type { Metrics } from "./metrics.ts";
import type { Observe } from "./observe.ts";
import type { Tracing } from "./tracing.ts";

export function observeWith({ metrics, tracing, log }: { readonly metrics: Metrics; readonly tracing: Tracing; readonly log: Log }): Observe {
  return {
    span: (name, options) => tracing.span(name, options),
    ended(end, span) {
      metrics.ended(end);
      tracing.phases(end, span);
      const { id: executionId, workspace, status, code, timings } = end;
      log.info("execution ended", { executionId, workspace, status, code, ...timings });
    },
    answered: (request) => metrics.answered(request),
    count: (name, amount) => metrics.count(name, amount),
    looked: (cache, found) => metrics.looked(cache, found),
    gauge: (name, read) => metrics.gauge(name, read),
  };
}
