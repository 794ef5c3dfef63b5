"""Money, items and the search term.

Money is a decimal(18,4) in the lake. A row holds it as a float rounded to four places and below 10^11: such a
number has at most 15 significant digits, so its shortest text is the exact decimal.
"""

from functools import lru_cache
from typing import Any

from enrich_consumer.core.enrich.currencies import CODES
from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.enrich.spec import Spec, Step
from enrich_consumer.core.record import Event, Record, Row
from schemas import Column

ABSURD = 1e11
MOST = 1_000_000
"""More pieces of one item than this is a mistake."""

AMOUNTS = ("value", "shipping", "tax")
ITEMS_TYPE = (
    "array<struct<item_id:string,item_name:string,item_brand:string,item_category:string,item_variant:string,"
    "price:decimal(18,4),quantity:int,discount:decimal(18,4)>>"
)


def money(amount: float | None, flags: list[str], name: str) -> float | None:
    """Four decimal places. An absurd amount is None and flagged; a negative one stays and is flagged."""
    if amount is None:
        return None
    if not -ABSURD < amount < ABSURD:
        _flag(flags, f"absurd_{name}")
        return None
    if amount < 0:
        _flag(flags, f"negative_{name}")
    return round(float(amount), 4)


def _flag(flags: list[str], flag: str) -> None:
    if flag not in flags:
        flags.append(flag)


def _text(value: Any) -> str | None:
    return value if value is None or type(value) is str else str(value)


def _pieces(quantity: float | None, flags: list[str]) -> int | None:
    """Whole pieces; without a number it is one, as in GA4."""
    if quantity is None:
        return 1
    if not -MOST <= quantity <= MOST:
        _flag(flags, "absurd_quantity")
        return None
    if quantity < 0:
        _flag(flags, "negative_quantity")
    if quantity != int(quantity):
        _flag(flags, "broken_quantity")  # 1.5 metres of cloth: the column is whole pieces
    return int(quantity)


def item_of(given: dict[str, Any], flags: list[str]) -> Row:
    """One item with every field of the struct."""
    get = given.get
    price, discount, quantity = get("price"), get("discount"), get("quantity")
    return {
        "item_id": _text(get("item_id")),
        "item_name": _text(get("item_name")),
        "item_brand": _text(get("item_brand")),
        "item_category": _text(get("item_category")),
        "item_variant": _text(get("item_variant")),
        "price": None if price is None else money(price, flags, "price"),
        "quantity": 1 if quantity is None else _pieces(quantity, flags),
        "discount": None if discount is None else money(discount, flags, "discount"),
    }


def total_of(items: list[Row]) -> float | None:
    """Prices times pieces, in ten-thousandths so that no cent gets lost; None when no price is known."""
    parts = [
        round(item["price"] * 10_000) * (item["quantity"] or 0) for item in items if item["price"] is not None
    ]
    total = sum(parts) / 10_000
    return total if parts and -ABSURD < total < ABSURD else None


def currency_of(told: str | None, default: str | None) -> tuple[str | None, bool]:
    """(code, known): ISO 4217 in capitals; the default where none was told; None for an unknown one."""
    if not told:
        return default, True
    code = told.strip().upper()
    return (code, True) if code in CODES else (None, False)


def _build(_: References) -> Step:
    currency = lru_cache(1024)(currency_of)

    def per_event(record: Record, event: Event, row: Row) -> None:
        row["search_term"] = event.get("search_term")
        given = event.get("ecommerce")
        if not given:
            return
        flags: list[str] = []
        get = given.get
        row["currency"], known = currency(get("currency"), record.site.currency)
        if not known:
            flags.append("unknown_currency")
        row["transaction_id"] = get("transaction_id")
        row["coupon"] = get("coupon")
        back = event["event"] == "refund"
        for name in AMOUNTS:
            amount = get(name)
            if amount is not None:
                # The amount of a refund is positive, as in GA4; some shops send minus.
                row[name] = money(abs(amount) if back else amount, flags, name)
        items = get("items")
        if items:
            lines = [item_of(item, flags) for item in items]
            row["items"] = lines
            row["items_count"] = len(lines)
            row["items_quantity"] = sum([line["quantity"] or 0 for line in lines])
            if get("value") is None:
                total = total_of(lines)
                if total is not None:
                    row["value"] = abs(total) if back else total
                    flags.append("derived_value")
        row["ecommerce_flags"] = flags

    return Step(per_event=per_event)


SPEC = Spec(
    name="ecommerce",
    description="Money with its currency, the items and the search term.",
    gives=(
        Column(
            "currency", "string", "ISO 4217 of every amount of the event; the site's where none was sent."
        ),
        Column(
            "value",
            "decimal(18,4)",
            "Value of the event in the currency's major unit; of the items where none was sent.",
        ),
        Column("transaction_id", "string", "The order's id."),
        Column("coupon", "string", "Coupon of the order."),
        Column("shipping", "decimal(18,4)", "Cost of shipping."),
        Column("tax", "decimal(18,4)", "Tax."),
        Column("items_count", "int", "Lines in items."),
        Column("items_quantity", "int", "Pieces over all items."),
        Column("items", ITEMS_TYPE, "The products, as GA4 names their fields."),
        Column("search_term", "string", "What was searched for in the shop, scrubbed."),
        Column(
            "ecommerce_flags",
            "array<string>",
            "What is odd: unknown_currency, negative_*, absurd_*, broken_quantity, derived_value.",
        ),
    ),
    needs=(),
    build=_build,
)
