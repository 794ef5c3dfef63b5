"""Orders, and what was given back of them."""

from decimal import Decimal

from tests.analytics.by_hand.delivered import Row, Rows, events, grouped


def refunds(delivered: Rows) -> Rows:
    names = ("site", "event_id", "visitor_id", "raw_sequence", "event_at", "event_date", "currency", "value")
    return [
        {name: row[name] for name in names}
        | {"order_id": row["transaction_id"], "dt": row["dt"], "hour": row["hour"]}
        for row in events(delivered)
        if row["event_name"] == "refund" and row["transaction_id"]
    ]


def orders(delivered: Rows) -> Rows:
    every = events(delivered)
    first: dict[tuple[str, str], Row] = {}
    for row in every:
        if row["event_name"] == "purchase":
            order = row["transaction_id"] or row["event_id"]
            first.setdefault((row["site"], order), row | {"order_id": order})
    refunds = grouped([row for row in every if row["event_name"] == "refund"], "site", "transaction_id")
    return [
        row
        | _settled(
            row, refunds.get((row["site"], row["transaction_id"]), []) if row["transaction_id"] else []
        )
        for row in first.values()
    ]


def _settled(order: Row, refunds: Rows) -> Row:
    gross = order["value"] or Decimal(0)
    if any(refund["value"] is None for refund in refunds):
        refunded = gross
    else:
        same = [refund["value"] for refund in refunds if refund["currency"] == order["currency"]]
        refunded = min(gross, sum(same, Decimal(0))) if same else Decimal(0)
    return {"gross_revenue": gross, "refunded": refunded, "revenue": gross - refunded}
