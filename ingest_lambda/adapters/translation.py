"""The result of an adapter: our events, each with what the client sent for it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ingest_lambda.errors import EventRejected
from ingest_lambda.events.batch import NO_CLAIMS, Claims, ReceivedBatch, Source
from ingest_lambda.http.body import JsonBody
from schemas import Reason


class Translated(NamedTuple):
    """`event` by event.schema.json, its values still as the client wrote them; the rest as in `Source`.

    Where there is a `rejection`, `event` is the original.
    """

    event: Any
    original: Any
    sent_at: Any = None
    claims: Claims = NO_CLAIMS
    rejection: EventRejected | None = None


def translated(
    originals: Iterable[Any], translate: Callable[[dict[str, Any]], Translated]
) -> list[Translated]:
    """Each original by `translate`, or with the reason why it cannot be; one bad event harms no other."""
    return [_one(original, translate) for original in originals]


def received(events: Sequence[Translated], body: JsonBody) -> ReceivedBatch:
    """The events of a body as the batch that is checked."""
    return ReceivedBatch(
        [one.event for one in events],
        None,
        body.damaged_text,
        body.size,
        [Source(one.original, one.sent_at, one.claims, one.rejection) for one in events],
    )


def invalid(detail: str) -> EventRejected:
    """The rejection of an event whose kind or name cannot be read."""
    return EventRejected(Reason.INVALID_EVENT, detail)


def _one(original: Any, translate: Callable[[dict[str, Any]], Translated]) -> Translated:
    if not isinstance(original, dict):
        why = EventRejected(Reason.NOT_AN_OBJECT, "an event is a JSON object")
        return Translated(original, original, rejection=why)
    try:
        return translate(original)
    except EventRejected as why:
        return Translated(original, original, rejection=why)
