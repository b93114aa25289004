import { describeHostile } from "./hostile.ts";
import { THROWN } from "./cases/thrown.ts";

describeHostile("boundary: thrown", THROWN);
