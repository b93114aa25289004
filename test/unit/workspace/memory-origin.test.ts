import { describeOriginContract } from "../../support/origin-contract.ts";
import { readTsconfigOptions } from "../../../src/modules/tsconfig-options.ts";
import { createMemoryOrigin } from "../../../src/workspace/memory-origin.ts";

describeOriginContract("memory", async () => {
  const origin = createMemoryOrigin({ readCompilerOptions: (text) => readTsconfigOptions(text).options });
  return { origin, dispose: () => origin.close() };
});
