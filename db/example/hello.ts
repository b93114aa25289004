// The smallest workflow. Run it:  run-workflow hello -p name=Ada
import { workflow } from "bifrost";

export default workflow({ name: "hello" }, async (params: { name?: string }, ctx) => {
  const name = params.name ?? "world";
  ctx.log.info("greeting", { name });
  return { greeting: `Hello, ${name}!` };
});
