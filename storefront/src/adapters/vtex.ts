/** VTEX IO: the storefront's pixel events (`postMessage` with `eventName`), as in vtex-apps/google-tag-manager's typings. */

import { commerce, guarded, send } from "./send";

/** Cart items carry cents where `priceIsInt` says so. */
const line = (one: any) => ({
  item_id: one.productId || one.id,
  item_name: one.name,
  item_brand: one.brand || one.additionalInfo?.brandName,
  item_category: one.category,
  item_variant: one.skuName || one.variant,
  sku: one.skuId || one.sku,
  price: (one.sellingPrice ?? one.price) / (one.priceIsInt ? 100 : 1),
  quantity: one.quantity,
});

const product = (one: any, index?: number) => {
  const sku = one.selectedSku || one.sku || one.items?.[0];
  const seller = sku?.sellers?.find((each: any) => each.sellerDefault) || sku?.sellers?.[0] || sku?.seller;
  return {
    item_id: one.productId,
    item_name: one.productName,
    item_brand: one.brand,
    item_category: one.categories?.[0]?.split("/").filter(Boolean).pop(),
    item_variant: sku?.name,
    sku: sku?.itemId,
    price: seller?.commertialOffer?.Price,
    quantity: 1,
    index,
  };
};

const take: Record<string, (data: any) => void> = {
  productView: (e) => commerce("view_item", e.currency, [product(e.product)]),
  productClick: (e) => commerce("select_item", e.currency, [product(e.product, e.position)], { item_list_name: e.list }),
  productImpression: (e) =>
    commerce("view_item_list", e.currency, e.impressions.map((i: any) => product(i.product, i.position)), { item_list_name: e.list }),
  addToCart: (e) => commerce("add_to_cart", e.currency, e.items.map(line)),
  removeFromCart: (e) => commerce("remove_from_cart", e.currency, e.items.map(line)),
  cartLoaded: (e) => commerce("view_cart", e.currency, e.orderForm.items.map(line)),
  promoView: (e) => send("view_promotion", { promotions: e.promotions }),
  promotionClick: (e) => send("select_promotion", { promotions: e.promotions }),
  pageInfo: (e) => e.search && send("search", { search_term: e.search.term, results: e.search.results }),
  userData: (e) => send("user", e.isAuthenticated ? e.id : null),
  orderPlaced: (e) =>
    commerce("purchase", e.currency || e.transactionCurrency, e.transactionProducts.map(line), {
      transaction_id: e.transactionId,
      value: e.transactionTotal,
      shipping: e.transactionShipping,
      tax: e.transactionTax,
      coupon: e.coupon,
    }),
};

addEventListener(
  "message",
  guarded(({ data, origin }: MessageEvent) => {
    if (origin === location.origin && /^vtex:/.test(data?.eventName)) take[data.eventName.slice(5)]?.(data);
  }),
);
