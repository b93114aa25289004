import { describeHostile } from "./hostile.ts";
import { TIME_NATIVE } from "./cases/time-native.ts";

describeHostile("time, in V8 itself", TIME_NATIVE);
