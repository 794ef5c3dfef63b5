"""Drawn histories of the landing table: what arrives, when, how often, and what went wrong on the way."""

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

Row = dict[str, Any]
START = datetime(2026, 11, 1)  # noqa: DTZ001 - UTC, as the lake writes its times
DAYS = 5
NAMES = ("page_view", "view_item", "add_to_cart", "remove_from_cart", "search", "sign_up", "begin_checkout")


def draw(rng: Random, clusters: int = 5) -> list[Row]:
    """Rows as delivered, `dt` and `hour` of arrival included. A cluster is a visitor's sessions of at most a day, which
    merges may make one."""
    history = _History(rng)
    for number in range(clusters):
        history.cluster(number)
    history.copies()
    return history.rows


class _History:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.rows: list[Row] = []

    def cluster(self, number: int) -> None:
        rng = self.rng
        visitor = f"v{rng.randrange(4)}"
        site = rng.choice(("loja", "loja", "outlet"))
        # sessions of one visitor do not overlap unless they are merged: each cluster has a day of its own
        start = START + timedelta(days=number % DAYS, hours=rng.randrange(24))
        ids = [f"s{number}-{i}" for i in range(rng.randint(1, 3))]
        for session in ids:
            for _ in range(rng.randint(1, 4)):
                self.event(site, visitor, session, start + timedelta(minutes=rng.randrange(11 * 60)))
        for survivor, absorbed in pairwise(ids):
            if rng.random() < 0.6:
                self.merge(site, visitor, survivor, absorbed, start)
        if len(ids) == 3 and rng.random() < 0.3:
            self.merge(site, visitor, ids[0], ids[2], start)  # a second survivor of the same session
        if rng.random() < 0.1:
            self.merge(site, visitor, ids[0], None, start)

    def event(self, site: str, visitor: str, session: str, at: datetime) -> None:
        rng = self.rng
        name = rng.choice((*NAMES, "purchase", "purchase", "refund"))
        row = self.row(site, visitor, session, at, name)
        if (
            rng.random() < 0.07
        ):  # a clock that nobody believes: it happened when it arrived, in a visit of then
            moved = row["arrived"]
            row |= {"event_at": _iso(moved), "session_id": f"k{len(self.rows)}", "is_time_suspect": True}
            row["event_date"] = row["event_date"] and (moved - timedelta(hours=3)).strftime("%Y-%m-%d")
        if name in ("purchase", "refund"):
            row["transaction_id"] = rng.choice((None, *(f"P-{i}" for i in range(3))))
            row["value"] = rng.choice((None, 10, 25.5, 100))
            row["currency"] = rng.choice(("BRL", "BRL", "JPY", None))
            row["page_url"] = rng.choice((None, "https://www.loja.example/"))
        if "cart" in name or name in ("purchase", "view_item"):
            row["currency"] = row["currency"] or rng.choice(("BRL", "JPY"))
            row["items"] = [
                {"item_id": rng.choice(("a", "b", None)), "item_name": rng.choice(("A", "B", None)),
                 "price": rng.choice((5, 9.99, None)), "quantity": rng.randint(1, 3)}
                for _ in range(rng.randint(0, 2))
            ]  # fmt: skip
        if name == "search":
            row["search_term"] = rng.choice(("mug", "Mug ", "cup"))
        self.rows.append(row)

    def merge(self, site: str, visitor: str, survivor: str, absorbed: str | None, at: datetime) -> None:
        row = self.row(site, visitor, survivor, at + timedelta(hours=1), "session_merge")
        self.rows.append(row | {"merged_session_id": absorbed})

    def row(self, site: str, visitor: str, session: str, at: datetime, name: str) -> Row:
        rng = self.rng
        late = rng.choice((0, 0, 0, 0, 5, 30, 24 * 6))  # hours
        arrived = at + timedelta(hours=late, minutes=rng.randrange(40))
        number = len(self.rows) + 1
        return {
            "event_id": f"{number:08x}-0000-4000-8000-000000000000",
            "site": site,
            "event_name": name,
            "received_at": _iso(arrived),
            "visitor_id": visitor,
            "visitor_kind": "cookie",
            "user_id": rng.choice((None, None, "u1", "u2")),
            "raw_sequence": f"{rng.randrange(10**9):056d}",
            "session_id": session,
            "session_event_index": rng.randint(1, 9),
            "event_at": _iso(at),
            # without a day: its enrichment failed; the site's own day may be the one before in UTC
            "event_date": rng.choice((None, *[(at - timedelta(hours=3)).strftime("%Y-%m-%d")] * 12)),
            "is_bot": rng.random() < 0.1,
            "is_late": late > 0,
            "is_time_suspect": False,
            "page_url": "https://www.loja.example/",
            "page_path": rng.choice(("/", "/a", None)),
            "channel": rng.choice((None, "Direct", "Paid Search")),
            "click_network": rng.choice((None, "google_ads")),
            "device_class": "mobile",
            "currency": None,
            "arrived": arrived,
        }

    def copies(self) -> None:
        """The same events again: at once, by another visitor, with another time, days or weeks apart."""
        rng = self.rng
        for row in rng.sample(self.rows, len(self.rows) // 4):
            if row["event_name"] == "session_merge":
                self.rows.append(row | {"raw_sequence": f"{rng.randrange(10**9):056d}"})
                continue
            moved = rng.choice((0, 0, 0, 0, 1, 30, 24 * 9, 24 * 9))  # hours
            at = datetime.fromisoformat(row["event_at"]).replace(tzinfo=None) + timedelta(hours=moved)
            visitor = rng.choice((row["visitor_id"], row["visitor_id"], f"v{rng.randrange(4)}"))
            arrived = max(at, row["arrived"]) + timedelta(hours=rng.choice((0, 1, 30)))
            copy = row | {"raw_sequence": f"{rng.randrange(10**9):056d}", "visitor_id": visitor}
            if moved or visitor != row["visitor_id"]:
                copy |= {"session_id": f"c{len(self.rows)}", "event_at": _iso(at)}
                copy["event_date"] = row["event_date"] and (at - timedelta(hours=3)).strftime("%Y-%m-%d")
            self.rows.append(copy | {"arrived": arrived, "received_at": _iso(arrived)})


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds") + "Z"
