import { createInProcessStore } from "../../../src/snapshot/in-process-store.ts";
import { describeSnapshotContract } from "../../support/snapshot-contract.ts";

describeSnapshotContract("in-process store", async () => {
  const store = createInProcessStore();
  return { store, dispose: () => store.close() };
});
