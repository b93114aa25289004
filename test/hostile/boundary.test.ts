import { describeHostile } from "./hostile.ts";
import { BOUNDARY } from "./cases/boundary.ts";

describeHostile("boundary", BOUNDARY);
