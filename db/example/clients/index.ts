import { UserError } from "bifrost";
import stored from "../data/clients.json";
import plans from "../data/plans.json";

export interface Plan {
  readonly replyWithinMinutes: number;
  readonly closeWithinMinutes: number;
  readonly includedMinutes: number;
}

export interface Client {
  readonly id: string;
  readonly name: string;
  readonly plan: string;
  readonly seats: number;
}

export const clients: readonly Client[] = stored;

/** By id, or by a part of the name. The message of a UserError is shown to whoever started the workflow. */
export function findClient(text: string): Client {
  const wanted = text.toLowerCase();
  const client = clients.find(({ id }) => id === wanted) ?? clients.find(({ name }) => name.toLowerCase().includes(wanted));
  if (client === undefined) throw new UserError(`There is no client "${text}". Try one of: ${clients.map(({ id }) => id).join(", ")}.`);
  return client;
}

export function planOf(client: Client): Plan {
  const plan: Plan | undefined = (plans as Record<string, Plan>)[client.plan];
  if (plan === undefined) throw new Error(`Client ${client.id} has the plan "${client.plan}", which data/plans.json does not know`);
  return plan;
}
