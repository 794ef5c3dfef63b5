"""The events of one request as a protocol hands them over."""

from typing import Any, NamedTuple


class ReceivedBatch(NamedTuple):
    """Unchecked events in the form of schemas/event.schema.json.

    `sent_at` is the client's clock, as the client wrote it. `damaged_text`: lone surrogates became U+FFFD.
    `size`: bytes of the request's content after decompression, for the metrics.
    """

    events: list[Any]
    sent_at: Any = None
    damaged_text: bool = False
    size: int = 0
