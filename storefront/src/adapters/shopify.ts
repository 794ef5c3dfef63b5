/**
 * Shopify's customer events, in a custom pixel: `rastroShopify(analytics)` after the tracker's script, which there has
 * `auto: "off"`. The sandbox has no cookie of the shop, so the visitor is Shopify's own `clientId`.
 */

import { commerce, guarded, send } from "./send";

const variant = (one: any, quantity = 1) => ({
  item_id: one.product.id,
  item_name: one.product.title,
  item_brand: one.product.vendor,
  item_category: one.product.type,
  item_variant: one.title,
  sku: one.sku,
  price: one.price.amount,
  quantity,
});

const cartLine = (one: any) => variant(one.merchandise, one.quantity);
const checkout = (name: string) => (data: any, page: object) => {
  const c = data.checkout;
  commerce(name, c.currencyCode, c.lineItems.map((one: any) => variant(one.variant, one.quantity)), {
    transaction_id: c.order?.id,
    value: c.totalPrice?.amount,
    tax: c.totalTax?.amount,
    shipping: c.shippingLine?.price.amount,
    coupon: c.discountApplications?.[0]?.title,
    ...page,
  });
};

const take: Record<string, (data: any, page: object) => void> = {
  page_viewed: (_, page) => send("page_view", page),
  product_viewed: (d, page) => commerce("view_item", d.productVariant.price.currencyCode, [variant(d.productVariant)], page as any),
  collection_viewed: (d, page) =>
    commerce("view_item_list", undefined, d.collection.productVariants.map((v: any) => variant(v)), { item_list_name: d.collection.title, ...page }),
  search_submitted: (d, page) => send("search", { search_term: d.searchResult.query, ...page }),
  product_added_to_cart: (d, page) => commerce("add_to_cart", d.cartLine.cost.totalAmount.currencyCode, [cartLine(d.cartLine)], page as any),
  product_removed_from_cart: (d, page) => commerce("remove_from_cart", d.cartLine.cost.totalAmount.currencyCode, [cartLine(d.cartLine)], page as any),
  cart_viewed: (d, page) => commerce("view_cart", d.cart.cost.totalAmount.currencyCode, d.cart.lines.map(cartLine), page as any),
  checkout_started: checkout("begin_checkout"),
  checkout_shipping_info_submitted: checkout("add_shipping_info"),
  payment_info_submitted: checkout("add_payment_info"),
  checkout_completed: checkout("purchase"),
};

(globalThis as any).rastroShopify = (analytics: any) => {
  for (const name in take) {
    analytics.subscribe(
      name,
      guarded(({ clientId, context, data }: any) => {
        const { location, title, referrer } = context.document;
        if (clientId) send("visitor", clientId);
        take[name]!(data, { page_location: location.href, page_title: title, page_referrer: referrer });
      }),
    );
  }
};
