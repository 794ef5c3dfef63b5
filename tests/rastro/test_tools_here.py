"""The tools on this machine, on the real emulator: history in, tables filled, a question asked, a refused row back."""

import json
from pathlib import Path
from typing import Any

import pytest

from rastro.__main__ import main
from rastro.local import info
from rastro.local.emulator import REGION, client
from rastro.local.info import LocalStackInfo
from schemas import Reason, Stage
from schemas.rejected import rejected
from tests.analytics.flow import SITES, write_rejected
from tests.support.raw_records import raw_record

START = 1_767_268_800_000  # 2026-01-01T12:00Z


@pytest.fixture
def home(emulator: str, tmp_path: Path) -> Path:
    """What `rastro up` leaves, without its processes."""
    s3, kinesis = client(emulator, "s3"), client(emulator, "kinesis")
    s3.create_bucket(Bucket="tools-lake")
    for name in ("tools-raw", "tools-enriched"):
        kinesis.create_stream(StreamName=name, ShardCount=2)
    client(emulator, "ssm").put_parameter(Name="/tools/sites", Value=SITES.decode(), Type="String")
    text = dict.fromkeys(LocalStackInfo._fields, "")
    text |= {"bucket": "tools-lake", "raw_stream": "tools-raw", "enriched_stream": "tools-enriched"}
    text |= {"sites_parameter": "/tools/sites", "state_uri": "s3://tools-lake/state", "region": REGION}
    facts: dict[str, Any] = text | {"aws_endpoint": emulator, "home": str(tmp_path), "processes": {}}
    info.write(LocalStackInfo(**facts), tmp_path)
    return tmp_path


@pytest.mark.emulator
def test_history_is_in_the_tables_and_a_refused_record_is_back(
    home: Path, emulator: str, capsys: Any
) -> None:
    records = [
        raw_record(
            {"event_id": f"{n:08x}-0000-4000-8000-000000000000", "event": "page_view"},
            visitor_id=f"v{n % 3}",
            received_at=START + n * 60_000,
        )
        for n in range(12)
    ]
    file = home / "history.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    ask = ["--home", str(home)]
    assert main(["backfill", "--file", str(file), *ask]) == 0
    assert main(["query", "SELECT count(*) AS n, sum(events) AS events FROM sessions", "--json", *ask]) == 0
    assert json.loads(capsys.readouterr().out) == {"n": 3, "events": 12}
    assert main(["state", "--visitor", "v1", *ask]) == 1  # the state of the pipeline is not touched
    row = rejected(
        json.dumps(records[0]).encode(),
        at=START,
        stage=Stage.ENRICH,
        reason=Reason.INTERNAL_ERROR,
        detail="x",
    )
    assert row is not None
    (home / "rows").mkdir()
    for path in write_rejected([row._asdict()], home / "rows"):
        key = f"rejected/{path.relative_to(home / 'rows' / 'rejected').as_posix()}"
        client(emulator, "s3").upload_file(str(path), "tools-lake", key)
    span = ["--since", "2026-01-01T12:00", "--until", "2026-01-01T13:00"]
    for _ in range(2):
        assert main(["recover", "rejected", *span, *ask]) == 0
    audited = [json.loads(line) for line in (home / "audit.jsonl").read_text().splitlines()]
    assert [line["tool"] for line in audited] == ["backfill", "query", "state", "recover", "recover"]
    assert [line["summary"]["put"] for line in audited[-2:]] == [1, 0]
    assert main(["reset", "--all", "--to", "state", *ask]) == 0  # no consumer ever ran
