"""Computes latencies and the ledger from the notes of senders and follower. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from rastro.open_loop import latency


class Sent(NamedTuple):
    """All requests of a run. `due`: epoch seconds by the id of each accepted event. Lists are of microseconds."""

    requests: int
    events: int
    due: dict[str, float]
    rejected: frozenset[str]
    refused: frozenset[str]
    unanswered: frozenset[str]
    statuses: Counter[int]
    troubles: Counter[str]
    took: list[int]
    late: list[int]
    cpu: float


class Ledger(NamedTuple):
    """Counts of different events. `sent` = `accepted` + `rejected` + `refused` + `unanswered`; `lost` must be 0.

    `rejected`: events that the contract refuses, in a request that was taken. `refused`: the whole request, by its
    status. `unanswered`: nobody knows; `unanswered_stored` of them are in the lake. `copies`: rows beyond the first of
    their event, which the tables leave out. `strangers`: rows of events that were answered as rejected or refused.
    """

    sent: int
    accepted: int
    rejected: int
    refused: int
    unanswered: int
    stored: int
    lost: int
    unanswered_stored: int
    copies: int
    strangers: int


def sent(lines: Iterable[Mapping[str, Any]]) -> Sent:
    """Read what all senders noted."""
    due: dict[str, float] = {}
    rejected: set[str] = set()
    refused: set[str] = set()
    unanswered: set[str] = set()
    statuses: Counter[int] = Counter()
    troubles: Counter[str] = Counter()
    took, late = [], []
    requests = events = 0
    cpu = 0.0
    for line in lines:
        if "cpu" in line:
            cpu += line["cpu"]
            continue
        requests += 1
        events += len(line["ids"])
        statuses[line["status"]] += 1
        took.append(line["took"])
        late.append(line["late"])
        if line.get("trouble"):
            troubles[line["trouble"]] += 1
        if line["status"] == 202:
            out = set(line.get("rejected", ()))
            for index, name in enumerate(line["ids"]):
                if index in out:
                    rejected.add(name)
                else:
                    due[name] = line["due"]
        else:
            (refused if line["status"] else unanswered).update(line["ids"])
    return Sent(
        requests,
        events,
        due,
        frozenset(rejected),
        frozenset(refused),
        frozenset(unanswered),
        statuses,
        troubles,
        took,
        late,
        cpu,
    )


def settle(made: Sent, rows: Mapping[str, int]) -> Ledger:
    """`rows`: how many rows of the lake hold an event id of this run."""
    stored = len(made.due.keys() & rows.keys())
    return Ledger(
        sent=made.events,
        accepted=len(made.due),
        rejected=len(made.rejected),
        refused=len(made.refused),
        unanswered=len(made.unanswered),
        stored=stored,
        lost=len(made.due) - stored,
        unanswered_stored=len(made.unanswered & rows.keys()),
        copies=sum(count - 1 for count in rows.values()),
        strangers=len((made.rejected | made.refused) & rows.keys()),
    )


def after(made: Sent, arrived: Mapping[str, float]) -> dict[str, Any]:
    """Latencies from when an event was due to when it arrived (epoch ms by id), accepted events only."""
    return latency.figures(
        int((at - made.due[name] * 1000) * 1000) for name, at in arrived.items() if name in made.due
    )
