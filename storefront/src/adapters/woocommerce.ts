/**
 * WooCommerce's blocks: the store events of `@wordpress/hooks`, with products of the Store API (prices in minor units).
 * A shop whose plug-in writes GA4's dataLayer needs no adapter: the tracker reads it.
 */

import { commerce, guarded, send } from "./send";

const HOOK = "experimental__woocommerce_blocks-";

const product = (one: any, quantity = 1, index?: number) => ({
  item_id: one.sku || one.id,
  item_name: one.name,
  item_category: one.categories?.[0]?.name,
  item_variant: one.variation?.map((each: any) => each.value).join(", "),
  price: Number(one.prices.price) / 10 ** one.prices.currency_minor_unit,
  quantity,
  index,
});

const currency = (one: any): string => one?.prices.currency_code;

const one = (name: string) => (e: any) => commerce(name, currency(e.product), [product(e.product, e.quantity ?? e.product.quantity)]);

const cart = (name: string) => ({ storeCart: c }: any) =>
  commerce(name, c.cartTotals.currency_code, c.cartItems.map((each: any) => product(each, each.quantity)), {
    value: Number(c.cartTotals.total_price) / 10 ** c.cartTotals.currency_minor_unit,
  });

const take: Record<string, (data: any) => void> = {
  "cart-add-item": one("add_to_cart"),
  "cart-remove-item": one("remove_from_cart"),
  "product-view-link": one("select_item"),
  "product-list-render": (e) =>
    commerce("view_item_list", currency(e.products[0]), e.products.map((each: any, n: number) => product(each, 1, n)), { item_list_name: e.listName }),
  "product-search": (e) => send("search", { search_term: e.searchTerm }),
  "checkout-render-checkout-form": cart("begin_checkout"),
  "checkout-submit": cart("add_payment_info"),
};

guarded(() => {
  for (const name in take) (window as any).wp.hooks.addAction(HOOK + name, "rastro", guarded(take[name]!));
})();
