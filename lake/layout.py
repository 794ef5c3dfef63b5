"""The layout of the bucket: every prefix and the names of the partitions. No other module spells them."""

ENRICHED = "enriched/"
REJECTED = "rejected/"
SESSION_ENDS = "session_ends/"
CART_EVENTS = "cart_events/"
RAW = "raw/"
ERRORS = "errors/"  # what Firehose could not convert or deliver
PAYLOADS = "payloads/"  # rejected payloads too large for a row
IMPORTS = "imports/"  # raw records of long ago that servers sent, with their own times; kept until they are in the lake
TABLES = "tables/"  # the Iceberg tables, one folder each
RESULTS = "athena/"  # results of queries
RECOVERED = "recovered/"  # what `rastro recover` put back, so that it goes back once: digests, no data
BACKFILLS = "backfills/"  # what `rastro backfill` wrote, one file a run
STATE_BEFORE_RESET = "state-before-reset/"  # session logs that `rastro reset` set aside
STATE = "state"  # the session log; no slash: it is joined to a URI

DAY = "dt"
HOUR = "hour"
"""Partitions by arrival, UTC: `dt=2026-01-31/hour=07/`."""
