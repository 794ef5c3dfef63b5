"""Writes docs/tour.md: one event at its six stops, by the project's own code. `python -m tests.docs.tour`."""

import json
import tempfile
from pathlib import Path
from typing import Any

from analytics.duckdb_lake import Lake
from enrich_consumer.core import enrichments
from enrich_consumer.core.decode import decode
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from schemas import parse_sites
from schemas.files import FOLDER
from tests.analytics.flow import write_parquet
from tests.enrich_consumer.golden import REFERENCES
from tests.ingest_lambda.doubles import Bench, gateway

PAGE = Path(__file__).parents[2] / "docs" / "tour.md"
NOW = 1_795_296_000_123
SITES = (FOLDER / "examples" / "sites.json").read_bytes()
AGENT = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
BODY: dict[str, Any] = {
    "sent_at": NOW - 40,
    "events": [
        {
            "event_id": "0b9c1e8a-7c0f-4e8e-9d7e-0000000000f0",
            "event": "view_item",
            "visitor_id": "3f6d1c1e-0f58-4b6e-8d07-5a2f2f5f1b10",
            "ts": NOW - 1000,
            "page": {
                "url": "https://www.loja.example/p/tenis?utm_source=google&utm_medium=cpc&gclid=EAIaIQobChMI",
                "title": "Tênis",
                "referrer": "https://www.google.com/",
            },
            "ecommerce": {
                "currency": "BRL",
                "items": [{"item_id": "T-42", "item_name": "Tênis", "price": 199.9, "quantity": 1}],
            },
        }
    ],
}
SQL = """SELECT session_id, channel, device_class, geo_city, is_bot
FROM sessions"""
SHOWN = (
    "event_id", "event_name", "event_at", "received_at", "raw_sequence", "page_path", "channel", "click_network",
    "browser_name", "device_class", "geo_city", "ip_truncated", "is_bot",
)  # fmt: skip
"""The columns that the page shows of the some sixty that there are."""


def stops() -> dict[str, Any]:
    """What the event is at each stop, by the real code with everything outside it in memory."""
    bench = Bench(sites=SITES)
    key = parse_sites(SITES).by_name["loja"].keys[0]
    request = gateway(BODY, key=key, ip="200.147.3.157", headers={"user-agent": AGENT})
    status, answer, _ = bench.post(request, now=NOW)
    (raw,) = bench.stream.stored
    sites = parse_sites(SITES)
    enrich = enrichments.build(REFERENCES)
    incoming = Incoming(1, raw.data)
    (row,) = enrich(decode(incoming, sites))
    outcome = process(incoming, sites, enrich, ShardState())
    (line,) = outcome.lines
    with tempfile.TemporaryDirectory() as folder:
        files = write_parquet([json.loads(line)], Path(folder))
        lake = Lake(files)
        (stored,) = lake.rows("SELECT * FROM enriched")
        found = lake.rows(SQL)
        lake.close()
        parquet = str(files[0].relative_to(folder).parent)
    return {
        "status": status,
        "answer": answer,
        "raw": json.loads(raw.data),
        "partition_key": raw.partition_key,
        "row": row.all_columns(),
        "line": json.loads(line),
        "line_bytes": len(line),
        "folder": parquet,
        "stored": stored,
        "found": found,
    }


def page() -> str:
    """The whole page."""
    found = stops()
    row = {name: found["row"][name] for name in SHOWN if name in found["row"]}
    line = {
        name: found["line"][name] for name in (*row, "session_id", "session_started_at", "is_session_start")
    }
    stored = {
        name: str(found["stored"][name])
        for name in ("event_id", "event_at", "channel", "items", "dt", "hour")
    }
    return f"""# One event at six stops

A shopper on a phone looks at a pair of shoes. This page follows that one event from the browser to the answer of a query. Everything
below is what the project's own code made of it (`python -m tests.docs.tour` writes this page, a test holds it fresh).

## 1. What the storefront posts

`POST /v1/events`, with the site key in `X-Rastro-Key`. The contract: `schemas/event.schema.json`; the protocol: [ingest.md](ingest.md).

{_json(BODY)}

`ingest_lambda/handler.py:handler` hands the request to `ingest_lambda/app.py`, which answers **{found["status"]}** once the event is stored:

{_json(found["answer"])}

## 2. The raw record

One visitor's events of one request (`ingest_lambda/events/raw_records.py`), put on the raw stream under the partition key
`{found["partition_key"]}`, so that a visitor's events stay in order. The contract: `schemas/raw.schema.json`.

{_json(found["raw"])}

## 3. The enriched event

The record processor of the shard reads the record (`enrich_consumer/worker.py`) and gives it to
`enrich_consumer/core/pipeline.py:process`, which decodes it (`core/decode.py`) and runs the enrichments in the order of
`core/enrichments/__init__.py`. {len(found["row"])} columns are filled; some of them:

{_json(row)}

## 4. The line of the enriched stream

`core/sessionize.py` drops copies and assigns the session; `core/emit.py` writes one line of JSON without nulls ({found["line_bytes"]} bytes), and
packs the lines of a bucket into one record of the enriched stream. Then `worker.py` puts, saves the state, and sets the checkpoint.

{_json(line)}

## 5. The row in Parquet

Firehose converts the line by the Glue table (`infra/stacks/pipeline/glue_tables.py`, types from `schemas/enriched.columns.json`) and
writes it by arrival under `{found["folder"]}/` (`lake/layout.py`). All columns: [data-dictionary.md](data-dictionary.md).

{_json(stored)}

## 6. The answer of a query

Views (`analytics/views/`) drop copies and follow merges; [analytics.md](analytics.md) lists them.

```sql
{SQL}
```

{_json([{name: str(value) for name, value in one.items()} for one in found["found"]])}

## Try it

```
.venv/bin/rastro up --detach      # the same on your machine, with the real KCL and a local AWS emulator
.venv/bin/rastro down
```
"""


def _json(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
