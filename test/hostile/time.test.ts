import { describeHostile } from "./hostile.ts";
import { TIME } from "./cases/time.ts";

describeHostile("time", TIME);
