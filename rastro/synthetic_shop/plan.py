"""Plans the requests of people and visits, in the order of their arrival."""

import json
import random
import uuid
from typing import Any, NamedTuple

from rastro.synthetic_shop.flaws import decorate, spoil
from rastro.synthetic_shop.people import MINUTE, Person, person
from rastro.synthetic_shop.request import Probe, Request, Sent, Verdict
from rastro.synthetic_shop.sources import source
from rastro.synthetic_shop.visit import SHOP, visit

__all__ = ["Plan", "Probe", "Request", "Sent", "Verdict", "plan"]

DAY = 24 * 60 * MINUTE


class Plan(NamedTuple):
    """`requests` in order of arrival; `probes` are the requests that are refused whole."""

    requests: tuple[Request, ...]
    probes: tuple[Probe, ...]


class Batch(NamedTuple):
    """What one browser posts together."""

    who: Person
    acts: list[tuple[int, Any]]  # (true time in epoch ms, event)
    arrives: int  # orders the batches among themselves


def plan(seed: int, events: int, now: int) -> Plan:
    """A load of exactly `events` different events, copies not counted. `now` is epoch milliseconds.

    Visits lie in the six days before `now`, half of them in the last two hours; all are posted now, with
    `sent_at`, like the offline queues of many browsers. The gap between two acts of a visit is at most a
    few minutes, or some twenty where a visit is in three parts; between two visits of a person at least
    an hour. So the time the posting takes cannot move a gap across the 30 minutes that end a session.
    """
    rng = random.Random(seed)
    batches: list[Batch] = []
    left, serial = events, 0
    while left > 0:
        who = person(rng)
        for start in _starts(rng, who, now):
            serial += 1
            acts = list(visit(rng, who, source(rng, who.device.in_app), serial))[:left]
            left -= len(acts)
            begin = min(start, now - acts[-1][0] - 5_000)  # a visit is over before it is posted
            batches += _batches(rng, who, begin, acts)
            if not left:
                break
    batches.sort(key=lambda batch: batch.arrives)
    requests: list[Request] = []
    for batch in batches:
        requests.append(request(rng, batch, now))
        if rng.random() < 0.05:  # the answer got lost: the browser repeats the whole batch, maybe later
            index = max(0, len(requests) - 1 - rng.choice((0, 0, 3, 20)))
            requests.append(requests[index]._replace(is_copy=True))
    return Plan(tuple(requests), _probes(now) if events >= 100 else ())


def _starts(rng: random.Random, who: Person, now: int) -> list[int]:
    """When the visits of one person begin: an hour or more apart, the newest first drawn."""
    back = rng.randint(15, 120) if rng.random() < 0.5 else rng.randint(120, 5 * 24 * 60)
    starts = [now - back * MINUTE]
    visits = 1 if who.is_crawler else rng.choices((1, 2, 3, 4), (55, 25, 13, 7))[0]
    for _ in range(visits - 1):
        gap = rng.choices((rng.randint(150, 400), rng.randint(600, 2000)), (60, 40))[0]
        if now - starts[0] + gap * MINUTE > 6 * DAY:
            break
        starts.insert(0, starts[0] - gap * MINUTE)
    return starts


def _batches(rng: random.Random, who: Person, start: int, acts: list[tuple[int, Any]]) -> list[Batch]:
    """Cut a visit into what the browser posts together; some parts arrive late or twenty minutes apart."""
    timed = [(start + elapsed, event) for elapsed, event in acts]
    if not who.visitor_id:  # without a cookie one batch: the daily hash may change between two
        return [Batch(who, timed, timed[-1][0])]
    parts: list[list[tuple[int, Any]]] = []
    while timed:
        size = rng.choices((1, 2, 3, 5, 8), (20, 30, 25, 15, 10))[0]
        parts.append(timed[:size])
        timed = timed[size:]
    if len(parts) >= 3 and rng.random() < 0.06:
        # In three parts twenty minutes apart, the middle one last: two sessions that it joins into one.
        third = len(parts) // 3
        pushed = [
            [(at - (2 - min(index // third, 2)) * 20 * MINUTE, event) for at, event in part]
            for index, part in enumerate(parts)
        ]
        middle = pushed[third : 2 * third]
        parts = pushed[:third] + pushed[2 * third :] + middle
        latest = max(at for part in parts for at, _ in part)
        return [Batch(who, part, latest + index) for index, part in enumerate(parts)]
    arrivals = [part[-1][0] for part in parts]
    if len(parts) >= 2 and rng.random() < 0.08:  # a slow connection: one batch overtakes another
        index = rng.randrange(len(parts) - 1)
        arrivals[index], arrivals[index + 1] = arrivals[index + 1], arrivals[index]
    return [Batch(who, part, arrives) for part, arrives in zip(parts, arrivals, strict=True)]


def request(rng: random.Random, batch: Batch, now: int, mark: str = "") -> Request:
    """The POST of a batch at `now` (epoch ms). `mark`: hex digits with which the event ids begin, at most eight."""
    who = batch.who
    acts = list(batch.acts)
    if len(acts) > 1 and rng.random() < 0.05:
        rng.shuffle(acts)
    bare = len(acts) == 1 and not who.clock_error and rng.random() < 0.5
    events = tuple(_event(rng, who, at, act, mark) for at, act in acts)
    sent_at = None if bare else now + who.clock_error
    payload = events[0].event if bare else {"sent_at": sent_at, "events": [sent.event for sent in events]}
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = [
        ("User-Agent", who.device.user_agent),
        ("Accept-Language", who.accept_language),
        ("Origin", SHOP),
        ("Referer", SHOP + "/"),
        *who.device.hints,
    ]
    beacon = rng.random() < 0.4
    headers.append(("Content-Type", "text/plain;charset=UTF-8" if beacon else "application/json"))
    visitor = who.visitor_id or f"{who.ip} {who.device.user_agent}"
    return Request(visitor, who.ip, tuple(headers), body, events, sent_at, key_in_query=beacon)


def _event(rng: random.Random, who: Person, at: int, act: dict[str, Any], mark: str) -> Sent:
    event_id = mark + str(uuid.UUID(int=rng.getrandbits(128), version=4))[len(mark) :]
    width, height = who.device.screen
    viewport_width, viewport_height = who.device.viewport
    event: Any = {"event_id": event_id, **act, "ts": at + who.clock_error}
    if who.visitor_id:
        event["visitor_id"] = who.visitor_id
    event["language"] = who.language
    event["screen"] = {
        "width": width,
        "height": height,
        "viewport_width": viewport_width,
        "viewport_height": viewport_height,
    }
    if not who.is_crawler:
        event["consent"] = {"analytics": True, "ads": bool(who.visitor_id) and len(who.ip) % 3 > 0}
    draw = rng.random()
    if draw < 0.02:
        return Sent(event_id, spoil(rng, event), Verdict.REJECTED)
    if draw < 0.05:
        event = decorate(rng, event)
    return Sent(event_id, event, Verdict.ACCEPTED)


def _probes(now: int) -> tuple[Probe, ...]:
    json_type = (("Content-Type", "application/json"), ("User-Agent", "curl/8.5.0"))
    good = json.dumps({"event": "page_view", "ts": now}).encode()
    return (
        Probe(json_type, b'{"event": "page_view"', 400),
        Probe(json_type, good, 401, key="pk_nobody_knows_this_one"),
        Probe((("Content-Type", "image/png"), ("User-Agent", "curl/8.5.0")), b"\x89PNG", 415),
    )
