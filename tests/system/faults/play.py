"""One scenario: load, fault, recovery, ledger."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from subprocess import SubprocessError
from typing import NamedTuple

from botocore.exceptions import ClientError

from analytics.duckdb_lake import Lake
from lake.objects import Fetched
from rastro.synthetic_shop import Request, plan
from rastro.traffic.post import Target
from tests.system.faults import alarms, emitted
from tests.system.faults.oracle import sessions_of_requests, sessions_of_rows
from tests.system.faults.result import Result
from tests.system.faults.sender import Attempt, Fate, Sender, fates, surprises
from tests.system.faults.stage import Stage
from tests.system.faults.streams import Read

WAIT_SECONDS = 5.0
"""An event that needs longer from its 202 to the enriched stream counts as waiting."""
BY_THE_LOAD = "rejected-share"
"""Some two events of a hundred of the shop's load are bad; of so few events that may be more than the alarm allows."""
PATIENCE_SECONDS = 60.0
"""Without anything new for so long what is missing is lost."""


class Scenario(NamedTuple):
    """`hurt` is called when a quarter of the load has been sent; it strikes, and ends what lasts. `alarms`: those that
    must fire while the fault lasts. `tasks`: of the consumer, before it begins. `clean`: whether the stage is fit
    for another scenario. `shifts_time`: event times depend on the fault, so sessions counted from the requests say
    nothing, and the undisturbed consumer alone is asked."""

    name: str
    says: str
    hurt: Callable[[Stage], None]
    group: str
    alarms: tuple[str, ...] = ()
    kind: str = "plain"
    events: int = 130
    rate: float = 3.0
    tasks: int = 1
    shifts_time: bool = False
    seed: int = 0
    requests: Callable[[int, int], Sequence[Request]] | None = None
    """Another load than the shop's: of a seed and the time."""


class Lakes:
    """New files of the lake, brought here once."""

    def __init__(self, stage: Stage) -> None:
        s3, facts = stage.client("s3"), stage.facts
        folder = stage.home / "lake"
        prefixes = {
            "enriched": facts.enriched_prefix,
            "rejected": facts.rejected_prefix,
            "session_ends": facts.session_ends_prefix,
        }
        self._fetched = {
            name: Fetched(s3, facts.bucket, prefix, folder / name) for name, prefix in prefixes.items()
        }
        self.lake = Lake()

    def begin(self) -> None:
        """What was there before belongs to earlier scenarios."""
        self.look()
        self.lake.close()
        self.lake = Lake()

    def look(self) -> bool:
        fresh = {name: fetched.new() for name, fetched in self._fetched.items()}
        for name, files in fresh.items():
            self.lake.add(name, files)
        return any(fresh.values())


def play(
    stage: Stage, scenario: Scenario, lakes: Lakes, templates: list[alarms.Alarm], number: int
) -> Result:
    """Play it; never raises for what the pipeline does wrong, the result tells."""
    stage.service.scale(scenario.tasks)
    stage.has_all()
    stage.warm()
    lakes.begin()
    now = int(time.time() * 1000)
    seed = scenario.seed or 1000 + number
    made = scenario.requests or (lambda seed, now: plan(seed, scenario.events, now).requests)
    requests = made(seed, now)
    sender = Sender(Target(stage.facts.api_url, stage.facts.site_key), requests, scenario.rate)
    began = time.time()
    before = stage.proxy.counts()
    stage.figures = {}
    sender.start()
    stage.last(len(requests) / scenario.rate / 4)
    stage.struck()
    troubles = []
    try:
        scenario.hurt(stage)
    except (AssertionError, OSError, LookupError, SubprocessError, ClientError) as error:
        troubles.append(f"the scenario could not go on: {error}")
    finally:
        stage.hurt()
    struck, over = stage.struck_at, stage.over_at
    attempts = sender.wait()
    fate = fates(requests, attempts)
    _settle(stage, lakes, requests, fate)
    return _result(
        scenario,
        stage,
        lakes,
        templates,
        requests,
        attempts,
        fate,
        began,
        struck,
        over,
        now,
        before,
        troubles,
    )


def _settle(stage: Stage, lakes: Lakes, requests: Sequence[Request], fate: Fate) -> None:
    """Until everything is where it belongs, or nothing new comes any more."""
    quiet = time.monotonic()
    last = -1
    while time.monotonic() - quiet < PATIENCE_SECONDS:
        stage.raw.poll()
        stage.oracle.feed(stage.raw.records, stage.raw.parents)
        if lakes.look():
            quiet = time.monotonic()
        seen = len(stage.enriched.reader.records)
        if seen != last:
            last, quiet = seen, time.monotonic()
        if not _lost(lakes, fate) and not _unkept(lakes, requests, fate) and not _missing_lines(stage):
            return
        time.sleep(0.5)


def _first_times(records: Sequence[Read]) -> dict[bytes, float]:
    found: dict[bytes, float] = {}
    for record in records:
        for line in record.data.splitlines():
            found.setdefault(line, record.at)
    return found


def _missing_lines(stage: Stage) -> set[bytes]:
    left = _first_times(stage.enriched.reader.records).keys()
    missing = stage.oracle.lines.keys() - left
    return {line for line in missing if not any(mark in line for mark in stage.poisoned)}


def _payloads(lakes: Lakes) -> str:
    return "\n".join(row["payload"] or "" for row in lakes.lake.rows("SELECT payload FROM rejected"))


def _lost(lakes: Lakes, fate: Fate) -> set[str]:
    rows = lakes.lake.rows("SELECT DISTINCT event_id FROM events")
    missing = fate.accepted.keys() - {row["event_id"] for row in rows}
    if not missing:
        return set()
    payloads = _payloads(lakes)
    return {event_id for event_id in missing if event_id not in payloads}


def _unkept(lakes: Lakes, requests: Sequence[Request], fate: Fate) -> set[str]:
    """Rejected events whose payload is nowhere; those that lost their id on the way are counted by their number."""
    payloads = _payloads(lakes)
    with_id = {
        sent.event_id
        for request in requests
        for sent in request.events
        if sent.event_id in fate.rejected and isinstance(sent.event, Mapping)
    }
    return {event_id for event_id in with_id if event_id not in payloads}


def _result(
    scenario: Scenario,
    stage: Stage,
    lakes: Lakes,
    templates: list[alarms.Alarm],
    requests: Sequence[Request],
    attempts: Sequence[Attempt],
    fate: Fate,
    began: float,
    struck: float,
    over: float,
    now: int,
    before: Mapping[str, int],
    troubles: list[str],
) -> Result:
    rows = lakes.lake.rows("SELECT event_id, site, visitor_id, session_id FROM events")
    ours = [row for row in rows if row["event_id"] in fate.accepted]
    landed = lakes.lake.rows("SELECT event_id FROM enriched WHERE event_name <> 'session_merge'")
    copies = Counter(row["event_id"] for row in landed)
    in_views = Counter(row["event_id"] for row in rows)
    wanted = sessions_of_requests(requests, {row["event_id"]: 0.0 for row in ours}, now)
    wrong = set() if scenario.shifts_time else wanted ^ sessions_of_rows(ours)
    times = _first_times(stage.enriched.reader.records)
    strange = times.keys() - stage.oracle.lines.keys()
    by_event: dict[str, float] = {}
    for line, at in times.items():
        event = stage.oracle.lines.get(line)
        if event in fate.accepted:
            by_event[str(event)] = min(at, by_event.get(str(event), at))
    waits = {event: at - fate.accepted[event] for event, at in by_event.items()}
    late = [
        by_event[event] for event, wait in waits.items() if wait > WAIT_SECONDS and by_event[event] > over
    ]
    series, throttled = _series(stage, attempts, began, before)
    recovered = max(late, default=over)
    until = over if over - struck > 2 else max(recovered, struck + 5)
    alarmed = [name for name in alarms.fired(templates, series, struck, until + 1) if name != BY_THE_LOAD]
    statuses = Counter(str(attempt.status) for attempt in attempts)
    return Result(
        name=scenario.name,
        says=scenario.says,
        group=scenario.group,
        at=datetime.fromtimestamp(began, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        events=len({sent.event_id for request in requests for sent in request.events}),
        answers=dict(sorted(statuses.items())),
        accepted=len(fate.accepted),
        rejected=len(fate.rejected),
        refused=len(fate.refused),
        unknown=len(fate.unknown),
        lost=len(_lost(lakes, fate)),
        unkept=len(_unkept(lakes, requests, fate)),
        copies=sum(count - 1 for count in copies.values()),
        copies_in_views=sum(count - 1 for count in in_views.values()),
        sessions=len(wanted),
        sessions_wrong=len(wrong),
        lines_wrong=len(strange) + len(_missing_lines(stage)),
        fault_seconds=round(over - struck, 1),
        recovery_seconds=round(recovered - over, 1),
        longest_wait=round(max(waits.values(), default=0.0), 1),
        alarms=alarmed,
        alarms_missing=sorted(set(scenario.alarms) - set(alarmed)),
        seen=_seen(stage, began),
        surprises=troubles + surprises(requests, attempts)[:5],
        figures=stage.figures | {"faults": throttled},
    )


def _series(
    stage: Stage,
    attempts: Sequence[Attempt],
    began: float,
    before: Mapping[str, int],
) -> tuple[dict[str, list[alarms.Point]], dict[str, int]]:
    after = stage.proxy.counts()
    faults = {
        name: count - before.get(name, 0)
        for name, count in after.items()
        if not name.endswith(" all") and count > before.get(name, 0)
    }
    throttled = {
        name: [at for at in times if at >= began]
        for name, times in stage.proxy.times().items()
        if "throttle" in name or "partial" in name
    }
    raw = [record for record in stage.raw.records if (record.arrived_ms or 0) / 1000 >= began]
    series = emitted.of_aws(attempts, raw, stage.service.running, stage.service.desired or 1, throttled)
    series |= {name: [] for name in ("Rastro RecordsIn", "Rastro Ticks", "Rastro MillisBehindLatest")}
    series |= {name: [] for name in ("Rastro DaemonRestarts", "Rastro/Ingest Unavailable")}
    series |= emitted.embedded(stage.service.lines(began))
    series |= emitted.embedded(stage.ingest_lines(began))
    return series, faults


def _seen(stage: Stage, since: float) -> list[str]:
    """What the logs said, worst first, each thing once with its number."""
    found: Counter[str] = Counter()
    for line in stage.service.lines(since):
        if line.get("level") in ("WARN", "ERROR"):
            detail = str(line.get("code") or line.get("detail") or "")[:70]
            found[f"consumer: {line['message']}" + (f" ({detail})" if detail else "")] += 1
    for line in stage.ingest_lines(since):
        if line.get("level") in ("warning", "warn", "error"):
            cause = str(line.get("cause") or line.get("reason") or line.get("detail") or "")[:70]
            found[f"ingest: {line.get('message', '')} ({cause})"] += 1
    return [f"{count} times {what}" for what, count in found.most_common(4)]


def one_line(result: Result) -> str:
    """One line for the terminal."""
    parts = [
        f"{'ok   ' if result.good else 'WRONG'} {result.name}: {result.events} events",
        f"answers {json.dumps(result.answers)}",
        f"lost {result.lost + result.unkept}",
        f"copies {result.copies} → {result.copies_in_views}",
        f"sessions wrong {result.sessions_wrong}",
        f"lines wrong {result.lines_wrong}",
        f"recovery {result.recovery_seconds} s",
        f"alarms {result.alarms}",
    ]
    if result.alarms_missing:
        parts.append(f"MISSING ALARMS {result.alarms_missing}")
    if result.surprises:
        parts.append(str(result.surprises))
    return ", ".join(parts)
