// Methods that a path does not have: refused with those that it has, and not as if there were no such path.
import { RequestFault } from "./request-fault.ts";
import type { RpcApp } from "./rpc-app.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** Call before the first route is added; what it gives is called after the last. */
export function refuseOtherMethods(app: RpcApp): () => void {
  const known = new Map<string, Set<string>>();
  app.addHook("onRoute", ({ url, method }) => {
    const methods = known.get(url) ?? new Set();
    for (const each of [method].flat()) methods.add(each);
    known.set(url, methods);
  });
  return () => {
    for (const [url, methods] of known) {
      for (const [pattern, others] of known) {
        // What this path does not take may be meant for all paths of a beginning.
        if (pattern.endsWith("/*") && url !== pattern && url.startsWith(pattern.slice(0, -1))) for (const each of others) methods.add(each);
      }
      const allow = [...methods].join(", ");
      app.route({
        method: METHODS.filter((method) => !methods.has(method)),
        url,
        config: { scope: "any" },
        schema: { hide: true },
        handler: async (request, reply) => {
          reply.header("allow", allow);
          throw new RequestFault(405, `${request.method} is not for ${url}. It takes ${allow}.`, { path: "method", expected: allow, received: request.method });
        },
      });
    }
  };
}
