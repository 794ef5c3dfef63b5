"""The stream against both oracles, over thousands of histories; `RASTRO_SOAK=1` makes it hundreds of thousands."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from uuid import RFC_4122, UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sessions import stream
from tests.sessions.agreement import compare
from tests.sessions.arrivals_oracle import Opener, verdicts
from tests.sessions.cases import CASES, Case, history
from tests.sessions.classes import Class, classes
from tests.sessions.histories import histories, many, seeded
from tests.sessions.history import Arrival, History, arrivals

SOAK = os.environ.get("RASTRO_SOAK", "") not in {"", "0"}
DRAWN = 20_000 if SOAK else 2_000
SEEDED = 200_000 if SOAK else 2_000

ids_of: dict[Opener, str] = {}
openers_of: dict[str, Opener] = {}
"""Session ids over all histories of the run: who, which event and when give one id, and no other gives it."""


class Out(NamedTuple):
    """An event or a merge as it leaves, its session named by its opener."""

    event_id: str | None
    site: str
    visitor: str
    at: int
    received_at: int
    suspect: bool
    session: Opener
    started_at: int
    index: int | None
    is_start: bool
    is_late: bool
    absorbed: Opener | None = None


@settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck))
@given(histories(), st.integers(0, 2**32))
def test_drawn_histories(one: History, cuts: int) -> None:
    check(one, cuts)


@pytest.mark.timeout(7200)
def test_seeded_histories() -> None:
    occurs: Counter[Class] = Counter()
    for seed, one in many(SEEDED):
        try:
            check(one, seed)
        except AssertionError as error:
            error.add_note(f"history: tests.sessions.histories.seeded({seed})")
            raise
        if seed < 2_000:
            occurs.update(classes(one))
    assert {name: occurs[name] for name in Class if occurs[name] < 5} == {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_examples(case: Case) -> None:
    check(history(case), 0)


def test_another_process_gives_the_same_bytes() -> None:
    """Python's own hashes differ from process to process; nothing of ours may depend on them."""
    program = "from tests.sessions.test_properties import digest; print(digest(range(200)))"
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert said == {digest(range(200))}


def digest(seeds: Sequence[int]) -> str:
    """All the bytes of these histories, in short."""
    whole = sha256()
    for seed in seeds:
        for line in stream.run(seeded(seed)):
            whole.update(line)
    return whole.hexdigest()


def check(one: History, cuts: int) -> None:
    """Everything that must hold for one history; `cuts` decides where it is cut."""
    lines = stream.run(one)
    rows = [orjson.loads(line) for line in lines]
    for row in rows:
        learn_id(row)
    assert [out(row) for row in rows] == list(expected(one))
    compare(one, followed(rows, arrivals(one)).values())
    chance = random.Random(cuts)
    often = chance.choice((1.0, 0.5, 0.2))
    assert stream.run_in_pieces(one, lambda _: chance.random() < often) == lines


def expected(one: History) -> Iterator[Out]:
    """What the arrivals oracle says must leave, in order: merges before the event that caused them."""
    for event, session, first, index, is_start, is_late, absorbed in verdicts(one):
        if session is None:
            continue
        about = (event.site, event.visitor, event.at, event.received_at, event.suspect, session, first)
        for other in absorbed:
            yield Out(None, *about, None, is_start=False, is_late=is_late, absorbed=other)
        yield Out(event.event_id, *about, index, is_start=is_start, is_late=is_late)


def out(row: stream.Row) -> Out:
    """A row as it left."""
    merged = row["merged_session_id"]
    assert (row["event_name"] == "session_merge") == (merged is not None)
    return Out(
        row["event_id"] if merged is None else None,
        row["site"],
        row["visitor_id"],
        ms(row["event_at"]),
        ms(row["received_at"]),
        row["is_time_suspect"],
        openers_of[row["session_id"]],
        ms(row["session_started_at"]),
        row["session_event_index"],
        row["is_session_start"],
        row["is_late"],
        None if merged is None else openers_of[merged],
    )


def learn_id(row: stream.Row) -> None:
    """A session's first row names its opener; the id must be that opener's alone, in every history."""
    if not row["is_session_start"]:
        return
    opener = (row["site"], row["visitor_id"], row["event_id"], ms(row["event_at"]))
    name = row["session_id"]
    assert ids_of.setdefault(opener, name) == name
    assert openers_of.setdefault(name, opener) == opener
    uuid = UUID(name)
    assert str(uuid) == name
    assert (uuid.version, uuid.variant, uuid.int >> 80) == (8, RFC_4122, opener[3])


def followed(rows: Sequence[stream.Row], events: Sequence[Arrival]) -> dict[str, list[Arrival]]:
    """The arrivals behind the rows of each session, merges followed as a reader of the lake does."""
    survivor = {row["merged_session_id"]: row["session_id"] for row in rows if row["merged_session_id"]}
    of_record = {(event.record, event.event_id): event for event in reversed(events)}  # the first one wins
    result: dict[str, list[Arrival]] = {}
    for row in rows:
        if row["merged_session_id"]:
            continue
        event = of_record[int(row["raw_sequence"]) - 1, row["event_id"]]
        name = row["session_id"]
        while name in survivor:
            name = survivor[name]
        result.setdefault(name, []).append(event)
    return result


def ms(text: str) -> int:
    """ISO 8601 as epoch milliseconds."""
    moment = datetime.fromisoformat(text)
    return int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000
