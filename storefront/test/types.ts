/** What the published types must allow and refuse; `tsc` reads it, nothing runs it. */

import { rastro, start } from "../dist/rastro";
import type { StorefrontEvent } from "../dist/rastro";

start({ key: "pk_demo_loja_0001", consent: "required" });
rastro("purchase", { transaction_id: "T1", currency: "BRL", value: 10, items: [{ item_id: "SKU-1", price: 10 }] });
rastro("event", "view_item", { items: [] });
rastro("event", { event: "view_item", items: [] });
rastro("consent", { analytics: true, ads: null });
rastro("user", null);
rastro("on", (...notice) => {
  if (notice[0] === "event") {
    const event: StorefrontEvent = notice[1];
    return event.event !== "secret";
  }
  return notice[0] === "answer" ? notice[1].status : undefined;
});
window.rastro("flush");

// @ts-expect-error a key is needed
start({});
// @ts-expect-error no such consent
start({ key: "k", consent: "maybe" });
// @ts-expect-error prices are numbers
rastro("purchase", { items: [{ price: "10" }] });
