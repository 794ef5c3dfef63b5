"""Where is my event? Its whole way as a list of stops, each with its time, verdict and facts. Pure."""

from typing import Any, NamedTuple

from console.advice import advice
from console.store import EnrichedSeen, RawSeen, RejectedSeen, Story

_PLACE = ("geo_city", "geo_region", "geo_country")


class Stop(NamedTuple):
    """One stage of an event's way. `at`: epoch ms, None where the stage has no time of its own. `verdict`: ok, changed,
    refused, copy, waiting. `facts`: names and values to show. `document`: the whole, to be unfolded."""

    stage: str
    verdict: str
    at: int | None
    sentence: str
    facts: dict[str, Any]
    document: Any = None


def way(story: Story, lake: list[dict[str, Any]]) -> list[Stop]:
    """The stops of one event, in the order of its way. `lake`: its rows in Parquet, with the file as `filename`."""
    if story.rejected and not story.raw:
        return [_refused(seen) for seen in story.rejected]
    stops = [_ingested(number, seen) for number, seen in enumerate(story.raw)]
    stops += [_refused(seen) for seen in story.rejected]
    if story.enriched:
        stops += _enriched(story)
    elif story.raw and not story.rejected:
        stops.append(
            Stop("enriched stream", "waiting", None, "Not seen yet: the consumer has not put it.", {})
        )
    stops += [_stored(row) for row in lake]
    if story.enriched and not lake:
        stops.append(
            Stop("Parquet", "waiting", None, "Not in a file yet: Firehose delivers after its buffer.", {})
        )
    return stops


def _ingested(number: int, seen: RawSeen) -> Stop:
    repairs = seen.event.get("repairs") or []
    facts = {
        "shard": seen.shard,
        "sequence": seen.sequence,
        "visitor": seen.context.get("visitor_id"),
        "received at": seen.context.get("received_at"),
        "sent at": seen.context.get("sent_at"),
        "client": seen.context.get("user_agent"),
        "repairs": ", ".join(map(str, repairs)) or None,
    }
    if number:
        sentence = (
            "The same event came again: a copy. It is dropped in the stream, by site, visitor and event id."
        )
        return Stop(
            "raw stream", "copy", seen.arrived_at, sentence, facts, {**seen.context, "events": [seen.event]}
        )
    sentence = "Ingest answered 202: the event is stored in the raw stream."
    if repairs:
        sentence += " Some values were repaired."
    verdict = "changed" if repairs else "ok"
    return Stop(
        "raw stream", verdict, seen.arrived_at, sentence, facts, {**seen.context, "events": [seen.event]}
    )


def _refused(seen: RejectedSeen) -> Stop:
    row = seen.row
    facts = {
        "reason": row.get("reason"),
        "detail": row.get("detail"),
        "stage": row.get("stage"),
        "file": seen.key,
    }
    sentence = advice(str(row.get("reason")), str(row.get("detail") or ""))
    return Stop("rejected table", "refused", None, sentence, facts, row.get("payload"))


def _enriched(story: Story) -> list[Stop]:
    stops = []
    for number, line in enumerate(story.enriched):
        columns = line.columns
        if columns.get("event_name") == "session_merge":
            stops.append(_merge(line))
            continue
        if number and any(line.columns == other.columns for other in story.enriched[:number]):
            sentence = (
                "The line came twice, byte for byte the same, after a crash or a lease move. Views keep one."
            )
            stops.append(
                Stop("enriched stream", "copy", line.arrived_at, sentence, {"sequence": line.sequence})
            )
            continue
        stops += [_enrichments(line), _session(line)]
    return stops


def _enrichments(line: EnrichedSeen) -> Stop:
    columns = line.columns
    facts = {
        "shard": line.shard,
        "sequence": line.sequence,
        "channel": f"{columns.get('channel')}: {channel_reason(columns)}",
        "bot": bot_reason(columns),
        "device": " ".join(
            str(columns[n]) for n in ("device_class", "os_name", "browser_name") if columns.get(n)
        ),
        "place": ", ".join(
            str(columns[n]) for n in ("geo_city", "geo_region", "geo_country") if columns.get(n)
        )
        or None,
        "failed enrichments": ", ".join(columns.get("enrich_errors") or []) or None,
    }
    verdict = "changed" if columns.get("enrich_errors") else "ok"
    return Stop("enriched stream", verdict, line.arrived_at, "The consumer enriched it.", facts, columns)


def channel_reason(columns: dict[str, Any]) -> str:
    """Why the event has its channel, in words."""
    if columns.get("click_network"):
        return f"a click id of {columns['click_network']}"
    if columns.get("utm_source") or columns.get("utm_medium"):
        return f"utm_source {columns.get('utm_source')}, utm_medium {columns.get('utm_medium')}"
    if columns.get("referrer_host"):
        return f"came from {columns['referrer_host']} ({columns.get('referrer_medium')})"
    return "no campaign, no click id, no referrer"


def bot_reason(columns: dict[str, Any]) -> str:
    """Whether it is a bot, and why."""
    reasons = ", ".join(columns.get("bot_reasons") or [])
    if columns.get("is_bot"):
        return f"yes: {reasons}"
    return f"no ({reasons} alone is no verdict)" if reasons else "no"


def _session(line: EnrichedSeen) -> Stop:
    columns = line.columns
    facts = {
        "session": columns.get("session_id"),
        "started at": columns.get("session_started_at"),
        "index": columns.get("session_event_index"),
        "late": columns.get("is_late"),
        "visitor": columns.get("visitor_id"),
    }
    opens = "It opened a session." if columns.get("is_session_start") else "It joined a session."
    return Stop("session", "ok", line.arrived_at, opens, facts)


def _merge(line: EnrichedSeen) -> Stop:
    columns = line.columns
    facts = {"survivor": columns.get("session_id"), "absorbed": columns.get("merged_session_id")}
    sentence = "It closed the gap between two sessions: the earlier one absorbed the later one."
    return Stop("session merge", "changed", line.arrived_at, sentence, facts, columns)


def _stored(row: dict[str, Any]) -> Stop:
    facts = {
        "file": row.get("filename"),
        "row": row.get("file_row_number"),
        "partition": f"dt={row.get('dt')}/hour={row.get('hour')}",
        "event": row.get("event_name"),
    }
    return Stop("Parquet", "ok", None, "It is in the lake.", facts)
