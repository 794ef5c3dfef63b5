"""Money, items and the search term.

Money is a decimal(18,4) in the lake. A row holds it as a float rounded to four decimals and below 10^11: such a
number has at most 15 significant digits, so its shortest text is the exact decimal.
"""

from functools import lru_cache
from typing import Any

from enrich_consumer.core.engine.context import EnrichmentContext
from enrich_consumer.core.engine.enrichment import Enrichment, Step
from enrich_consumer.core.parsing.items import ITEMS_TYPE, clean_id, shared_texts, texts_of
from enrich_consumer.core.record import Event, Row
from enrich_consumer.core.tables.currencies import CODES
from reference_data.lookups import References
from schemas import Column

ABSURD = 1e11
MOST = 1_000_000
"""More pieces of one item than this is a mistake."""

PRICES = 2048
"""Prices that are remembered: few and often, so that they stay in a processor's caches; more cost what they save."""
NAMES = ("transaction_id", "coupon")
AMOUNTS = ("value", "shipping", "tax")


def money_of(amount: float) -> tuple[float | None, str | None]:
    """(amount with four decimals, problem or None). An absurd amount is None; a negative one stays."""
    if not -ABSURD < amount < ABSURD:
        return None, "absurd"
    return round(float(amount), 4), "negative" if amount < 0 else None


def pieces_of(quantity: float) -> tuple[int | None, str | None]:
    """(whole pieces, problem or None)."""
    if not -MOST <= quantity <= MOST:
        return None, "absurd"
    whole = int(quantity)
    # 1.5 metres of cloth: the column is whole pieces
    return whole, "broken" if quantity != whole else "negative" if whole < 0 else None


money = lru_cache(PRICES)(money_of)


def _amount(amount: float, flags: list[str], name: str) -> float | None:
    value, problem = money(amount)
    if problem:
        _flag(flags, f"{problem}_{name}")
    return value


def _flag(flags: list[str], flag: str) -> None:
    if flag not in flags:
        flags.append(flag)


def item_of(given: dict[str, Any], flags: list[str], shared: dict[str, str]) -> Row:
    """One item, fields of the struct that are known. Without a quantity it is one piece, as in GA4."""
    item: Row = texts_of(given, shared)
    price, quantity, discount = given.get("price"), given.get("quantity"), given.get("discount")
    if price is not None:
        item["price"] = _amount(price, flags, "price")
    if quantity is None:
        item["quantity"] = 1
    else:
        item["quantity"], problem = pieces_of(quantity)
        if problem:
            _flag(flags, f"{problem}_quantity")
    if discount is not None:
        item["discount"] = _amount(discount, flags, "discount")
    return item


def total_of(items: list[Row]) -> float | None:
    """Prices times pieces, in ten-thousandths so that no cent gets lost; None when no price is known."""
    parts = [
        round(item["price"] * 10_000) * (item["quantity"] or 0)
        for item in items
        if item.get("price") is not None
    ]
    total = sum(parts) / 10_000
    return total if parts and -ABSURD < total < ABSURD else None


def currency_of(given: Any, default: str | None) -> tuple[str | None, bool]:
    """(code, is valid): ISO 4217 in capitals; the default where none was given; None for an unknown one."""
    if not given:
        return default, True
    code = given.strip().upper()
    return (code, True) if code in CODES else (None, False)


currency = lru_cache(1024)(currency_of)


def _amounts(event: Event, given: dict[str, Any], row: Row, flags: list[str]) -> None:
    for name in AMOUNTS:
        amount = given.get(name)
        if amount is not None:
            # The amount of a refund is positive, as in GA4; some shops send minus.
            row[name] = _amount(abs(amount) if event["event"] == "refund" else amount, flags, name)


def _names(given: dict[str, Any], row: Row, flags: list[str]) -> None:
    for name in NAMES:
        value = given.get(name)
        if value is not None:
            text = clean_id(value)
            if text is not None:
                row[name] = text
            elif name == "transaction_id":
                flags.append("unusable_transaction_id")


def _items(event: Event, given: dict[str, Any], row: Row, flags: list[str]) -> None:
    shared = shared_texts(given)
    lines = [item_of(item, flags, shared) for item in given["items"]]
    row["items"] = lines
    row["items_count"] = len(lines)
    row["items_quantity"] = sum([line["quantity"] or 0 for line in lines])
    if "value" not in row:
        total = total_of(lines)
        if total is not None:
            row["value"] = abs(total) if event["event"] == "refund" else total
            flags.append("derived_value")


def _per_event(context: EnrichmentContext, event: Event, row: Row) -> None:
    if term := event.get("search_term"):
        row["search_term"] = term
    given = event.get("ecommerce")
    if not given:
        return
    flags: list[str] = []
    code, is_valid = currency(given.get("currency"), context.record.site.currency)
    if code:
        row["currency"] = code
    if not is_valid:
        flags.append("unknown_currency")
    _names(given, row, flags)
    _amounts(event, given, row, flags)
    if given.get("items"):
        _items(event, given, row, flags)
    if flags:
        row["ecommerce_flags"] = flags


def _build(_: References) -> Step:
    return Step(per_event=_per_event, caches={"ecommerce.money": money.cache_info})


ENRICHMENT: Enrichment = Enrichment(
    name="ecommerce",
    description="Money with its currency, the items and the search term.",
    provides=(
        Column(
            "currency", "string", "ISO 4217 of every amount of the event; the site's where none was sent."
        ),
        Column(
            "value",
            "decimal(18,4)",
            "Value of the event in the currency's major unit; of the items where none was sent.",
        ),
        Column("transaction_id", "string", "The order's id; null for a placeholder such as undefined."),
        Column("coupon", "string", "Coupon of the order."),
        Column("shipping", "decimal(18,4)", "Cost of shipping."),
        Column("tax", "decimal(18,4)", "Tax."),
        Column("items_count", "int", "Lines in items."),
        Column("items_quantity", "int", "Pieces over all items."),
        Column("items", ITEMS_TYPE, "The products, as GA4 names their fields."),
        Column("search_term", "string", "Search term in the shop, scrubbed of personal data."),
        Column(
            "ecommerce_flags",
            "array<string>",
            "Findings about the amounts: unknown_currency, negative_*, absurd_*, broken_quantity, derived_value, "
            "unusable_transaction_id (a placeholder such as undefined; the column is null).",
        ),
    ),
    requires=(),
    build=_build,
)
