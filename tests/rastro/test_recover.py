"""What was refused goes back once, fixed, marked, with its own times; what would be refused again stays."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from enrich_consumer.core import enrichments
from enrich_consumer.core.enrichments import References
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState, visitor_key
from rastro.__main__ import main
from schemas import Reason, Stage, parse_sites
from schemas.rejected import rejected
from tests.analytics.flow import KEY, SITES, write_rejected
from tests.ingest_lambda.doubles import NOW, Bench, gateway
from tests.rastro.deployed import Deployed
from tests.support.raw_records import raw_record

SPAN = ["--since", "2026-11-21T21:00", "--until", "2026-11-21T22:00", "--env", "dev"]
FIX = '$merge([$, {"event": event.name}])'


@pytest.fixture
def refused(dev: Deployed, tmp_path: Path) -> list[dict[str, Any]]:
    """Four events that ingest refused, and a record of a site that was not known."""
    bench = Bench(sites=SITES)
    sent = [
        {
            "event": {"name": "view_item"},
            "visitor_id": "v1",
            "ts": NOW - 60_000,
            "page": {"url": "https://www.loja.example/a"},
        },
        {"event": {"name": "view_item"}, "visitor_id": "v2"},
        {"event": {"name": "view_item"}},
        {"event": {"no": "name"}, "visitor_id": "v3"},
    ]
    for number, event in enumerate(sent):
        bench.post(gateway(event, key=KEY, request_id=f"r{number}"))
    rows = bench.rows()
    assert len(rows) == len(sent)
    event = {"event_id": "0b9c1e8a-7c0f-4e8e-9d7e-0a1b2c3d4e5f", "event": "page_view"}
    record = raw_record(event, site="outlet9", visitor_id="v9", received_at=NOW)
    row = rejected(
        json.dumps(record).encode(), at=NOW, stage=Stage.ENRICH, reason=Reason.UNKNOWN_SITE, detail="outlet9"
    )
    assert row is not None
    rows.append(row._asdict())
    (tmp_path / "rows").mkdir()
    write_rejected(rows, tmp_path / "rows")
    dev.put_files(tmp_path / "rows" / "rejected", "rejected/")
    return rows


def _recover(home: Path, *more: str) -> int:
    return main(["recover", "rejected", *SPAN, "--rate", "0", "--home", str(home), *more])


def test_a_dry_run_says_what_would_happen_and_puts_nothing(
    dev: Deployed, refused: list[dict[str, Any]], tmp_path: Path, capsys: Any
) -> None:
    assert _recover(tmp_path, "--dry-run", "--fix", FIX, "--show", "1") == 1
    printed = capsys.readouterr()
    assert '"invalid_event:recovered"' in printed.out
    assert "goes back" in printed.out
    assert "takes no events without one" in printed.out
    assert "unknown_site" in printed.out
    assert "USD at list prices" in printed.err
    assert dev.records("rastro-dev-raw") == []
    assert dev.keys("recovered/") == []
    (line,) = dev.audited()
    assert (line["tool"], line["summary"]["put"], line["summary"]["still refused"]) == ("recover", 0, 3)


def test_what_was_fixed_goes_back_once_with_its_own_times_and_a_mark(
    dev: Deployed, refused: list[dict[str, Any]], tmp_path: Path
) -> None:
    for _ in range(2):  # the second finds nothing more to do
        _recover(tmp_path, "--fix", FIX, "--reason", "invalid_event")
    put = dev.records("rastro-dev-raw")
    assert [line["summary"]["put"] for line in dev.audited()] == [2, 0]
    core = enrichments.build(References())
    rows = []
    for record in put:
        outcome = process(Incoming(1, record["Data"]), parse_sites(SITES), core, ShardState())
        assert not outcome.rejected
        rows += [json.loads(line) for line in outcome.lines]
    by_visitor = {row["visitor_id"]: row for row in rows}
    assert set(by_visitor) == {"v1", "v2"}
    assert {record["PartitionKey"] for record in put} == {"loja/v1", "loja/v2"}
    one = by_visitor["v1"]
    assert one["event_name"] == "view_item"
    assert one["input_repairs"][-1] == "invalid_event:recovered"
    assert one["event_at"] == "2026-11-21T21:19:00.123Z"
    assert one["received_at"] == "2026-11-21T21:20:00.123Z"
    assert one["page_path"] == "/a"


def test_again_gives_events_without_an_id_the_same_one(
    dev: Deployed, refused: list[dict[str, Any]], tmp_path: Path
) -> None:
    for more in ((), ("--again",)):
        _recover(tmp_path, "--fix", FIX, "--reason", "invalid_event", *more)
    found = [json.loads(record["Data"])["events"][0]["event_id"] for record in dev.records("rastro-dev-raw")]
    assert len(found) == 4
    assert len(set(found)) == 2


def test_records_of_a_site_that_is_known_now_go_back_without_a_fix(
    dev: Deployed, refused: list[dict[str, Any]], tmp_path: Path, capsys: Any
) -> None:
    assert _recover(tmp_path, "--reason", "unknown_site") == 1
    assert "outlet9 is not in the sites document" in capsys.readouterr().out
    document = json.loads(SITES)
    document["sites"]["outlet9"] = {"keys": ["pk_demo_outlet_9"]}
    dev.client("ssm").put_parameter(
        Name="/rastro-dev/sites", Value=json.dumps(document), Type="String", Overwrite=True
    )
    assert _recover(tmp_path, "--reason", "unknown_site") == 0
    (record,) = dev.records("rastro-dev-raw")
    assert record["PartitionKey"] == "outlet9/v9"
    assert json.loads(record["Data"])["received_at"] == NOW


@pytest.mark.parametrize(
    ("fix", "code"),
    [
        ("$error('no')", "fix_failed"),
        ("event = 'x' ? $", "left_out"),
        ("($f := function(){$f()}; $f())", "fix_failed"),
    ],
)
def test_a_fix_that_fails_harms_nothing(
    fix: str, code: str, dev: Deployed, refused: list[dict[str, Any]], tmp_path: Path, capsys: Any
) -> None:
    assert _recover(tmp_path, "--fix", fix, "--reason", "unknown_site") == 1
    assert code in capsys.readouterr().out
    assert dev.records("rastro-dev-raw") == []


def test_a_fix_that_is_no_jsonata_is_one_line(dev: Deployed, tmp_path: Path, capsys: Any) -> None:
    assert _recover(tmp_path, "--fix", "{{") == 2
    assert capsys.readouterr().err.startswith("rastro: fix_unreadable: ")
    assert _recover(tmp_path, "--fix", "@/nowhere/fix.jsonata") == 2
    assert capsys.readouterr().err.startswith("rastro: fix_unreadable: ")


ROW = {
    "event_id": "0b9c1e8a-7c0f-4e8e-9d7e-0a1b2c3d4e5f",
    "site": "loja",
    "visitor_id": "v1",
    "event_name": "purchase",
    "value": 10.5,
    "items": [{"item_id": "a", "price": 1.25, "quantity": 1}],
}


def _failed(dev: Deployed, *rows: bytes, table: str = "enriched") -> None:
    lines = [
        json.dumps(
            {
                "attemptsMade": 1,
                "arrivalTimestamp": NOW + number,
                "lastErrorCode": "DataFormatConversion.ParseError",
                "lastErrorMessage": "Encountered malformed JSON",
                "rawData": base64.b64encode(row).decode(),
            }
        )
        for number, row in enumerate(rows)
    ]
    dev.put(f"errors/{table}/format-conversion-failed/dt=2026-11-21/part-1", "\n".join(lines).encode())


def test_failed_deliveries_go_to_their_stream_again(dev: Deployed, tmp_path: Path, capsys: Any) -> None:
    two = json.dumps(ROW) + "\n" + json.dumps(ROW | {"visitor_id": "v2", "old_column": 1})
    _failed(dev, json.dumps(ROW).encode(), two.encode(), b"not json")
    ask = ["recover", "deliveries", *SPAN, "--rate", "0", "--home", str(tmp_path)]
    assert main(ask) == 1
    printed = capsys.readouterr().out
    assert "unknown_column" in printed
    assert "not_json" in printed
    (record,) = dev.records("rastro-dev-enriched")
    row = json.loads(record["Data"])
    assert row["input_repairs"] == ["parseerror:recovered"]
    assert (row["value"], row["items"][0]["price"]) == (
        "10.5",
        "1.25",
    )  # as the delivery of dev reads amounts
    assert record["PartitionKey"] == f"{visitor_key('loja/v1')[0]:02x}"
    fix = '$ ~> |$|{}, "old_column"|'
    assert main([*ask, "--fix", fix]) == 1
    assert len(b"".join(r["Data"] for r in dev.records("rastro-dev-enriched")).splitlines()) == 3


def test_rows_of_a_direct_delivery_go_to_it(
    dev: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    firehose = dev.client("firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName="rastro-dev-sessionends",
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::123456789012:role/x",
            "BucketARN": "arn:aws:s3:::rastro-dev-lake",
            "Prefix": "delivered/",
        },
    )
    _failed(dev, json.dumps({"site": "loja", "session_id": "s"}).encode(), table="session_ends")
    assert main(["recover", "deliveries", *SPAN, "--table", "session_ends", "--home", str(tmp_path)]) == 0
    (key,) = dev.keys("delivered/")
    assert json.loads(dev.get(key)) == {"site": "loja", "session_id": "s"}


def test_an_object_that_is_none_of_firehoses_is_named(dev: Deployed, tmp_path: Path, capsys: Any) -> None:
    dev.put("errors/enriched/format-conversion-failed/dt=2026-11-21/x", b"hello")
    assert main(["recover", "deliveries", *SPAN, "--home", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "rastro: not_json: s3://rastro-dev-lake/errors/enriched/" in error


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--site", "nosuch"], "no_such_site: there is no site 'nosuch'; there are loja"),
        (["--reason", "nosuch"], "no_such_reason: no event is refused for 'nosuch'"),
    ],
)
def test_a_name_that_is_not_there_is_one_line(
    more: list[str], message: str, dev: Deployed, tmp_path: Path, capsys: Any
) -> None:
    assert _recover(tmp_path, *more) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"rastro: {message}")
