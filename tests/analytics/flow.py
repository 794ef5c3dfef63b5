"""A planned load through the real ingest function and the real core, without a server: answers, lines, Parquet."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from analytics.athena_to_duckdb import duck_type
from analytics.duckdb_lake import enriched_columns
from enrich_consumer.core import enrichments
from enrich_consumer.core.enrichments import References
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from rastro.synthetic_shop import Plan, Request
from rastro.traffic.post import Answer, viewer_ip_headers
from schemas import Column, parse_sites
from schemas.files import FOLDER
from schemas.rejected import COLUMNS as REJECTED_COLUMNS
from tests.ingest_lambda.doubles import Bench, gateway
from tests.support.raw_records import raw_record

KEY = "pk_demo_loja_0001"
SITES = (FOLDER / "examples" / "sites.json").read_bytes()


class Flow(NamedTuple):
    """`answers` by the request's number; `rows` are enriched events as they go to Firehose, merges too. At its end the
    time has passed for every session and cart."""

    answers: dict[int, Answer]
    probe_statuses: list[int]
    rows: list[dict[str, Any]]
    rejected: list[dict[str, Any]]
    session_ends: Sequence[dict[str, Any]] = ()
    cart_events: Sequence[dict[str, Any]] = ()


def run(load: Plan, now: int) -> Flow:
    """Post everything, 20 ms apart, then run the core over the raw records in their order."""
    bench = Bench(sites=SITES, viewer_header="cloudfront-viewer-address")
    answers = {}
    for number, request in enumerate(load.requests):
        answers[number] = _post(bench, request, now + number * 20)
    statuses = []
    for probe in load.probes:
        event = gateway(probe.body, headers=_headers(probe.headers), key=probe.key or KEY)
        statuses.append(bench.post(event, now=now)[0])
    sites = parse_sites(SITES)
    run_core = enrichments.build(References(city=_city))
    state = ShardState()
    rows: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    carts: list[dict[str, Any]] = []
    records = [entry.data for entry in bench.stream.stored]
    later = raw_record(visitor_id="tick", received_at=now + 2 * 86_400_000)
    records.append(json.dumps(later).encode())
    for number, data in enumerate(records, start=1):
        outcome = process(Incoming(number, data), sites, run_core, state)
        assert not outcome.rejected
        rows += [json.loads(line) for line in outcome.lines]
        ends += [json.loads(line) for line in outcome.session_ends]
        carts += [json.loads(line) for line in outcome.cart_events]
    return Flow(answers, statuses, rows, bench.rows(), ends, carts)


def _post(bench: Bench, request: Request, now: int) -> Answer:
    headers = _headers((*request.headers, *viewer_ip_headers(request.ip)))
    query = f"key={KEY}" if request.key_in_query else ""
    event = gateway(request.body, headers=headers, query=query, key=None if query else KEY)
    status, body, _ = bench.post(event, now=now)
    return Answer(status, body, 1)


def _headers(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in pairs}


def _city(ip: str) -> dict[str, Any]:
    """Places enough to tell apart in a report."""
    name, country, region = (("Recife", "BR", "PE"), ("Lisboa", "PT", "11"), ("São Paulo", "BR", "SP"))[
        len(ip) % 3
    ]
    return {
        "city": {"names": {"en": name}},
        "country": {"iso_code": country},
        "subdivisions": [{"iso_code": region, "names": {"en": region}}],
    }


def write_parquet(rows: Sequence[dict[str, Any]], folder: Path) -> list[Path]:
    """Rows as Firehose would write them: typed by the contract, in folders by day and hour of arrival."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    columns = {column.name: duck_type(column.type) for column in enriched_columns()}
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(
            f"CREATE TABLE rows AS SELECT *, strftime(received_at, '%Y-%m-%d') AS dt,"
            f" strftime(received_at, '%H') AS hour FROM read_json($file, columns = {columns!r})",
            {"file": str(source)},
        )
        database.execute(f"COPY rows TO '{folder}/enriched' (FORMAT parquet, PARTITION_BY (dt, hour))")
    return sorted((folder / "enriched").rglob("*.parquet"))


def write_table(
    name: str, columns: Sequence[Column], at: str, rows: Sequence[dict[str, Any]], folder: Path
) -> list[Path]:
    """Rows of a table that is written directly, as Firehose would write them; `at`: their time of arrival."""
    source = folder / f"{name}.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    kinds = {column.name: duck_type(column.type) for column in columns}
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(
            f"CREATE TABLE rows AS SELECT *, strftime({at}, '%Y-%m-%d') AS dt, strftime({at}, '%H') AS hour"
            f" FROM read_json($file, columns = {kinds!r})",
            {"file": str(source)},
        )
        database.execute(f"COPY rows TO '{folder}/{name}' (FORMAT parquet, PARTITION_BY (dt, hour))")
    return sorted((folder / name).rglob("*.parquet"))


def write_rejected(rows: Sequence[dict[str, Any]], folder: Path) -> list[Path]:
    """Rejected rows as Firehose would write them."""
    return write_table("rejected", REJECTED_COLUMNS, "rejected_at", rows, folder)
