"""Puts cart events on an EventBridge bus, whose rules lead to a webhook, a topic or other targets."""

from collections.abc import Sequence
from typing import Any

import orjson

from enrich_consumer.core.sessions.cart_messages import message_of
from enrich_consumer.edges.aws.sinks import SYSTEM, Clock, Entry, put_until_accepted
from enrich_consumer.ports import Delivery

ENTRIES_A_CALL = 10
"""Limit of PutEvents; a call also takes 256 KB, ten carts of a hundred lines are less than that or are sent singly."""
BYTES_A_CALL = 200_000
SOURCE = "rastro.carts"


class EventBus:
    """PutEvents until everything is in. Delivered at least once: `row_id` tells copies apart."""

    def __init__(
        self,
        client: Any,
        bus: str,
        key: bytes | None = None,
        patience: float = 60.0,
        clock: Clock = SYSTEM,
    ) -> None:
        self._client = client
        self._bus = bus
        self._key = key
        self._patience = patience
        self._clock = clock

    def put(self, rows: Sequence[bytes]) -> None:
        part: list[Entry] = []
        size = 0
        for row in rows:
            entry = self._entry(row)
            length = len(entry["Detail"].encode())
            if part and (len(part) == ENTRIES_A_CALL or size + length > BYTES_A_CALL):
                self._put(part)
                part, size = [], 0
            part.append(entry)
            size += length
        if part:
            self._put(part)

    def _put(self, part: list[Entry]) -> None:
        put_until_accepted(self._call, part, self._bus, self._patience, self._clock)

    def _entry(self, row: bytes) -> Entry:
        message = message_of(orjson.loads(row), self._key)
        return {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": message["event_name"],
            "Detail": orjson.dumps(message).decode(),
        }

    def _call(self, entries: list[Entry]) -> list[int]:
        answer = self._client.put_events(Entries=entries)
        return [i for i, entry in enumerate(answer["Entries"]) if entry.get("ErrorCode")]


class InTurn:
    """Several deliveries of the same rows, one after the other."""

    def __init__(self, *deliveries: Delivery) -> None:
        self._deliveries = deliveries

    def put(self, rows: Sequence[bytes]) -> None:
        for delivery in self._deliveries:
            delivery.put(rows)
