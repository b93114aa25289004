import { createInProcessQueue } from "../../../src/queue/in-process-queue.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { describeQueueContract } from "../../support/queue-contract.ts";

expectNoLeaks();

describeQueueContract("In process", async () => {
  const queue = createInProcessQueue();
  return { queues: [queue, queue], dispose: async () => await queue[Symbol.asyncDispose]() };
});
