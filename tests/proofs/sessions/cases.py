"""The examples of the session rule: run by the tests against oracles and stream, drawn for docs/sessions.md.

Everything expected here was worked out by hand from the rule. Clock times are of one visitor's day; "+1 "
before one is the next day.
"""

import re
from typing import NamedTuple

from tests.proofs.sessions.history import DAY, MINUTE, History, Record, Rule

MIDNIGHT = 1_795_219_200_000  # 2026-11-21T00:00:00Z
DEFAULT = Rule(30 * MINUTE, DAY, 60 * MINUTE)


class CaseEvent(NamedTuple):
    """One arrival and what must become of it.

    `event`: a letter; the same letter again is a copy. `at`: when it happened; `arrives`: when it was
    received. `session`: the letter of the event that opened the session it is put in, or "" for a dropped
    copy. `index`: its number in that session. `notes`: "start", "late", "suspect", "merges x". `clock`: how
    far the client's own clock is ahead, in ms; None is a client that does not say when it sends. `sent`: when its
    right clock says that it sent; else it sent at the moment of receipt.
    """

    event: str
    at: str
    arrives: str
    session: str
    index: int = 0  # type: ignore[assignment] # a tuple's own is never called
    notes: tuple[str, ...] = ()
    clock: int | None = None
    sent: str = ""


class Case(NamedTuple):
    """The events of one visitor and the sessions they make.

    `sessions`: opener → (events, start, end) once merges are followed. `marks`: moments to point out in the
    picture.
    """

    name: str
    title: str
    says: str
    events: tuple[CaseEvent, ...]
    sessions: dict[str, tuple[str, str, str]]
    rule: Rule = DEFAULT
    marks: tuple[tuple[str, str], ...] = ()
    drawn: bool = True


def clock_ms(text: str) -> int:
    """Epoch milliseconds of "[+days ]HH:MM[:SS[.mmm]]"."""
    match = re.fullmatch(r"(?:\+(\d) )?(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{3}))?)?", text)
    assert match, text
    days, hours, minutes, seconds, thousandths = (int(part or 0) for part in match.groups())
    return MIDNIGHT + days * DAY + hours * 60 * MINUTE + minutes * MINUTE + seconds * 1000 + thousandths


def event_id(letter: str) -> str:
    """The event id that a letter stands for."""
    return f"{ord(letter):08x}-0000-4000-8000-000000000000"


def history(case: Case) -> History:
    """The case as records; arrivals in a row with the same time of receipt are one record."""
    records: list[Record] = []
    for one in case.events:
        at, received = clock_ms(one.at), clock_ms(one.arrives)
        sent_at = clock_ms(one.sent) if one.sent else None if one.clock is None else received + one.clock
        event = (event_id(one.event), at if one.clock is None else at + one.clock)
        if records and (records[-1].received_at, records[-1].sent_at) == (received, sent_at):
            records[-1] = records[-1]._replace(events=(*records[-1].events, event))
        else:
            records.append(Record("loja", "ana", received, sent_at, (event,)))
    return History({"loja": case.rule}, tuple(records))


CASES = (
    Case(
        "gap",
        "A gap ends a session",
        "More than 30 minutes without an event: the next event opens a new session.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "10:20", "10:20", "a", 2),
            CaseEvent("c", "11:00", "11:00", "c", 1, ("start",)),
            CaseEvent("d", "11:10", "11:10", "c", 2),
        ),
        {"a": ("ab", "10:00", "10:20"), "c": ("cd", "11:00", "11:10")},
    ),
    Case(
        "exact-gap",
        "A gap of exactly 30 minutes",
        "Exactly 30 minutes still joins. One millisecond more does not.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "10:30", "10:30", "a", 2),
            CaseEvent("c", "11:00:00.001", "11:00:00.001", "c", 1, ("start",)),
        ),
        {"a": ("ab", "10:00", "10:30"), "c": ("c", "11:00:00.001", "11:00:00.001")},
    ),
    Case(
        "out-of-order",
        "Out of order",
        "Event time decides, not arrival. An event may fall inside a session, or give it an earlier start.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "10:20", "10:20", "a", 2),
            CaseEvent("c", "10:10", "10:22", "a", 3),
            CaseEvent("d", "09:50", "10:26", "a", 4),
        ),
        {"a": ("abcd", "09:50", "10:20")},
    ),
    Case(
        "merge",
        "Two sessions become one",
        "An event fills the gap between two sessions: the earlier one absorbs the other.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "10:50", "10:50", "b", 1, ("start",)),
            CaseEvent("c", "10:25", "10:56", "a", 3, ("merges b",)),
            CaseEvent("d", "11:05", "11:05", "a", 4),
        ),
        {"a": ("abcd", "10:00", "11:05")},
    ),
    Case(
        "late",
        "A late event",
        "More than one hour late is flagged, and joins its session all the same.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "11:15", "11:15", "b", 1, ("start",)),
            CaseEvent("c", "10:10", "11:25", "a", 2, ("late",)),
        ),
        {"a": ("ac", "10:00", "10:10"), "b": ("b", "11:15", "11:15")},
    ),
    Case(
        "offline-queue",
        "A phone that was offline",
        "Its queue arrives hours later, at once: one late session, not one for each event.",
        (
            CaseEvent("a", "09:00", "14:00", "a", 1, ("start", "late"), 0),
            CaseEvent("b", "09:15", "14:00", "a", 2, ("late",), 0),
            CaseEvent("c", "09:40", "14:00", "a", 3, ("late",), 0),
            CaseEvent("d", "14:00", "14:00", "d", 1, ("start",), 0),
            CaseEvent("e", "14:20", "14:20", "d", 2, (), 0),
        ),
        {"a": ("abc", "09:00", "09:40"), "d": ("de", "14:00", "14:20")},
    ),
    Case(
        "retention",
        "Too late to join",
        "A session can be joined until 90 minutes after its last arrival. Later, an event opens its own.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "10:20", "11:30", "a", 2, ("late",)),
            CaseEvent("c", "10:40", "13:00:00.001", "c", 1, ("start", "late")),
        ),
        {"a": ("ab", "10:00", "10:20"), "c": ("c", "10:40", "10:40")},
        marks=(("13:00", "90 min after arrival of b"),),
    ),
    Case(
        "max-length",
        "The maximum length",
        "Here 2 hours. An event that would make the session longer opens a new one.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "10:25", "10:25", "a", 2),
            CaseEvent("c", "10:50", "10:50", "a", 3),
            CaseEvent("d", "11:15", "11:15", "a", 4),
            CaseEvent("e", "11:40", "11:40", "a", 5),
            CaseEvent("f", "12:00", "12:00", "a", 6),
            CaseEvent("g", "12:10", "12:10", "g", 1, ("start",)),
        ),
        {"a": ("abcdef", "10:00", "12:00"), "g": ("g", "12:10", "12:10")},
        Rule(30 * MINUTE, 120 * MINUTE, 60 * MINUTE),
        marks=(("12:00", "2 hours"),),
    ),
    Case(
        "midnight",
        "Midnight",
        "A new day does not split a session.",
        (
            CaseEvent("a", "23:40", "23:40", "a", 1, ("start",)),
            CaseEvent("b", "23:55", "23:55", "a", 2),
            CaseEvent("c", "+1 00:10", "+1 00:10", "a", 3),
        ),
        {"a": ("abc", "23:40", "+1 00:10")},
        marks=(("+1 00:00", "midnight"),),
    ),
    Case(
        "duplicate",
        "A copy",
        "The client repeats a request: an event id that was seen is dropped and changes nothing.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "10:10", "10:10", "a", 2),
            CaseEvent("b", "10:10", "10:14", ""),
            CaseEvent("c", "10:20", "10:20", "a", 3),
        ),
        {"a": ("abc", "10:00", "10:20")},
    ),
    Case(
        "wrong-clock",
        "A client with a wrong clock",
        "Here 3 hours ahead. The client says when it sends, so its error cancels out.",
        (
            CaseEvent("a", "10:00", "10:04", "a", 1, ("start",), 180 * MINUTE),
            CaseEvent("b", "10:15", "10:15", "a", 2, (), 180 * MINUTE),
            CaseEvent("c", "10:25", "10:25", "a", 3),
        ),
        {"a": ("abc", "10:00", "10:25")},
    ),
    Case(
        "slow-request",
        "A slow request",
        "It was on its way for 4 minutes. A right clock is believed, so the request keeps its place.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",), sent="10:00"),
            CaseEvent("c", "10:07", "10:07", "a", 2, sent="10:07"),
            CaseEvent("b", "10:05", "10:09", "a", 3, sent="10:05"),
        ),
        {"a": ("abc", "10:00", "10:07")},
    ),
    Case(
        "transit-and-clock",
        "What the way can explain, and a millisecond more",
        "Five minutes may be the way; a millisecond more is a wrong clock.",
        (
            CaseEvent("a", "10:00", "10:05", "a", 1, ("start",), sent="10:00"),
            CaseEvent("b", "10:10:00.001", "10:10:00.001", "a", 2, (), -5 * MINUTE - 1),
        ),
        {"a": ("ab", "10:00", "10:10:00.001")},
        drawn=False,
    ),
    Case(
        "nonsense-clock",
        "A clock that says eight days ago",
        "More than seven days: the time of receipt counts, and the event is suspect.",
        (
            CaseEvent("a", "10:00", "+8 10:00", "a", 1, ("start", "suspect")),
            CaseEvent("b", "+1 10:10", "+8 10:10", "b", 1, ("start", "late")),
        ),
        {"a": ("a", "+8 10:00", "+8 10:00"), "b": ("b", "+1 10:10", "+1 10:10")},
        drawn=False,
    ),
    Case(
        "future-clock",
        "A time later than the receipt",
        "Never believed: an event cannot happen after it was received.",
        (
            CaseEvent("a", "12:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "10:05", "10:05", "a", 2),
            CaseEvent("c", "10:07", "10:06", "a", 3, (), 0),
        ),
        {"a": ("abc", "10:00", "10:06")},
        drawn=False,
    ),
    Case(
        "merge-refused",
        "A merge that would be too long",
        "The event joins the earlier session, the other one stays.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "10:50", "10:50", "b", 1, ("start",)),
            CaseEvent("c", "11:20", "11:20", "b", 2),
            CaseEvent("d", "10:25", "11:21", "a", 2),
        ),
        {"a": ("ad", "10:00", "10:25"), "b": ("bc", "10:50", "11:20")},
        Rule(30 * MINUTE, 60 * MINUTE, 60 * MINUTE),
        drawn=False,
    ),
    Case(
        "three-near",
        "Three sessions near one event",
        "The second was kept apart from the third by its length; the event joins the first two.",
        (
            CaseEvent("a", "10:00", "11:00", "a", 1, ("start",)),
            CaseEvent("b", "10:20", "11:00", "b", 1, ("start",)),
            CaseEvent("c", "10:30", "11:00", "b", 2),
            CaseEvent("d", "10:40", "11:00", "b", 3),
            CaseEvent("e", "10:15", "11:00", "e", 1, ("start",)),
            CaseEvent("f", "10:10", "11:00", "a", 3, ("merges e",)),
            CaseEvent("g", "10:12", "11:00", "a", 4),
        ),
        {"a": ("aefg", "10:00", "10:15"), "b": ("bcd", "10:20", "10:40")},
        Rule(10 * MINUTE, 20 * MINUTE, 60 * MINUTE),
        drawn=False,
    ),
    Case(
        "merge-again",
        "A survivor is absorbed",
        "Rows of all three sessions end in the earliest.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "10:40", "10:40", "b", 1, ("start",)),
            CaseEvent("c", "11:20", "11:20", "c", 1, ("start",)),
            CaseEvent("d", "11:00", "11:21", "b", 3, ("merges c",)),
            CaseEvent("e", "10:20", "11:22", "a", 5, ("merges b", "late")),
        ),
        {"a": ("abcde", "10:00", "11:20")},
        drawn=False,
    ),
    Case(
        "copy-after-silence",
        "A copy after everything was forgotten",
        "It is taken again and opens a session with an id of its own, as it is late; the view keeps the first row.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("a", "10:00", "11:30", ""),
            CaseEvent("a", "10:00", "11:30:00.001", "a", 1, ("start", "late")),
        ),
        {"a": ("a", "10:00", "10:00")},
        drawn=False,
    ),
    Case(
        "copy-removes",
        "A copy may be the arrival at which a session is found to be over",
        "What it removed stays removed, even for an event with an earlier time of receipt.",
        (
            CaseEvent("a", "10:00", "10:00", "a", 1, ("start",)),
            CaseEvent("b", "11:10", "11:10", "b", 1, ("start",)),
            CaseEvent("b", "11:10", "11:31", ""),
            CaseEvent("c", "10:10", "11:29", "c", 1, ("start", "late")),
        ),
        {"a": ("a", "10:00", "10:00"), "b": ("b", "11:10", "11:10"), "c": ("c", "10:10", "10:10")},
        drawn=False,
    ),
)
