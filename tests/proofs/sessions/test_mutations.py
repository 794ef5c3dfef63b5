"""Small mistakes in core/sessionize.py that the histories must notice, each within the first few hundred."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import pytest

from enrich_consumer.core import sessionize
from enrich_consumer.core.sessions import rule
from tests.proofs.sessions.check import Names, check
from tests.proofs.sessions.histories import many

ENOUGH = 1_000

MISTAKES: Mapping[str, tuple[str, str]] = {
    "a gap of exactly G splits": ("at - last <= rule.gap_ms", "at - last < rule.gap_ms"),
    "the same before the session": ("first - at <= rule.gap_ms", "first - at < rule.gap_ms"),
    "a session of exactly L splits": ("at - first <= rule.max_length_ms", "at - first < rule.max_length_ms"),
    "no maximum length backwards": (" and last - at <= rule.max_length_ms", ""),
    "the last event instead of the latest": ("max(at, session.last)", "at"),
    "the start never moves": ("min(at, session.first)", "session.first"),
    "the last arrival instead of the newest": ("max(received_at, session.last_arrival)", "received_at"),
    "retained a millisecond longer": ("received_at - rule.retention_ms", "received_at - rule.retention_ms - 1"),
    "retained a millisecond less": ("received_at - rule.retention_ms", "received_at - rule.retention_ms + 1"),
    "ids outlive the sessions": ("visitor.ids = {}", "pass"),
    "no merge": ("candidates[1:]", "()"),
    "a merge of any length": ("- min(survivor.first, other.first) <= rule", "- 10**14 <= rule"),
    "a merge that loses events": ("one.events += other.events", "pass"),
    "a merge that loses the end": ("max(one.last, other.last)", "one.last"),
    "a merge that loses the last arrival": ("max(one.last_arrival, other.last_arrival)", "one.last_arrival"),
    "the absorbed session stays": ("gone.add(other.session_id)", "pass"),
    "exactly H late is late": ("at < received_at - rule.lateness_ms", "at <= received_at - rule.lateness_ms"),
    "a window of 255 ids": ("len(ids) > MAX_IDS", "len(ids) >= MAX_IDS"),
    "a copy renews its id": ("        return None", "        ids[mark] = ids.pop(mark)\n        return None"),
    "an id without its visitor": ('f"{partition_key}/{event_id}"', 'f"{event_id}"'),
    "an id with the time of receipt": ("id, at, received_at if late", "id, received_at, received_at if late"),
    "an id of a late one without its arrival": ("received_at if late else None", "None"),
    "an id of any with its arrival": ("received_at if late else None", "received_at"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_noticed(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = MISTAKES[mistake]
    source = Path(rule.__file__).read_text(encoding="utf-8")
    assert right in source, f"sessionize.py no longer says {right!r}: say here how it would be wrong now"
    mutated = ModuleType("mutated")
    exec(source.replace(right, wrong), mutated.__dict__)
    monkeypatch.setattr(sessionize, "assign", mutated.assign)
    monkeypatch.setattr(sessionize, "expire", mutated.expire)
    with pytest.raises(AssertionError):
        check_many(ENOUGH)


def check_many(number: int) -> None:
    names = Names()
    for seed, one in many(number):
        check(one, seed, names)
