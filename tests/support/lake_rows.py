"""Rows of the enriched table made by hand: only what a test is about, the rest as a visitor on a page would have it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.analytics.flow import write_parquet
from tests.support.lake_snapshot import Snapshot

START = datetime(2026, 11, 21, 12, 0)  # noqa: DTZ001 - UTC, as the lake writes its times
Row = dict[str, Any]


class History:
    """Rows in the order of their arrival; each gets the next raw_sequence."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(
        self, name: str, minute: float = 0, *, visitor: str = "v1", session: str = "s1", **columns: Any
    ) -> Row:
        """An event `minute` minutes after `START`."""
        number = len(self.rows) + 1
        at = START + timedelta(minutes=minute)
        row = {
            "event_id": f"{number:08x}-0000-4000-8000-000000000000",
            "site": "loja",
            "event_name": name,
            "received_at": _iso(at),
            "visitor_id": visitor,
            "visitor_kind": "cookie",
            "raw_sequence": f"{number:056d}",
            "session_id": session,
            "session_event_index": number,
            "event_at": _iso(at),
            "event_date": at.strftime("%Y-%m-%d"),
            "is_bot": False,
            "is_late": False,
            "page_url": "https://www.loja.example/",
            "page_path": "/",
            "device_class": "mobile",
            "currency": "BRL" if "value" in columns or "items" in columns else None,
        } | columns
        self.rows.append(row)
        return row

    def purchase(self, order: str | None, value: float | None, minute: float = 0, **columns: Any) -> Row:
        """A purchase of `value`."""
        return self.add("purchase", minute, transaction_id=order, value=value, **columns)

    def lake(self, folder: Path) -> Snapshot:
        """The rows as files, and the views over them."""
        return Snapshot(write_parquet(self.rows, folder))


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds") + "Z"


def item(item_id: str | None, price: float | None = None, quantity: int | None = 1, **fields: Any) -> Row:
    """A line of `items`."""
    return {"item_id": item_id, "price": price, "quantity": quantity} | fields
