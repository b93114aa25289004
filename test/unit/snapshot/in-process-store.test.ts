import { createInProcessStore } from "../../../src/snapshot/in-process-store.ts";
import { describeStoreContract } from "../../support/store-contract.ts";

describeStoreContract("in-process store", async () => {
  const store = createInProcessStore();
  return { store, dispose: () => store.close() };
});
