// A process that opens an embedded database, for tests of the lock and of crashes: prints one JSON line, then waits to be killed.
// Arguments: the directory, and the name of a workspace to make in it.
import { openDatabase } from "../../src/workspace/database-open.ts";
import { createDatabaseOrigin } from "../../src/workspace/database-origin.ts";

const [directory, name] = process.argv.slice(2) as [string, string];
try {
  const { db, server, exclusive } = await openDatabase({ directory });
  const origin = createDatabaseOrigin({ db, describeServer: server, exclusive, readCompilerOptions: () => ({}) });
  const workspace = await origin.workspace(name, { create: true });
  process.stdout.write(`${JSON.stringify({ opened: workspace!.id })}\n`);
  setInterval(() => undefined, 60_000);
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  process.stdout.write(`${JSON.stringify({ refused: code, message })}\n`);
}
