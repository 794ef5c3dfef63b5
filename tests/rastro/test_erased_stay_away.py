"""No re-run brings back what was erased: replay, recover, backfill, rebuild, and the jobs over what these leave."""

import base64
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from analytics.duckdb_lake import Lake
from lake import erased_ids
from lake.erased_ids import id_hash
from lake.iceberg import IcebergTables, open_tables
from rastro.__main__ import main
from rastro.privacy import data_stores
from schemas import Reason, Stage
from schemas.rejected import rejected
from tests.analytics.flow import write_parquet, write_rejected
from tests.ingest_lambda.doubles import NOW
from tests.rastro.deployed import Deployed
from tests.support.lake_rows import History
from tests.support.raw_records import raw_record

GONE = "0192f7a0-1111-4000-8000-00000000dead"
SHARED = "0192f7a0-3333-4000-8000-0000000ab1e5"
STAYS = "0192f7a0-2222-4000-8000-00000000beef"
ERASED_AT = NOW + 60_000
SPAN = ["--since", "2026-11-21T21:00", "--until", "2026-11-21T23:00"]
LATER = ERASED_AT + 1


@pytest.fixture
def home(dev: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose `dev` has the list of erased ids: one visitor whole, an account at another."""
    store = IcebergTables(tmp_path / "tables")
    _put_on_the_list(store)
    monkeypatch.setattr(
        data_stores, "glue_tables", lambda *_, **__: {erased_ids.TABLE: store.table(erased_ids.TABLE)}
    )
    return tmp_path


def _put_on_the_list(store: IcebergTables) -> None:
    at = datetime.fromtimestamp(ERASED_AT / 1000, UTC)
    erased_ids.add(store.table(erased_ids.TABLE), {id_hash(GONE), id_hash(SHARED, "ana")}, at)


def _event(number: int, **fields: Any) -> dict[str, Any]:
    return {"event_id": f"{number:08x}-0000-4000-8000-000000000000", "event": "page_view", **fields}


def _records() -> list[dict[str, Any]]:
    """Of all three, before the erasure; of the erased visitor one after it."""
    two = (_event(3, user_id="ana", ts=NOW - 5_000), _event(4, user_id="caio", ts=NOW - 4_000))
    return [
        raw_record(*events, visitor_id=visitor, received_at=at, trusted_server=True)
        for visitor, at, events in (
            (GONE, NOW, (_event(1, ts=NOW - 1_000),)),
            (GONE, LATER, (_event(2, ts=LATER),)),
            (SHARED, NOW, two),
            (STAYS, NOW, (_event(5, ts=NOW - 1_000),)),
        )
    ]


LEFT = {2, 4, 5}
"""Numbers of the events that may come back."""


def _numbers(event_ids: Any) -> set[int]:
    return {int(one[:8], 16) for one in event_ids}


def _lines(records: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _archive(dev: Deployed, folder: str = "raw") -> None:
    dev.put(f"{folder}/dt=2026-11-21/hour=21/a.gz", gzip.compress(_lines(_records())))


def test_replay(dev: Deployed, home: Path) -> None:
    _archive(dev)
    assert main(["replay", *SPAN, "--env", "dev", "--home", str(home), "--rate", "0"]) == 0
    put = [json.loads(one["Data"]) for one in dev.records("rastro-dev-raw")]
    assert _numbers(event["event_id"] for record in put for event in record["events"]) == LEFT
    assert dev.audited()[-1]["summary"]["erased"] == 1


@pytest.mark.parametrize("how", ["--raw", "--imports", "--file", "--file --own-times"])
def test_backfill(how: str, dev: Deployed, home: Path) -> None:
    _archive(dev, "imports" if how == "--imports" else "raw")
    file = home / "records.jsonl"
    file.write_bytes(_lines(_records()))
    more = {"--raw": ["--raw", *SPAN], "--imports": ["--imports"]}.get(how, ["--file", str(file)])
    more += ["--own-times"] if "own" in how else []
    assert main(["backfill", *more, "--no-tables", "--env", "dev", "--home", str(home)]) == 0
    rows = Lake(dev.fetched("enriched/", home)).rows("SELECT event_id FROM enriched")
    assert _numbers(row["event_id"] for row in rows) == LEFT
    everything = b"".join(path.read_bytes() for path in home.glob("backfills/**/*") if path.is_file())
    assert GONE.encode() not in everything


def test_an_import_of_old_times_brings_nothing_back(dev: Deployed, home: Path) -> None:
    """It is received after the erasure, and tells of what was before it."""
    record = _records()[0] | {"received_at": LATER + 86_400_000}
    dev.put("imports/dt=2026-11-22/a.gz", gzip.compress(_lines([record, _records()[3]])))
    assert main(["backfill", "--imports", "--no-tables", "--env", "dev", "--home", str(home)]) == 0
    rows = Lake(dev.fetched("enriched/", home)).rows("SELECT event_id FROM enriched")
    assert _numbers(row["event_id"] for row in rows) == {5}


def _refused(dev: Deployed, home: Path) -> None:
    rows = []
    for record in _records():
        of_enrich = rejected(
            _lines([record]),
            at=record["received_at"] + 1,
            stage=Stage.ENRICH,
            reason=Reason.INTERNAL_ERROR,
            detail="",
        )
        event = record["events"][0] | {"visitor_id": record["visitor_id"], "event_id": "e-" * 8}
        of_ingest = rejected(
            json.dumps(event).encode(),
            at=record["received_at"] + 1,
            stage=Stage.INGEST,
            reason=Reason.INVALID_EVENT,
            detail="",
            site="loja",
        )
        assert of_enrich
        assert of_ingest
        rows += [of_enrich._asdict(), of_ingest._asdict()]
    (home / "rows").mkdir()
    write_rejected(rows, home / "rows")
    dev.put_files(home / "rows" / "rejected", "rejected/")


@pytest.mark.parametrize("fix", [None, "$exists(events) ? $merge([$, {'received_at': 1795399999999}]) : $"])
def test_recover_of_refused_rows(fix: str | None, dev: Deployed, home: Path) -> None:
    """Neither a fix that gives records a later time."""
    _refused(dev, home)
    ask = ["recover", "rejected", *SPAN, "--env", "dev", "--home", str(home), "--rate", "0"]
    assert main(ask + (["--fix", fix] if fix else [])) == 0
    put = [json.loads(one["Data"]) for one in dev.records("rastro-dev-raw")]
    found = sorted(
        (record["visitor_id"], event.get("user_id")) for record in put for event in record["events"]
    )
    later = [GONE, GONE]  # of after the erasure, once as a record and once as an event
    assert [visitor for visitor, _ in found if visitor == GONE] == later
    assert {user for visitor, user in found if visitor == SHARED} == {"caio"}
    assert dev.audited()[-1]["summary"]["erased"] == 3


def test_a_client_may_call_the_visitor_otherwise(dev: Deployed, home: Path) -> None:
    event = {"anonymousId": GONE, "type": "page"}
    row = rejected(
        json.dumps([{"batch": [event]}]).encode(),
        at=NOW,
        stage=Stage.INGEST,
        reason=Reason.NOT_JSON,
        detail="",
    )
    assert row
    (home / "rows").mkdir()
    write_rejected([row._asdict()], home / "rows")
    dev.put_files(home / "rows" / "rejected", "rejected/")
    assert main(["recover", "rejected", *SPAN, "--env", "dev", "--home", str(home)]) == 0
    assert dev.audited()[-1]["summary"]["erased"] == 1


def _at(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


VISITS = (
    (GONE, None, NOW),
    (GONE, None, LATER),
    (SHARED, "ana", NOW),
    (SHARED, "caio", NOW),
    (STAYS, None, NOW),
)
"""Visitor, user and time: three visitors before the erasure, and the erased one again after it."""


def _undelivered(table: str) -> list[bytes]:
    """Rows of three visitors, each before the erasure, one of the erased visitor after it."""
    rows = []
    for number, (visitor, user, at) in enumerate(VISITS):
        row: dict[str, Any] = {"site": "loja", "visitor_id": visitor, "user_id": user}
        if table == "enriched":
            row |= {"event_id": f"{number}", "received_at": _at(at)}
        elif table == "session_ends":  # announced later than it ended
            row |= {"session_id": f"s{number}", "ended_at": _at(at), "closed_at": _at(at + 3_600_000)}
        elif table == "cart_events":
            row |= {"cart_id": f"c{number}", "last_event_at": _at(at), "event_at": _at(at + 3_600_000)}
        else:
            made = rejected(
                json.dumps(row).encode() if number else b"\xff" + json.dumps(row).encode(),
                at=at,
                stage=Stage.INGEST,
                reason=Reason.INVALID_EVENT,
                detail="",
            )
            assert made
            row = made._asdict()
        rows.append(json.dumps(row).encode())
    return rows


@pytest.mark.parametrize("table", ["enriched", "session_ends", "cart_events"])
def test_recover_of_failed_deliveries(table: str, dev: Deployed, home: Path) -> None:
    put = _recovered(table, _undelivered(table), dev, home)
    found = [(row["visitor_id"], row.get("user_id")) for row in put]
    assert sorted(map(str, found)) == sorted(map(str, [(GONE, None), (SHARED, "caio"), (STAYS, None)]))
    assert dev.audited()[-1]["summary"]["erased"] == 2


def test_recover_of_rejected_rows_that_were_not_delivered(dev: Deployed, home: Path) -> None:
    rows = _undelivered("rejected")[1:]  # the first is no JSON: nobody can say whose it is
    put = _recovered("rejected", rows, dev, home)
    found = [json.loads(row["payload"]) for row in put]
    assert [(row["visitor_id"], row["user_id"]) for row in found] == [
        (GONE, None),
        (SHARED, "caio"),
        (STAYS, None),
    ]


def _recovered(table: str, rows: list[bytes], dev: Deployed, home: Path) -> list[dict[str, Any]]:
    """What `rastro recover deliveries` put, of rows that Firehose could not write two hours later."""
    lines = [
        json.dumps(
            {
                "arrivalTimestamp": NOW + 7_200_000,
                "lastErrorCode": "X.Y",
                "rawData": base64.b64encode(row).decode(),
            }
        )
        for row in rows
    ]
    dev.put(f"errors/{table}/failed/dt=2026-11-21/part-1", "\n".join(lines).encode())
    dev.client("firehose").create_delivery_stream(
        DeliveryStreamName=f"rastro-dev-{table.replace('_', '')}",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/x",
            "BucketARN": "arn:aws:s3:::rastro-dev-lake",
            "Prefix": "delivered/",
        },
    )
    span = ["--since", "2026-11-21T21:00", "--until", "2026-11-22T02:00"]
    ask = ["recover", "deliveries", *span, "--table", table, "--env", "dev", "--home", str(home)]
    assert main([*ask, "--rate", "0"]) == 0
    if table == "enriched":
        data = b"".join(one["Data"] for one in dev.records("rastro-dev-enriched"))
    else:
        data = b"".join(dev.get(key) for key in dev.keys("delivered/"))
    return [json.loads(line) for line in data.splitlines()]


def test_rebuild_and_the_jobs_over_a_backup_of_landing(tmp_path: Path) -> None:
    """Landing is there again with everything in it; hours, nights and rebuilds leave the person out."""
    shop = History()
    for number, (visitor, user, at) in enumerate(VISITS):
        row = shop.add("purchase", visitor=visitor, session=f"s{number}", user_id=user, value=5)
        row |= {"received_at": _at(at), "event_at": _at(at), "event_date": "2026-11-21"}
    write_parquet(shop.rows, tmp_path / "lake")
    _put_on_the_list(IcebergTables(tmp_path / "tables"))
    for how in (["--day", "2026-11-21"], ["--all"]):
        assert main(["rebuild", *how, "--home", str(tmp_path)]) == 0
        lake = open_tables(IcebergTables(tmp_path / "tables"), [], [])
        for name in ("events", "orders", "sessions"):
            rows = lake.rows(f"SELECT visitor_id, user_id FROM {name}")
            found = sorted((row["visitor_id"], row["user_id"] or "") for row in rows)
            assert found == sorted([(GONE, ""), (SHARED, "caio"), (STAYS, "")]), name
        lake.close()
