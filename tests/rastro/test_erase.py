"""`rastro erase` and `rastro access` on this machine: landing, tables with old snapshots, archive, audit file."""

import gzip
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analytics.duckdb_lake import Lake
from analytics.tables import tables
from infra.deploy.target import Target, find_target
from lake.erased_ids import ErasedIds, id_hash
from lake.iceberg import IcebergTables, open_tables
from rastro.__main__ import main
from rastro.commands import access, erase, replay
from rastro.privacy import data_stores
from tests.analytics.flow import write_parquet
from tests.rastro.deployed import REGION, Deployed
from tests.support.lake_rows import History
from tests.support.raw_records import raw_record

DAY = 24 * 60
GONE = "0192f7a0-1111-4000-8000-00000000dead"
SHARED = "0192f7a0-3333-4000-8000-0000000ab1e5"
STAYS = "0192f7a0-2222-4000-8000-00000000beef"
VIEWS = (
    "sessions",
    "orders",
    "revenue",
    "attribution",
    "visitors",
    "people",
    "touches",
    "products",
    "funnel",
)


def _history() -> History:
    shop = History()
    for day in range(3):
        for visitor, user in ((GONE, "ana"), (SHARED, "ana"), (STAYS, "bia")):
            at, session = day * DAY, f"{visitor[9:13]}-{day}"
            shop.add("page_view", at, visitor=visitor, session=session, channel="Email", utm_source="news")
            shop.add("login", at + 1, visitor=visitor, session=session, user_id=user)
            shop.purchase(f"P-{session}", 100, at + 2, visitor=visitor, session=session, user_id=user)
            if visitor == SHARED:
                shop.add("login", at + 3, visitor=visitor, session=session, user_id="caio")
                shop.purchase(f"C-{session}", 50, at + 4, visitor=visitor, session=session, user_id="caio")
    shop.add("page_view", 9, visitor=STAYS, session="2222-0", page_url=f"https://b.example/?_v={GONE}")
    return shop


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with landing, tables of several snapshots, an archive and an audit file that names the visitor."""
    home = tmp_path_factory.mktemp("filled")
    rows = _history().rows
    write_parquet(rows, home / "lake")
    (home / "lake" / "rows.jsonl").unlink()
    raw = home / "lake" / "raw" / "dt=2026-11-21"
    raw.mkdir(parents=True)
    records = [raw_record(_event(row), visitor_id=row["visitor_id"], received_at=1) for row in rows]
    raw.joinpath("a.gz").write_bytes(gzip.compress(b"".join(json.dumps(r).encode() + b"\n" for r in records)))
    assert main(["rebuild", "--day", "2026-11-21", "--home", str(home)]) == 0
    assert main(["rebuild", "--all", "--home", str(home)]) == 0
    sql = f"SELECT event_id FROM events WHERE visitor_id = '{GONE}'"
    assert main(["query", sql, "--home", str(home)]) == 0
    return home


def _event(row: dict[str, Any]) -> dict[str, Any]:
    return {"event_id": row["event_id"], "event": row["event_name"], "user_id": row.get("user_id")}


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Iterator[Path]:
    """At the same path as it was made: Iceberg names its files whole."""
    shutil.copytree(filled, tmp_path / "kept")
    yield filled
    shutil.rmtree(filled)
    shutil.copytree(tmp_path / "kept", filled)


def _bytes_with(home: Path, text: str) -> list[str]:
    """Files in which a text stands: in their bytes, opened where they are compressed, in every value of Parquet."""
    found = []
    for path in home.rglob("*"):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data += json.dumps(pq.read_table(pa.BufferReader(data)).to_pylist(), default=str).encode()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        if text.encode() in data:
            found.append(path.name)
    return found


def _figures(home: Path, where: str) -> dict[str, list[str]]:
    lake = open_tables(IcebergTables(home / "tables"), [], [])
    names = {name: {row[0] for row in lake.database.execute(f"DESCRIBE {name}").fetchall()} for name in VIEWS}
    # how an order is shared among a person's visits follows from the visits that are left of that person
    other = {"touches": " WHERE person_id <> 'user:ana'"}
    found = {}
    for name, columns in names.items():
        condition = other.get(name, where if "visitor_id" in columns else "")
        found[name] = sorted(map(str, lake.rows(f"SELECT * FROM {name}{condition}")))
    lake.close()
    return found


def _paper(home: Path) -> dict[str, Any]:
    (path,) = (home / "erasures").glob("*.json")
    paper: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return paper


def test_a_visitor_is_nowhere_and_nobody_elses_figures_change(home: Path, capsys: Any) -> None:
    assert len(_bytes_with(home, GONE)) > 5
    before = _figures(home, f" WHERE visitor_id <> '{GONE}'")
    files = {
        path: path.read_bytes() for path in home.rglob("*") if path.is_file() and path.suffix != ".jsonl"
    }
    assert main(["erase", "--visitor", GONE, "--home", str(home), "--dry-run"]) == 0
    assert {path: path.read_bytes() for path in files} == files
    assert main(["erase", "--visitor", GONE, "--home", str(home)]) == 0
    assert _bytes_with(home, GONE) == []
    after = _figures(home, "")
    of_visitors = [name for name in VIEWS if name not in ("revenue", "products", "funnel", "attribution")]
    assert {name: after[name] for name in of_visitors} == {name: before[name] for name in of_visitors}
    paper = _paper(home)
    assert (paper["proof"]["bytes_with_the_id"], paper["proof"]["places_with_the_id"]) == (0, 0)
    assert paper["tables"]["events"]["rows"] == 9
    assert {one["folder"] for one in paper["objects"]} == {"lake", "audit.jsonl"}
    printed = capsys.readouterr().err
    assert "CERTIFICATE OF ERASURE" in printed
    assert GONE not in printed
    # what is left is what a lake without the visitor would have
    left = Lake(sorted((home / "lake" / "enriched").rglob("*.parquet")))
    for name in ("revenue", "products", "funnel", "attribution"):
        assert sorted(map(str, left.rows(f"SELECT * FROM {name}"))) == after[name], name
    left.close()


def test_again_changes_nothing_and_no_rebuild_brings_the_visitor_back(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "lake", tmp_path / "backup")
    assert main(["erase", "--visitor", GONE, "--home", str(home)]) == 0
    before = _figures(home, "")
    files = {path: path.read_bytes() for path in (home / "lake").rglob("*") if path.is_file()}
    assert main(["erase", "--visitor", GONE, "--home", str(home)]) == 0
    assert {path: path.read_bytes() for path in (home / "lake").rglob("*") if path.is_file()} == files
    assert _figures(home, "") == before
    shutil.rmtree(home / "lake")
    shutil.copytree(tmp_path / "backup", home / "lake")
    assert main(["rebuild", "--all", "--home", str(home)]) == 0
    assert _figures(home, "") == before


def test_an_account_goes_and_who_shares_its_visitor_keeps_everything(home: Path) -> None:
    caio = "SELECT * FROM events WHERE user_id = 'caio'"
    lake = open_tables(IcebergTables(home / "tables"), [], [])
    before = sorted(map(str, lake.rows(caio)))
    lake.close()
    assert main(["erase", "--user", "ana", "--home", str(home)]) == 0
    lake = open_tables(IcebergTables(home / "tables"), [], [])
    assert sorted(map(str, lake.rows(caio))) == before
    assert lake.rows(f"SELECT * FROM events WHERE visitor_id = '{GONE}' OR user_id = 'ana'") == []
    found = lake.rows(f"SELECT orders, revenue, user_id FROM sessions WHERE visitor_id = '{SHARED}'")
    assert [tuple(row.values()) for row in found] == [(1, 50, "caio")] * 3
    # the table is still what the views say of the rows that are left
    left = Lake(sorted((home / "lake" / "enriched").rglob("*.parquet")))
    for name in ("events", "orders", "sessions"):
        columns = ", ".join(sorted(row[0] for row in left.database.execute(f"DESCRIBE {name}").fetchall()))
        sql = f"SELECT {columns} FROM {name}"
        assert sorted(map(str, left.rows(sql))) == sorted(map(str, lake.rows(sql))), name
    left.close()
    lake.close()
    assert _bytes_with(home, GONE) == []
    raw = gzip.decompress((home / "lake" / "raw" / "dt=2026-11-21" / "a.gz").read_bytes())
    assert b'"ana"' not in raw
    assert raw.count(b'"caio"') == 6


def test_what_cannot_be_cleaned_is_reported_and_is_no_certificate(home: Path, capsys: Any) -> None:
    (home / "export.bin").write_bytes(b"\0" + GONE.encode())
    assert main(["erase", "--visitor", GONE, "--home", str(home)]) == erase.LEFT
    printed = capsys.readouterr().err
    assert "ERASURE NOT COMPLETE" in printed
    assert "export.bin: cannot be read" in printed
    (home / "export.bin").unlink()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--visitor", "v1"], "too short"),
        (["--email", "ana"], "no e-mail address"),
        (["--user", " "], "empty"),
    ],
)
def test_a_request_that_means_nobody_is_refused(
    options: list[str], message: str, home: Path, capsys: Any
) -> None:
    assert main(["erase", *options, "--home", str(home)]) == 2
    assert message in capsys.readouterr().err


def test_access_gives_a_person_everything_and_nobody_elses(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.zip"
    assert main(["access", "--user", "ana", "--home", str(home), "--out", str(out)]) == 0
    with zipfile.ZipFile(out) as archive:
        names = set(archive.namelist())
        data = {name: json.loads(archive.read(name)) for name in names if name.endswith(".json")}
        csv = archive.read("events.csv").decode()
        about = archive.read("README.txt").decode()
    assert {
        "events.json",
        "sessions.json",
        "orders.json",
        "landing_enriched.json",
        "landing_raw.json",
    } <= names
    assert len(data["events.json"]) == 9 + 6  # the visitor's, and ana's at the shared one
    assert csv.count("\n") == 16
    assert "user_id: The shop's own customer id" in about
    everything = json.dumps(data)
    assert STAYS not in everything
    assert "caio" not in everything
    assert main(["access", "--user", "ana", "--home", str(home), "--out", str(out)]) == 2


def test_an_id_that_stands_nowhere_is_said_to(home: Path, tmp_path: Path, capsys: Any) -> None:
    out = ["--out", str(tmp_path / "x.zip")]
    for visitor, is_there in ((GONE, True), (GONE.replace("dead", "0000"), False)):
        for words in (["erase", "--dry-run"], ["access", "--dry-run", *out]):
            assert main([*words, "--visitor", visitor, "--home", str(home)]) == 0
            assert ("is it written as the shop writes it?" in capsys.readouterr().err) is not is_there


@pytest.mark.parametrize("command", ["erase", "access"])
@pytest.mark.parametrize(("env", "message"), [("dev", "no AWS credentials"), ("nosuch", "no environment")])
def test_an_environment_without_credentials_is_one_line(
    command: str, env: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    ask = [command, "--visitor", GONE, "--env", env, "--home", str(tmp_path), "--dry-run"]
    assert main(ask) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"rastro: environment: {message}")


def test_access_writes_the_whole_file_or_none(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    ask = ["access", "--visitor", GONE, "--home", str(home), "--out"]
    assert main([*ask, str(tmp_path / "nowhere" / "mine.zip")]) == 2
    assert "rastro: no_such_folder: " in capsys.readouterr().err

    def stopped(*_: Any) -> str:
        raise KeyboardInterrupt

    out = tmp_path / "mine.zip"
    with monkeypatch.context() as patched:
        patched.setattr(access, "_about", stopped)
        assert main([*ask, str(out)]) == 130
    assert list(tmp_path.glob("*mine*")) == list(tmp_path.glob(".*mine*")) == []
    assert main([*ask, str(out)]) == 0
    assert zipfile.is_zipfile(out)


def test_a_replay_puts_nothing_back_that_was_erased(tmp_path: Path) -> None:
    gone = ErasedIds({id_hash(GONE): 10, id_hash(SHARED, "ana"): 10})
    events = [{"event_id": "a", "user_id": "ana"}, {"event_id": "b", "user_id": "caio"}]
    records = [
        raw_record(*events, visitor_id=visitor, received_at=at)
        for visitor, at in ((GONE, 9), (GONE, 11), (SHARED, 9), (STAYS, 9))
    ]
    lines = [(json.dumps(record).encode(), record) for record in records]
    found = list(replay._left(iter(lines), gone))
    assert [(record["visitor_id"], len(record["events"])) for _, record in found] == [
        (GONE, 2),
        (SHARED, 1),
        (STAYS, 2),
    ]
    assert [json.loads(data) for data, _ in found] == [record for _, record in found]
    assert found[2][0] is lines[3][0]


def test_an_environment_is_left_alone_while_its_tables_are_filled(
    dev: Deployed, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    steps = dev.client("stepfunctions")
    machine = steps.create_state_machine(
        name="rastro-dev-tables", definition="{}", roleArn="arn:aws:iam::123456789012:role/jobs"
    )["stateMachineArn"]
    monkeypatch.setattr(
        find_target.__module__ + ".find_target", lambda _: Target(machine.split(":")[4], REGION)
    )
    iceberg = IcebergTables(home / "tables")
    monkeypatch.setattr(
        data_stores, "glue_tables", lambda *_: {name: iceberg.table(name) for name in tables()}
    )
    run = steps.start_execution(stateMachineArn=machine)["executionArn"]
    ask = ["erase", "--visitor", GONE, "--env", "dev", "--home", str(home), "--dry-run"]
    assert main(ask) == 2
    assert "tables_running" in capsys.readouterr().err
    steps.stop_execution(executionArn=run)
    assert main(ask) == 0
    assert [line["tool"] for line in dev.audited()] == ["erase"]
