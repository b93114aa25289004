// Configuration that is given and not stored: what a test says its workflows are configured with.
import { checkedValue, checkKey } from "./config-checks.ts";
import type { ConfigSource } from "./config-values.ts";

/** What is not among the values is asked of `below`. Throws ERR_INPUT_INVALID for what could not be stored either. */
export function givenConfig(values: Readonly<Record<string, unknown>>, below?: ConfigSource): ConfigSource {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(values)) {
    checkKey(key);
    texts.set(key, checkedValue(key, value));
  }
  return {
    async get(asked) {
      const text = texts.get(asked.key);
      if (text !== undefined) return { kind: "value", value: JSON.parse(text) as unknown };
      return below === undefined ? { kind: "absent" } : await below.get(asked);
    },
  };
}
