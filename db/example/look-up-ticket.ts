// A tool is a small workflow that other programs call, such as an assistant that answers the phone.
//   run-workflow look-up-ticket -p ticket=4106
import { tool, UserError, z } from "bifrost";
import { findClient } from "clients";
import { tickets } from "tickets";

const params = z.object({ ticket: z.number().int().describe("The number of the ticket") });

export default tool({ name: "look-up-ticket", params }, async ({ ticket: id }) => {
  const ticket = tickets.find((each) => each.id === id);
  if (ticket === undefined) throw new UserError(`There is no ticket ${id}.`);
  return { ...ticket, client: findClient(ticket.client).name };
});
