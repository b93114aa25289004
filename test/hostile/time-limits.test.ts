import { describeHostile } from "./hostile.ts";
import { TIME_LIMITS } from "./cases/time-limits.ts";

describeHostile("time, and its limits", TIME_LIMITS);
