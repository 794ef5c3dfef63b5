"""When sessions end and carts are abandoned, as an observer of every record would note it by hand.

Slow and plain: after each record everything open is looked at, and what is announced of a session is worked out from
the list of its events. Nothing is packed, timed or remembered beyond that.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.proofs.closings.histories_with_ticks import GRACE, RECOVERY, SILENCE, Details, details
from tests.proofs.sessions.arrivals_oracle import Opener, Visit, Visitor
from tests.proofs.sessions.history import SLACK, Arrival, History, Rule, arrivals


class End(NamedTuple):
    """A row of session_ends. `cart`: pieces in it; `pages`: (views, first, last)."""

    opener: Opener
    revision: int
    is_final: bool
    closed_by: str
    closed_at: int
    started_at: int
    ended_at: int
    pages: tuple[int, str, str]
    orders: int
    user: str
    cart: int
    survivor: Opener | None = None


class CartEvent(NamedTuple):
    """A row of cart_events. `items`: sorted."""

    name: str
    visitor: tuple[str, str]
    at: int
    revision: int
    items: tuple[tuple[str, int], ...] = ()
    page: str = ""
    user: str = ""


class _Cart:
    def __init__(self, at: int) -> None:
        self.began = at
        self.items: dict[str, int] = {}
        self.set_at = 0
        self.changed_at = at
        self.revision = 0
        self.found = 0
        self.announced = 0
        self.since = 0
        self.newest = at
        self.last_arrival = 0
        self.refuses = False
        self.page = ""
        self.user = ""


class _Seen:
    """What is known of one visitor."""

    def __init__(self, who: tuple[str, str]) -> None:
        self.who = who
        self.visits = Visitor()
        self.announced: dict[Opener, int] = {}
        self.cut: set[Opener] = set()
        self.cart_of: dict[Opener, int] = {}
        self.cart: _Cart | None = None


Row = End | CartEvent


def rows(history: History) -> Iterator[tuple[int, list[Row]]]:
    """The number of each record from 1, and the rows that it must bring."""
    seen: dict[tuple[str, str], _Seen] = {}
    events = iter(arrivals(history))
    watermark = 0
    for number, record in enumerate(history.records, start=1):
        watermark = max(watermark, record.received_at)
        due: list[Row] = []
        for _ in record.events:
            event = next(events)
            visitor = seen.setdefault((event.site, event.visitor), _Seen((event.site, event.visitor)))
            due += _arrive(visitor, event, history.rules[event.site])
        for visitor in seen.values():
            due += _pass(visitor, watermark, history.rules[visitor.who[0]])
        yield number, due


def _arrive(seen: _Seen, event: Arrival, rule: Rule) -> Iterator[Row]:
    before = list(seen.visits.visits)
    seen.visits.forget_what_is_over(event, rule)
    for visit in before:
        if visit not in seen.visits.visits:
            yield _final(seen, visit, rule)
    open_before = {visit.opener: visit for visit in seen.visits.visits}
    ends = {opener: visit.last for opener, visit in open_before.items()}
    absorbed_rows = {opener: _end(seen, visit) for opener, visit in open_before.items()}
    verdict = seen.visits.take(event, rule)
    if verdict.session is None:
        return
    if verdict.is_start:
        for opener, visit in open_before.items():
            seen.cut |= _cut(opener, visit, verdict.session, event.at, rule)
    end = max(ends.get(verdict.session, event.at), event.at)
    for other in verdict.absorbed:
        row = absorbed_rows[other]
        yield row._replace(
            revision=row.revision + 1,
            is_final=True,
            closed_by="merge",
            closed_at=event.received_at,
            survivor=verdict.session,
        )
        if ends[other] > end:
            seen.cut.discard(verdict.session)
            if other in seen.cut:
                seen.cut.add(verdict.session)
            end = ends[other]
        _forget(seen, other)
    yield from _cart(seen, event, details(event.event_id))
    seen.cart_of[verdict.session] = 0 if seen.cart is None else sum(seen.cart.items.values())


def _cut(opener: Opener, visit: Visit, opened: Opener, at: int, rule: Rule) -> set[Opener]:
    """Which of two sessions ends only because the two together would be too long."""
    if 0 < at - visit.last <= rule.gap:
        return {opener}
    return {opened} if 0 < visit.first - at <= rule.gap else set()


def _cart(seen: _Seen, event: Arrival, given: Details) -> Iterator[Row]:
    cart = seen.cart
    if cart is None:
        if given.name not in {"add_to_cart", "view_cart", "begin_checkout"}:
            return
        cart = _Cart(event.at)
    gone = False
    if given.name == "purchase":
        gone = event.at >= cart.began
    elif given.name in {"add_to_cart", "remove_from_cart", "view_cart", "begin_checkout"}:
        _change(cart, event.at, given)
        gone = not cart.items
    if gone:
        seen.cart = None
        if cart.announced and event.at <= cart.since:
            yield CartEvent("cart_retracted", seen.who, event.at, cart.announced)
        elif cart.announced and given.name == "purchase":
            yield CartEvent("cart_recovered", seen.who, event.at, cart.announced)
        return
    cart.last_arrival = max(cart.last_arrival, event.received_at)
    if event.at >= cart.newest:
        cart.newest, cart.refuses = event.at, given.refuses
    cart.page = given.path
    if not given.refuses:
        cart.user = given.user or cart.user
    seen.cart = cart


def _change(cart: _Cart, at: int, given: Details) -> None:
    after = dict(cart.items)
    if given.name in {"view_cart", "begin_checkout"}:
        if given.items is None or at < cart.changed_at:
            return
        after = dict(given.items)
        cart.set_at = at
    else:
        if at < cart.set_at:
            return
        for item, count in given.items or ():
            left = after.get(item, 0) + (count if given.name == "add_to_cart" else -count)
            if left > 0:
                after[item] = left
            else:
                after.pop(item, None)
    cart.changed_at = max(cart.changed_at, at)
    cart.revision += after != cart.items
    cart.items = after


def _pass(seen: _Seen, watermark: int, rule: Rule) -> Iterator[Row]:
    visits = seen.visits.visits
    newest = max((visit.last_arrival for visit in visits), default=0)
    if visits and _second(newest + rule.retention + SLACK) < watermark:
        for visit in visits:
            yield _final(seen, visit, rule)
        seen.visits.visits = []
        seen.visits.accepted = []
    for visit in seen.visits.visits:
        count = len(visit.members)
        due = _second(visit.last_arrival + rule.gap + GRACE) < watermark
        if due and seen.announced.get(visit.opener) != count:
            seen.announced[visit.opener] = count
            yield _end(seen, visit)._replace(closed_at=visit.last_arrival + rule.gap)
    cart = seen.cart
    if cart is None:
        return
    if cart.found != cart.revision and _second(cart.last_arrival + SILENCE + GRACE) < watermark:
        cart.found = cart.revision
        if not cart.refuses:
            cart.announced, cart.since = cart.revision, cart.last_arrival + SILENCE
            items = tuple(sorted(cart.items.items()))
            yield CartEvent(
                "cart_abandoned", seen.who, cart.since, cart.announced, items, cart.page, cart.user
            )
    if cart.found == cart.revision and _second(cart.last_arrival + SILENCE + GRACE + RECOVERY) < watermark:
        seen.cart = None


def _second(at: int) -> int:
    return -(-at // 1000) * 1000


def _final(seen: _Seen, visit: Visit, rule: Rule) -> End:
    row = _end(seen, visit)
    _forget(seen, visit.opener)
    return row._replace(
        revision=row.revision + 1, is_final=True, closed_at=visit.last_arrival + rule.retention
    )


def _forget(seen: _Seen, opener: Opener) -> None:
    """A copy that comes too late may open a session of the same name."""
    for noted in (seen.announced, seen.cart_of):
        noted.pop(opener, None)
    seen.cut.discard(opener)


def _end(seen: _Seen, visit: Visit) -> End:
    said = [(event.at, details(event.event_id)) for event in visit.members]
    pages = sorted((at, one.path) for at, one in said if one.name == "page_view")
    users = [(at, one.user) for at, one in said if one.user and not one.refuses]
    return End(
        visit.opener,
        len(visit.members),
        False,
        "length" if visit.opener in seen.cut else "gap",
        0,
        visit.first,
        visit.last,
        (len(pages), pages[0][1] if pages else "", pages[-1][1] if pages else ""),
        len({one.order for _, one in said if one.name == "purchase"}),
        max(users)[1] if users else "",
        seen.cart_of.get(visit.opener, 0),
    )
