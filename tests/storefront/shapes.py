"""Events of shop platforms as their documentation and types describe them, with the GA4 commands they become."""

from typing import Any

_SKU = {
    "itemId": "2000535",
    "name": "36 azul",
    "ean": "789",
    "sellers": [
        {"sellerId": "2", "sellerDefault": False, "commertialOffer": {"Price": 120.0, "ListPrice": 150.0}},
        {"sellerId": "1", "sellerDefault": True, "commertialOffer": {"Price": 99.9, "ListPrice": 150.0}},
    ],
}
_PRODUCT = {
    "brand": "Mizuno",
    "brandId": "2000011",
    "categories": ["/Calçados/Tênis/", "/Calçados/"],
    "linkText": "tenis",
    "productId": "2000530",
    "productName": "Tênis Wave",
    "items": [_SKU],
    "sku": _SKU,
}
_ITEM = {
    "item_id": "2000530",
    "item_name": "Tênis Wave",
    "item_brand": "Mizuno",
    "item_category": "Tênis",
    "item_variant": "36 azul",
    "sku": "2000535",
    "price": 99.9,
    "quantity": 1,
}
_CART_ITEM = {
    "id": "2000535",
    "productId": "2000530",
    "skuId": "2000535",
    "name": "Tênis Wave",
    "skuName": "36 azul",
    "brand": "Mizuno",
    "category": "Tênis",
    "price": 15000,
    "sellingPrice": 9990,
    "priceIsInt": True,
    "quantity": 2,
}
_LINE = _ITEM | {"quantity": 2}

VTEX: list[tuple[dict[str, Any], list[Any] | None]] = [
    (
        {"eventName": "vtex:productView", "currency": "BRL", "product": _PRODUCT | {"selectedSku": _SKU}},
        ["view_item", {"currency": "BRL", "value": 99.9, "items": [_ITEM]}],
    ),
    (
        {
            "eventName": "vtex:productImpression",
            "currency": "BRL",
            "list": "Vitrine",
            "impressions": [{"product": _PRODUCT, "position": 3}],
        },
        [
            "view_item_list",
            {"currency": "BRL", "value": 99.9, "items": [_ITEM | {"index": 3}], "item_list_name": "Vitrine"},
        ],
    ),
    (
        {
            "eventName": "vtex:productClick",
            "currency": "BRL",
            "product": _PRODUCT,
            "position": 1,
            "list": "Vitrine",
        },
        [
            "select_item",
            {"currency": "BRL", "value": 99.9, "items": [_ITEM | {"index": 1}], "item_list_name": "Vitrine"},
        ],
    ),
    (
        {"eventName": "vtex:addToCart", "currency": "BRL", "items": [_CART_ITEM]},
        ["add_to_cart", {"currency": "BRL", "value": 199.8, "items": [_LINE]}],
    ),
    (
        {"eventName": "vtex:removeFromCart", "currency": "BRL", "items": [_CART_ITEM]},
        ["remove_from_cart", {"currency": "BRL", "value": 199.8, "items": [_LINE]}],
    ),
    (
        {
            "eventName": "vtex:pageInfo",
            "eventType": "internalSiteSearchView",
            "search": {"term": "tênis", "results": 12, "category": {"id": "1", "name": "Calçados"}},
        },
        ["search", {"search_term": "tênis", "results": 12}],
    ),
    (
        {"eventName": "vtex:userData", "isAuthenticated": True, "id": "c-7", "email": "a@loja.example"},
        ["user", "c-7"],
    ),
    ({"eventName": "vtex:userData", "isAuthenticated": False}, ["user", None]),
    (
        {
            "eventName": "vtex:orderPlaced",
            "currency": "BRL",
            "transactionId": "1182",
            "transactionTotal": 219.7,
            "transactionShipping": 19.9,
            "transactionTax": 0,
            "coupon": "DEZ",
            "transactionProducts": [
                {
                    "id": "2000530",
                    "name": "Tênis Wave",
                    "sku": "2000535",
                    "skuName": "36 azul",
                    "brand": "Mizuno",
                    "category": "Tênis",
                    "price": 99.9,
                    "sellingPrice": 99.9,
                    "quantity": 2,
                }
            ],
        },
        [
            "purchase",
            {
                "currency": "BRL",
                "value": 219.7,
                "items": [_LINE],
                "transaction_id": "1182",
                "shipping": 19.9,
                "tax": 0,
                "coupon": "DEZ",
            },
        ],
    ),
    ({"eventName": "vtex:productView", "product": None}, None),
    ({"eventName": "vtex:somethingNew"}, None),
    ({"other": 1}, None),
]

_VARIANT = {
    "id": "45737128657113",
    "sku": "CAN-1",
    "title": "Azul",
    "price": {"amount": 69.9, "currencyCode": "BRL"},
    "product": {
        "id": "8950526378201",
        "title": "Caneca",
        "vendor": "Ateliê",
        "type": "Louça",
        "url": "/p/caneca",
    },
}
_SHOPIFY_ITEM = {
    "item_id": "8950526378201",
    "item_name": "Caneca",
    "item_brand": "Ateliê",
    "item_category": "Louça",
    "item_variant": "Azul",
    "sku": "CAN-1",
    "price": 69.9,
    "quantity": 1,
}
_PAGE = {
    "page_location": "https://loja.example/p",
    "page_title": "Caneca",
    "page_referrer": "https://x.example/",
}
_MONEY = {"amount": 139.8, "currencyCode": "BRL"}
_CART_LINE = {"merchandise": _VARIANT, "quantity": 2, "cost": {"totalAmount": _MONEY}}
_CHECKOUT = {
    "currencyCode": "BRL",
    "totalPrice": {"amount": 159.7, "currencyCode": "BRL"},
    "totalTax": {"amount": 0, "currencyCode": "BRL"},
    "shippingLine": {"price": {"amount": 19.9, "currencyCode": "BRL"}},
    "discountApplications": [{"title": "DEZ"}],
    "order": {"id": "6000"},
    "lineItems": [{"variant": _VARIANT, "quantity": 2, "title": "Caneca"}],
}
_BOUGHT = {
    "currency": "BRL",
    "value": 159.7,
    "items": [_SHOPIFY_ITEM | {"quantity": 2}],
    "transaction_id": "6000",
    "tax": 0,
    "shipping": 19.9,
    "coupon": "DEZ",
}

SHOPIFY: list[tuple[str, dict[str, Any], list[Any] | None]] = [
    ("page_viewed", {}, ["page_view", _PAGE]),
    (
        "product_viewed",
        {"productVariant": _VARIANT},
        ["view_item", {"currency": "BRL", "value": 69.9, "items": [_SHOPIFY_ITEM]} | _PAGE],
    ),
    (
        "search_submitted",
        {"searchResult": {"query": "caneca", "productVariants": []}},
        ["search", {"search_term": "caneca"} | _PAGE],
    ),
    (
        "collection_viewed",
        {"collection": {"id": "1", "title": "Louça", "productVariants": [_VARIANT]}},
        ["view_item_list", {"value": 69.9, "items": [_SHOPIFY_ITEM], "item_list_name": "Louça"} | _PAGE],
    ),
    (
        "product_added_to_cart",
        {"cartLine": _CART_LINE},
        [
            "add_to_cart",
            {"currency": "BRL", "value": 139.8, "items": [_SHOPIFY_ITEM | {"quantity": 2}]} | _PAGE,
        ],
    ),
    (
        "cart_viewed",
        {"cart": {"lines": [_CART_LINE], "cost": {"totalAmount": _MONEY}}},
        [
            "view_cart",
            {"currency": "BRL", "value": 139.8, "items": [_SHOPIFY_ITEM | {"quantity": 2}]} | _PAGE,
        ],
    ),
    ("checkout_started", {"checkout": _CHECKOUT}, ["begin_checkout", _BOUGHT | _PAGE]),
    ("checkout_completed", {"checkout": _CHECKOUT}, ["purchase", _BOUGHT | _PAGE]),
    ("product_viewed", {"productVariant": None}, None),
]

_NUBE_ITEM = {
    "id": 1,
    "product_id": 111,
    "variant_id": 222,
    "name": "Vaso",
    "variant_values": "Terracota",
    "price": "189.90",
    "quantity": 2,
}
_NUBE_LINE = {
    "item_id": 111,
    "item_name": "Vaso",
    "item_variant": "Terracota",
    "variant_id": 222,
    "price": 189.9,
    "quantity": 2,
}
_NUBE_PRODUCT = {
    "id": 111,
    "name": {"pt": "Vaso", "es": "Maceta"},
    "brand": "Barro",
    "variants": [{"price": "189.90"}],
}
_NUBE_STATE: dict[str, Any] = {
    "store": {"id": 7, "currency": "BRL", "currency_details": {"code": "BRL"}},
    "cart": {
        "id": "987",
        "items": [_NUBE_ITEM],
        "prices": {"total": 399.7, "shipping": 19.9, "subtotal": 379.8},
        "coupon": {"code": "DEZ"},
    },
    "location": {"page": {"type": "home", "data": {}}},
}
_NUBE_VIEWED = {"item_id": 111, "item_name": "Vaso", "item_brand": "Barro", "price": 189.9, "quantity": 1}

NUVEMSHOP: list[tuple[str, dict[str, Any], list[Any] | None]] = [
    (
        "page:loaded",
        _NUBE_STATE | {"location": {"page": {"type": "product", "data": {"product": _NUBE_PRODUCT}}}},
        ["view_item", {"currency": "BRL", "value": 189.9, "items": [_NUBE_VIEWED]}],
    ),
    (
        "location:updated",
        _NUBE_STATE
        | {
            "location": {"page": {"type": "category", "data": {"name": "Vasos", "products": [_NUBE_PRODUCT]}}}
        },
        [
            "view_item_list",
            {
                "currency": "BRL",
                "value": 189.9,
                "items": [_NUBE_VIEWED | {"index": 0}],
                "item_list_name": "Vasos",
            },
        ],
    ),
    (
        "cart:add:success",
        _NUBE_STATE | {"eventPayload": {"item": _NUBE_ITEM}},
        ["add_to_cart", {"currency": "BRL", "value": 379.8, "items": [_NUBE_LINE]}],
    ),
    ("cart:view", _NUBE_STATE, ["view_cart", {"currency": "BRL", "value": 379.8, "items": [_NUBE_LINE]}]),
    (
        "checkout:ready",
        _NUBE_STATE,
        ["begin_checkout", {"currency": "BRL", "value": 379.8, "items": [_NUBE_LINE]}],
    ),
    (
        "checkout:success",
        _NUBE_STATE,
        [
            "purchase",
            {
                "currency": "BRL",
                "value": 399.7,
                "items": [_NUBE_LINE],
                "transaction_id": "987",
                "shipping": 19.9,
                "coupon": "DEZ",
            },
        ],
    ),
    ("cart:view", {}, None),
]

_PRICES = {"currency_code": "BRL", "currency_minor_unit": 2, "price": "6990"}
_BLOCK = {
    "id": 15,
    "sku": "CAN-1",
    "name": "Caneca",
    "categories": [{"name": "Louça"}],
    "prices": _PRICES,
    "quantity": 2,
}
_WOO_ITEM = {
    "item_id": "CAN-1",
    "item_name": "Caneca",
    "item_category": "Louça",
    "price": 69.9,
    "quantity": 1,
}

WOOCOMMERCE: list[tuple[str, dict[str, Any], list[Any] | None]] = [
    (
        "cart-add-item",
        {"product": _BLOCK | {"quantity": None}, "quantity": 1},
        ["add_to_cart", {"currency": "BRL", "value": 69.9, "items": [_WOO_ITEM]}],
    ),
    (
        "cart-remove-item",
        {"product": _BLOCK, "quantity": 2},
        ["remove_from_cart", {"currency": "BRL", "value": 139.8, "items": [_WOO_ITEM | {"quantity": 2}]}],
    ),
    (
        "product-list-render",
        {"products": [_BLOCK], "listName": "Ofertas"},
        [
            "view_item_list",
            {
                "currency": "BRL",
                "value": 69.9,
                "items": [_WOO_ITEM | {"index": 0}],
                "item_list_name": "Ofertas",
            },
        ],
    ),
    ("product-search", {"searchTerm": "caneca"}, ["search", {"search_term": "caneca"}]),
    (
        "checkout-render-checkout-form",
        {
            "storeCart": {
                "cartItems": [_BLOCK],
                "cartTotals": {"currency_code": "BRL", "currency_minor_unit": 2, "total_price": "15970"},
            }
        },
        ["begin_checkout", {"currency": "BRL", "value": 159.7, "items": [_WOO_ITEM | {"quantity": 2}]}],
    ),
    ("cart-add-item", {"product": None}, None),
]
