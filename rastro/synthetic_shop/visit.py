"""One visit: a walk through the shop, as GA4 events with their true times."""

import random
from collections.abc import Generator, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from rastro.synthetic_shop import product_catalogue
from rastro.synthetic_shop.people import Person
from rastro.synthetic_shop.product_catalogue import Product
from rastro.synthetic_shop.sources import Source

SHOP = "https://www.loja.example"

Act = tuple[int, dict[str, Any]]
"""Milliseconds since the visit began, and the event without id and time."""

Listing = Generator[Act, None, tuple[Product, ...]]
"""Acts that show products, and then the products they showed."""


def visit(rng: random.Random, who: Person, source: Source, serial: int) -> Iterator[Act]:
    """The events of one visit in true order. `serial` makes transaction ids unique."""
    walk = _Walk(rng, who, source, serial)
    yield from walk.crawl() if who.is_crawler else walk.shop()


class _Walk:
    """Keeps the current page, the previous one, the clock and the cart."""

    def __init__(self, rng: random.Random, who: Person, source: Source, serial: int) -> None:
        self.rng = rng
        self.who = who
        self.serial = serial
        self.elapsed = 0
        self.url = ""
        self.title = ""
        self.referrer = source.referrer
        self.query = source.query
        self.user_id = ""
        self.cart: list[dict[str, Any]] = []

    def crawl(self) -> Iterator[Act]:
        for _ in range(self.rng.randint(1, 6)):
            yield from self._page(product_catalogue.choose(self.rng).path, "Produto")
            self._think(2, 40)

    def shop(self) -> Iterator[Act]:
        rng = self.rng
        yield from self._land()
        if rng.random() < 0.28:  # a bounce
            return
        if self.who.user_id and rng.random() < 0.4:
            self.user_id = self.who.user_id
            yield self._act("login", properties={"method": rng.choice(("senha", "google", "código"))})
        for _ in range(rng.choices((1, 2, 3, 4), (45, 30, 15, 10))[0]):
            yield from self._look()
        if self.cart:
            yield from self._buy()

    def _land(self) -> Iterator[Act]:
        kind = self.rng.random()
        if kind < 0.4:
            yield from self._page("/", "Loja Exemplo: moda, casa e eletrônicos")
        elif kind < 0.75:
            yield from self._product(product_catalogue.choose(self.rng))
        else:
            yield from self._list(self.rng.choice(product_catalogue.CATEGORIES))

    def _look(self) -> Iterator[Act]:
        if self.rng.random() < 0.3:
            products = yield from self._search(self.rng.choice(product_catalogue.SEARCHES))
            name = "Busca"
        else:
            name = self.rng.choice(product_catalogue.CATEGORIES)
            products = yield from self._list(name)
        if self.rng.random() < 0.15:
            return
        chosen = product_catalogue.choose(self.rng, products)
        yield self._act(
            "select_item", ecommerce={"items": [product_catalogue.line(chosen, 1)]}, properties={"list": name}
        )
        yield from self._product(chosen)
        if self.rng.random() < 0.38:
            variant = self.rng.choice(chosen.variants) if chosen.variants else None
            discount = round(chosen.price * 0.1, 2) if self.rng.random() < 0.25 else 0.0
            item = product_catalogue.line(
                chosen, self.rng.choices((1, 2, 3), (80, 15, 5))[0], discount, variant
            )
            self.cart.append(item)
            yield self._act("add_to_cart", ecommerce=_money([item]))
            if self.rng.random() < 0.08:
                yield self._act("remove_from_cart", ecommerce=_money([self.cart.pop()]))

    def _buy(self) -> Iterator[Act]:
        yield from self._page("/carrinho", "Seu carrinho")
        yield self._act("view_cart", ecommerce=_money(self.cart))
        if self.rng.random() < 0.35:
            return
        yield from self._page("/checkout", "Finalizar compra")
        yield self._act("begin_checkout", ecommerce=_money(self.cart))
        for step in ("add_shipping_info", "add_payment_info"):
            if self.rng.random() < 0.12:
                return
            detail = (
                {"shipping_tier": "PAC"} if step == "add_shipping_info" else {"payment_type": self._payment()}
            )
            yield self._act(step, ecommerce=_money(self.cart), properties=detail)
        if self.rng.random() < 0.15:
            return
        order = _money(self.cart)
        order["shipping"] = 0.0 if order["value"] > 199 else 19.9
        order["tax"] = round(order["value"] * 0.12, 2)
        order["transaction_id"] = f"P{self.serial:06d}-{self.rng.randint(1000, 9999)}"
        if self.rng.random() < 0.2:
            order["coupon"] = "BEMVINDO10"
        yield from self._page("/obrigado", "Pedido recebido")
        yield self._act("purchase", ecommerce=order)

    def _payment(self) -> str:
        return self.rng.choices(("pix", "cartão", "boleto"), (50, 40, 10))[0]

    def _list(self, category: str) -> Listing:
        products = tuple(p for p in product_catalogue.PRODUCTS if p.category == category)
        yield from self._page(f"/c/{product_catalogue.slug(category)}", category)
        items = [product_catalogue.line(p, 1) for p in products]
        yield self._act("view_item_list", ecommerce={"items": items}, properties={"list": category})
        return products

    def _search(self, term: str) -> Listing:
        products = product_catalogue.matching(term)
        yield from self._page(f"/busca?q={quote_plus(term)}", f"Busca: {term}")
        yield self._act("search", search_term=term, properties={"results": len(products)})
        return products

    def _product(self, product: Product) -> Iterator[Act]:
        yield from self._page(product.path, product.name)
        yield self._act("view_item", ecommerce=_money([product_catalogue.line(product, 1)]))

    def _page(self, path: str, title: str) -> Iterator[Act]:
        if self.url:
            self._think(4, 150)
            self.referrer = self.url
        query = self.query if not self.url else ""
        joint = "&" if "?" in path else "?"
        self.url = SHOP + quote(path, safe="/?=&%+") + (joint + query if query else "")
        self.title = title
        yield self._act("page_view")

    def _act(self, name: str, **fields: Any) -> Act:
        self._think(0.2, 6)
        event: dict[str, Any] = {"event": name, "page": {"url": self.url, "title": self.title}}
        if self.referrer:
            event["page"]["referrer"] = self.referrer
        if self.user_id:
            event["user_id"] = self.user_id
        return self.elapsed, event | fields

    def _think(self, least: float, most: float) -> None:
        """Seconds between two acts: mostly short, never near the gap that ends a session."""
        seconds = least + (most - least) * self.rng.betavariate(1.3, 5)
        self.elapsed += round(seconds * 1000)


def _money(items: list[dict[str, Any]]) -> dict[str, Any]:
    value = sum((item["price"] - item.get("discount", 0.0)) * item["quantity"] for item in items)
    return {"currency": "BRL", "value": round(value, 2), "items": [dict(item) for item in items]}
