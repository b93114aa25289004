import { describeHostile } from "./hostile.ts";
import { MEMORY } from "./cases/memory.ts";

describeHostile("memory", MEMORY);
