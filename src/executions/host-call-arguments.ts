// What the host calls of a room may hold. They come from a process that runs untrusted code. Imported when the first call
// comes: zod takes longer to load than most runs take.
import { z } from "zod";

export const executeArgument = z.strictObject({ reference: z.string().min(1).max(1024), input: z.unknown().optional() });

export const configArgument = z.strictObject({ key: z.string().min(1).max(256) });
