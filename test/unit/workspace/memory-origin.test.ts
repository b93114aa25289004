import { describeOriginContract } from "../../support/origin-contract.ts";
import { readCompilerOptions } from "../../../src/modules/tsconfig-options.ts";
import { createMemoryOrigin } from "../../../src/workspace/memory-origin.ts";

describeOriginContract("memory", async () => {
  const origin = createMemoryOrigin({ readCompilerOptions });
  return { origin, dispose: () => origin.close() };
});
