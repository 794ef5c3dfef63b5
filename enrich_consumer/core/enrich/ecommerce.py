"""Money, items and the search term.

Money is a decimal(18,4) in the lake. A row holds it as a float rounded to four places and below 10^11: such a
number has at most 15 significant digits, so its shortest text is the exact decimal.
"""

from typing import Any

from enrich_consumer.core.enrich.references import References
from enrich_consumer.core.enrich.spec import Spec, Step
from enrich_consumer.core.record import Event, Record, Row
from schemas import Column

ABSURD = 1e11
MOST = 1_000_000
"""More pieces of one item than this is a mistake."""

_TEXTS = ("item_id", "item_name", "item_brand", "item_category", "item_variant")
ITEMS_TYPE = (
    "array<struct<item_id:string,item_name:string,item_brand:string,item_category:string,item_variant:string,"
    "price:decimal(18,4),quantity:int,discount:decimal(18,4)>>"
)


def money(number: float | None) -> float | None:
    """Four decimal places; None for what is not a sensible amount."""
    if number is None or not -ABSURD < number < ABSURD:
        return None
    return round(float(number), 4)


def item_of(given: dict[str, Any]) -> Row:
    """One item with every field of the struct. Without a quantity it is one piece, as in GA4."""
    item: Row = {}
    for field in _TEXTS:
        value = given.get(field)
        item[field] = value if value is None or isinstance(value, str) else str(value)
    quantity = given.get("quantity")
    item["price"] = money(given.get("price"))
    item["quantity"] = 1 if quantity is None else int(quantity) if 0 <= quantity <= MOST else None
    item["discount"] = money(given.get("discount"))
    return item


def _per_event(record: Record, event: Event, row: Row) -> None:
    row["search_term"] = event.get("search_term")
    given = event.get("ecommerce")
    if not given:
        return
    row["currency"] = given.get("currency") or record.site.currency
    row["value"] = money(given.get("value"))
    row["transaction_id"] = given.get("transaction_id")
    row["coupon"] = given.get("coupon")
    row["shipping"] = money(given.get("shipping"))
    row["tax"] = money(given.get("tax"))
    items = given.get("items")
    if items:
        row["items"] = [item_of(item) for item in items]
        row["items_count"] = len(items)
        row["items_quantity"] = sum(item["quantity"] or 0 for item in row["items"])


def _build(_: References) -> Step:
    return Step(per_event=_per_event)


SPEC = Spec(
    name="ecommerce",
    description="Money with its currency, the items and the search term.",
    gives=(
        Column(
            "currency", "string", "ISO 4217 of every amount of the event; the site's where none was sent."
        ),
        Column("value", "decimal(18,4)", "Value of the event in the currency's major unit."),
        Column("transaction_id", "string", "The order's id."),
        Column("coupon", "string", "Coupon of the order."),
        Column("shipping", "decimal(18,4)", "Cost of shipping."),
        Column("tax", "decimal(18,4)", "Tax."),
        Column("items_count", "int", "Lines in items."),
        Column("items_quantity", "int", "Pieces over all items."),
        Column("items", ITEMS_TYPE, "The products, as GA4 names their fields."),
        Column("search_term", "string", "What was searched for in the shop, scrubbed."),
    ),
    needs=(),
    build=_build,
)
