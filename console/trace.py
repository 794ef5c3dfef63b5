"""Where is my event? Its whole way as a list of stops, each with its time, verdict and facts. Pure."""

from collections.abc import Callable
from typing import Any, NamedTuple

from console.advice import advice
from console.seen import MERGE, AnswerSeen, EnrichedSeen, RawSeen, RejectedSeen, Story

Words = Callable[[str], str]
"""A sentence in the reader's language."""


class Stop(NamedTuple):
    """One stage of an event's way. `at`: epoch ms, None where the stage has no time of its own. `verdict`: ok, changed,
    refused, copy, waiting. `facts`: names and values to show. `document`: the whole, to be unfolded."""

    stage: str
    verdict: str
    at: int | None
    sentence: str
    facts: dict[str, Any]
    document: Any = None


class Around(NamedTuple):
    """What stands beside the event. `lake`: its rows in Parquet, with the file as `filename`. `view`: its rows of the
    view `events`. `before`, `after`: its neighbours in the session, as (event id, name). `merged_into`: the session
    that took its own."""

    lake: list[dict[str, Any]]
    view: list[dict[str, Any]]
    before: tuple[str, str] | None = None
    after: tuple[str, str] | None = None
    merged_into: str | None = None


def way(story: Story, around: Around, words: Words = str) -> list[Stop]:
    """The stops of one event, in the order of its way."""
    stops = [_answered(seen, words) for seen in story.answers]
    for number, raw in enumerate(story.raw):
        stops += _ingested(number, raw, words)
    stops += [_refused(rejected, words) for rejected in story.rejected]
    if story.enriched:
        stops += _enriched(story, around, words)
    elif story.raw and not story.rejected:
        text = words("Not seen yet: the consumer has not put it.")
        stops.append(Stop("enriched stream", "waiting", None, text, {}))
    stops += [_stored(row, words) for row in around.lake]
    if story.enriched and not around.lake:
        text = words("Not in a file yet: Firehose delivers after its buffer.")
        stops.append(Stop("Parquet", "waiting", None, text, {}))
    stops += [_viewed(row, words) for row in around.view]
    return stops


def _answered(seen: AnswerSeen, words: Words) -> Stop:
    line = seen.line
    facts = {
        "status": line.get("status"),
        "reason": line.get("reason"),
        "route": line.get("route"),
        "site": line.get("Site"),
        "request": seen.request_id,
        "cause": line.get("cause"),
    }
    sentence = f"{words('Ingest answered')} {line.get('status')}. {words(advice(str(line.get('reason'))))}"
    verdict = "waiting" if int(line.get("status") or 0) >= 500 else "refused"
    return Stop("answer", verdict, seen.at, sentence, facts)


def _ingested(number: int, seen: RawSeen, words: Words) -> list[Stop]:
    repairs = seen.event.get("repairs") or []
    document = {**seen.context, "events": [seen.event]}
    stream = {"shard": seen.shard, "sequence": seen.sequence, "visitor": seen.context.get("visitor_id")}
    if number:
        text = words("The same event came again: a copy of the first record above. The stream drops it.")
        return [Stop("raw stream", "copy", seen.arrived_at, text, stream, document)]
    answer = words("Ingest answered 202: taken, and stored before the answer.")
    if repairs:
        answer = f"{answer} {words('Some values were repaired.')}"
    facts = {
        "event": seen.event.get("event"),
        "site": seen.context.get("site"),
        "client": seen.context.get("user_agent"),
        "repairs": ", ".join(map(str, repairs)) or None,
    }
    received = seen.context.get("received_at")
    return [
        Stop("answer", "changed" if repairs else "ok", received, answer, facts),
        Stop("raw stream", "ok", seen.arrived_at, words("Stored in the raw stream."), stream, document),
    ]


def _refused(seen: RejectedSeen, words: Words) -> Stop:
    row = seen.row
    facts = {
        "reason": row.get("reason"),
        "detail": row.get("detail"),
        "stage": row.get("stage"),
        "file": seen.key,
    }
    return Stop(
        "rejected table", "refused", None, words(advice(str(row.get("reason")))), facts, row.get("payload")
    )


def _enriched(story: Story, around: Around, words: Words) -> list[Stop]:
    stops = []
    for number, line in enumerate(story.enriched):
        columns = line.columns
        if columns.get("event_name") == MERGE:
            stops.append(_merge(line, words))
            continue
        if number and any(line.columns == other.columns for other in story.enriched[:number]):
            text = words(
                "The line came twice, the same to the byte, after a crash or a lease move. Views keep one."
            )
            stops.append(Stop("enriched stream", "copy", line.arrived_at, text, {"sequence": line.sequence}))
            continue
        stops += [_enrichments(line, words), _session(line, around, words)]
    return stops


def _joined(columns: dict[str, Any], names: tuple[str, ...], between: str) -> str | None:
    return between.join(str(columns[name]) for name in names if columns.get(name)) or None


def _enrichments(line: EnrichedSeen, words: Words) -> Stop:
    columns = line.columns
    facts = {
        "shard": line.shard,
        "sequence": line.sequence,
        "channel": f"{columns.get('channel') or words('none of its own')}: {channel_reason(columns, words)}",
        "bot": bot_reason(columns, words),
        "device": _joined(columns, ("device_class", "os_name", "browser_name"), " "),
        "location": _joined(columns, ("geo_city", "geo_region", "geo_country"), ", "),
        "failed enrichments": ", ".join(columns.get("enrich_errors") or []) or None,
    }
    verdict = "changed" if columns.get("enrich_errors") else "ok"
    return Stop(
        "enriched stream", verdict, line.arrived_at, words("The consumer enriched it."), facts, columns
    )


def channel_reason(columns: dict[str, Any], words: Words = str) -> str:
    """Why the event has its channel, in words."""
    if columns.get("click_network"):
        return words("a click id of {network}").format(network=columns["click_network"])
    if columns.get("utm_source") or columns.get("utm_medium"):
        return f"utm_source {columns.get('utm_source')}, utm_medium {columns.get('utm_medium')}"
    if columns.get("referrer_host"):
        medium = columns.get("referrer_medium")
        return words("came from {host} ({medium})").format(host=columns["referrer_host"], medium=medium)
    return words("no campaign, no click id, no referrer")


def bot_reason(columns: dict[str, Any], words: Words = str) -> str:
    """Whether it is a bot, and why."""
    reasons = ", ".join(columns.get("bot_reasons") or [])
    if columns.get("is_bot"):
        return f"{words('yes')}: {reasons}"
    return words("no ({reasons} alone is no verdict)").format(reasons=reasons) if reasons else words("no")


def _session(line: EnrichedSeen, around: Around, words: Words) -> Stop:
    columns = line.columns
    facts = {
        "session": columns.get("session_id"),
        "started at": columns.get("session_started_at"),
        "index": columns.get("session_event_index"),
        "before it": around.before and f"{around.before[1]} {around.before[0]}",
        "after it": around.after and f"{around.after[1]} {around.after[0]}",
        "late": words("yes") if columns.get("is_late") else None,
        "visitor": columns.get("visitor_id"),
        "merged into": around.merged_into,
    }
    text = words("It opened a session.") if columns.get("is_session_start") else words("It joined a session.")
    return Stop("session", "changed" if around.merged_into else "ok", line.arrived_at, text, facts)


def _merge(line: EnrichedSeen, words: Words) -> Stop:
    columns = line.columns
    facts = {"survivor": columns.get("session_id"), "absorbed": columns.get("merged_session_id")}
    text = words("It closed the gap between two sessions: the earlier one absorbed the later one.")
    return Stop("session merge", "changed", line.arrived_at, text, facts, columns)


def _stored(row: dict[str, Any], words: Words) -> Stop:
    facts = {
        "file": row.get("filename"),
        "row": row.get("file_row_number"),
        "partition": f"dt={row.get('dt')}/hour={row.get('hour')}",
        "event": row.get("event_name"),
    }
    return Stop("Parquet", "ok", None, words("It is in the lake."), facts)


def _viewed(row: dict[str, Any], words: Words) -> Stop:
    facts = {
        "view": "events",
        "session": row.get("session_id"),
        "written with": row.get("written_session_id")
        if row.get("written_session_id") != row.get("session_id")
        else None,
        "day": str(row.get("event_date")),
    }
    return Stop("view", "ok", None, words("It counts once in the views and dashboards."), facts)
