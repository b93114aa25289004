import { describeHostile } from "./hostile.ts";
import { HOST_CALLS } from "./cases/host-calls.ts";

describeHostile("boundary: host calls", HOST_CALLS);
