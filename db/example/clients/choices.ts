// A data provider fills a list of choices, for example for the "client" field of a form.
import { dataProvider } from "bifrost";
import { clients } from "./index.ts";

export default dataProvider({ name: "client-choices" }, async () => clients.map(({ id, name, plan }) => ({ label: name, value: id, metadata: { plan } })));
