"""Stored events and lake rows in one flat form, and how they compare with what was sent."""

from typing import Any, NamedTuple

from tests.system.clients.clients import Row


def of_event(event: dict[str, Any]) -> Row:
    """A stored event by the names of the lake's columns."""
    page, commerce = event.get("page") or {}, event.get("ecommerce") or {}
    properties = event.get("properties") or {}
    row = {"event": event["event"], "event_id": event["event_id"], "visitor_id": event["visitor_id"]}
    row |= {"user_id": event.get("user_id"), "search_term": event.get("search_term")}
    row |= {f"page_{name}": page.get(name) for name in ("url", "title", "referrer")}
    row |= {
        name: commerce.get(name)
        for name in ("currency", "value", "shipping", "tax", "coupon", "transaction_id")
    }
    return row | {"items": commerce.get("items")} | of_properties(properties)


def of_properties(properties: dict[str, Any]) -> Row:
    """The two properties of the trip, under whichever name a protocol has for them."""
    traits = properties.get("traits") or {}
    context = properties.get("context") or {}
    plan = traits.get("plan") or (context.get("traits") or {}).get("plan")
    return {"topic": properties.get("topic") or properties.get("label"), "plan": plan}


class Comparison(NamedTuple):
    """Counts of events, but `equal` and `fields`: of fields."""

    sent: int
    stored: int
    lost: int
    twice: int
    equal: int
    fields: int
    wrong: list[str]


def compare(wanted: list[Row], found: list[Row]) -> Comparison:
    """Each event of the trip against its row. `found` may hold copies; they count once."""
    unique = {row["event_id"]: row for row in found}
    by_name: dict[str, list[Row]] = {}
    for row in unique.values():
        by_name.setdefault(row["event"], []).append(row)
    equal = fields = lost = twice = 0
    wrong: list[str] = []
    for row in wanted:
        matches = by_name.get(row["event"], [])
        if not matches:
            lost += 1
            continue
        twice += len(matches) - 1
        for name, value in row.items():
            fields += 1
            if _same(value, matches[0].get(name)):
                equal += 1
            else:
                wrong.append(f"{row['event']}.{name}: {matches[0].get(name)!r} is not {value!r}")
    return Comparison(len(wanted), len(unique), lost, twice, equal, fields, wrong)


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(wanted) == len(found)
            and all(_same(one, other) for one, other in zip(wanted, found, strict=True))
        )
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            _same(value, found.get(name)) for name, value in wanted.items()
        )
    if isinstance(wanted, (int, float)) and not isinstance(found, str) and found is not None:
        return abs(float(found) - wanted) < 1e-9
    return bool(wanted == found)
