"""The events of one request as a protocol hands them over."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ingest_lambda.errors import EventRejected


class Claims(NamedTuple):
    """What a sender says of its visitor's device. IP address and user agent are believed only with a secret key.

    `hints`: client hints by the raw record's names (`sec_ch_ua_platform`), written as the headers are.
    """

    ip: str | None = None
    user_agent: str | None = None
    hints: Mapping[str, str] = {}


NO_CLAIMS = Claims()


class Source(NamedTuple):
    """The source of an event of a foreign protocol.

    `original`: what the client sent, for the rejected table. `sent_at`: the client's clock when it sent this
    event; None where the time needs no correction. `rejection`: why it could not be translated.
    """

    original: Any
    sent_at: Any = None
    claims: Claims = NO_CLAIMS
    rejection: EventRejected | None = None


class ReceivedBatch(NamedTuple):
    """Unchecked events in the form of schemas/event.schema.json.

    `sent_at` is the client's clock, as the client wrote it. `damaged_text`: lone surrogates became U+FFFD.
    `size`: bytes of the request's content after decompression, for the metrics. `sources`: of each event, where
    the protocol is not ours; empty where it is.
    """

    events: list[Any]
    sent_at: Any = None
    damaged_text: bool = False
    size: int = 0
    sources: Sequence[Source] = ()
    exact: Callable[[], list[Any]] | None = None
    """The same events with numbers outside 64 bits as the client wrote them: parsing them so is slow and rare."""
