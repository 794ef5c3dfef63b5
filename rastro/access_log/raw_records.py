"""A log as raw records, for the consumer's local mode and for backfills."""

from collections.abc import Iterable, Iterator

import orjson

from rastro.access_log.event import PageView, raw_record, visitor_id


def raw_lines(
    views: Iterable[PageView], source: str, site: str, site_url: str, key: bytes
) -> Iterator[bytes]:
    """One raw record a line, in the log's order and with its own times.

    A server writes a line when its answer is done, with the time of the request; so a line may be older than the
    one before it. As arrival, `received_at`, it counts as not older.
    """
    arrived = 0
    for view in views:
        arrived = max(arrived, view.line.at)
        visitor = visitor_id(key, view.line.client, view.line.agent)
        record = raw_record(view, source, site, site_url, visitor, arrived)
        yield orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
