"""The loss ledger: what was posted, what the ingest API answered, what arrived in the lake. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rastro.synthetic_shop import Request, Verdict
from rastro.traffic.post import Answer


class Promises(NamedTuple):
    """What the answers say. `surprises`: where an answer is not what the contract asks for."""

    accepted: frozenset[str]
    sent: int
    rejected: int
    copies: int
    surprises: tuple[str, ...]


class Ledger(NamedTuple):
    """Counts of different events, except the last three.

    `sent` = `accepted` + `rejected`, and `lost` = `accepted` - `enriched`: 0 or something is broken.
    `copies`: events that were posted again with a repeated batch. `duplicates`: rows of the lake beyond
    the first of their event. `strangers`: rows of events that the ingest API did not accept.
    """

    sent: int
    accepted: int
    rejected: int
    enriched: int
    lost: int
    rejected_stored: int
    copies: int
    duplicates: int
    strangers: int


def promises(requests: Sequence[Request], answers: Mapping[int, Answer]) -> Promises:
    """Read the answers against the plan; the ledger believes the answers, not the plan."""
    accepted: set[str] = set()
    refused: set[tuple[str, int]] = set()
    sent, copies = 0, 0
    surprises: list[str] = []
    for number, request in enumerate(requests):
        answer = answers.get(number)
        if request.is_copy:
            copies += len(request.events)
        else:
            sent += len(request.events)
        if answer is None or answer.status != 202:
            seen = f"{answer.status} {answer.document}" if answer else "no answer"
            surprises.append(f"request {number}: {seen} instead of 202")
            refused |= {(sent.event_id, index) for index, sent in enumerate(request.events)}
            continue
        out = {entry["index"]: entry for entry in answer.document.get("rejected", [])}
        if answer.document.get("accepted") != len(request.events) - len(out):
            surprises.append(f"request {number}: accepted and rejected do not add up: {answer.document}")
        for index, event in enumerate(request.events):
            if index in out:
                refused.add((event.event_id, index))
            else:
                accepted.add(event.event_id)
            if (index in out) != (event.verdict is Verdict.REJECTED):
                why = out.get(index, "accepted")
                surprises.append(f"request {number}, event {index}: {why} instead of {event.verdict}")
    rejected = len({event_id for event_id, _ in refused} - accepted)
    return Promises(frozenset(accepted), sent, rejected, copies, tuple(surprises))


def settle(made: Promises, delivered: Iterable[str], rejected_stored: int) -> Ledger:
    """Compare per event id. `delivered`: the event id of every row of the lake, rows of merges left out."""
    rows = Counter(delivered)
    enriched = len(made.accepted & rows.keys())
    return Ledger(
        sent=made.sent,
        accepted=len(made.accepted),
        rejected=made.rejected,
        enriched=enriched,
        lost=len(made.accepted) - enriched,
        rejected_stored=rejected_stored,
        copies=made.copies,
        duplicates=sum(count - 1 for count in rows.values()),
        strangers=len(rows.keys() - made.accepted),
    )
