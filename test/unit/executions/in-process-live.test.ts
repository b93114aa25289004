import { createInProcessLive } from "../../../src/executions/in-process-live.ts";
import { describeLiveContract } from "../../support/live-contract.ts";

describeLiveContract("in process", async () => {
  const live = createInProcessLive({ lingerMs: 200 });
  return { here: live, there: live, dispose: async () => live[Symbol.asyncDispose]() };
});
