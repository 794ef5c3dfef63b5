/**
 * Nuvemshop's NubeSDK: `rastroNuvemshop(nube)` in an app. Apps run in a worker without a page; there events go through
 * the host's analytics adapter to the target `rastro`, which the page's dataLayer, and so the tracker, hears.
 */

import { guarded } from "./send";

const line = (one: any) => ({
  item_id: one.product_id,
  item_name: one.name,
  item_variant: one.variant_values,
  variant_id: one.variant_id,
  price: Number(one.price),
  quantity: one.quantity || 1,
});

/** Names come in every language of the store. */
const text = (name: any): unknown => (typeof name === "object" ? name?.pt || Object.values(name || {})[0] : name);

const product = (one: any, index?: number) => ({
  item_id: one.id,
  item_name: text(one.name),
  item_brand: one.brand,
  price: Number(one.variants?.[0]?.price),
  quantity: 1,
  index,
});

(globalThis as any).rastroNuvemshop = (nube: any) => {
  const tell = (name: string, state: any, items: any[], more?: object): void => {
    const value = items.reduce((sum, item) => sum + (item.price || 0) * item.quantity, 0);
    const params = { currency: state.store?.currency_details?.code || state.store?.currency, value, items, ...more };
    const world = globalThis as any;
    if (world.rastro) world.rastro(name, params);
    else nube.api.getAnalytics().event(name, params, { target: "rastro" });
  };
  const on = (name: string, work: (state: any) => void): void => nube.on(name, guarded(work));
  const pages = (state: any): void => {
    const { type, data } = state.location.page;
    if (type === "product") tell("view_item", state, [product(data.product)]);
    if (type === "search") tell("search", state, [], { search_term: data.q });
    if (data?.products) tell("view_item_list", state, data.products.map(product), { item_list_name: text(data.name) || type });
  };
  on("page:loaded", pages);
  on("location:updated", pages);
  for (const [theirs, ours] of [["add", "add_to_cart"], ["remove", "remove_from_cart"]] as const) {
    on(`cart:${theirs}:success`, (state) => tell(ours, state, [line(state.eventPayload.item || state.eventPayload)]));
  }
  on("cart:view", (state) => tell("view_cart", state, state.cart.items.map(line)));
  on("checkout:ready", (state) => tell("begin_checkout", state, state.cart.items.map(line)));
  on("checkout:success", ({ cart, ...state }) =>
    tell("purchase", state, cart.items.map(line), {
      transaction_id: String(cart.id),
      value: cart.prices.total,
      shipping: cart.prices.shipping,
      coupon: cart.coupon?.code,
    }),
  );
};
