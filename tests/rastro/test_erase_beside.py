"""Erasing while something else writes: a job over the tables, the consumer and its session log."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.tables import hour_window
from enrich_consumer.core.sessions.shard_state import ShardState, visitor_key
from enrich_consumer.ports import Lineage
from enrich_consumer.session_log.log import SessionLog
from infra.deploy.target import Target
from lake.iceberg import IcebergTables, Jobs, open_tables
from rastro.__main__ import main
from rastro.commands import erase
from rastro.erasure import content
from rastro.erasure.objects import Bucket, Folder, Objects, StoredObject
from rastro.erasure.subject import Subject
from rastro.erasure.sweep import Notes, sweep
from rastro.privacy import data_stores
from rastro.privacy.turn import turn
from tests.analytics.flow import write_parquet
from tests.rastro.deployed import BUCKET, REGION, Deployed
from tests.support.lake_rows import History

GONE = "0192f7a0-1111-4000-8000-00000000dead"
STAYS = "0192f7a0-2222-4000-8000-00000000beef"
WHO = Subject(visitors=frozenset({GONE}))


def _filled(home: Path) -> list[Path]:
    """A home with landing and tables of two visitors."""
    shop = History()
    for visitor in (GONE, STAYS):
        shop.purchase(f"P-{visitor[9:13]}", 10, visitor=visitor, session=visitor[9:13])
    files = write_parquet(shop.rows, home / "lake")
    (home / "lake" / "rows.jsonl").unlink()
    Jobs(IcebergTables(home / "tables"), files, lambda _: None).window(hour_window("2026-11-21", 12))
    return files


def _visitors(home: Path, table: str = "sessions") -> list[str]:
    lake = open_tables(IcebergTables(home / "tables"), [], [])
    found = [row["visitor_id"] for row in lake.rows(f"SELECT visitor_id FROM {table} ORDER BY 1")]
    lake.close()
    return found


# --- the tables of this machine -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        ["erase", "--visitor", GONE],
        ["rebuild", "--day", "2026-11-21"],
        ["rebuild", "--all"],
        ["separate", "--site", "loja", "--visitor", STAYS, "--user", "ana"],
    ],
    ids=["erase", "day", "all", "separate"],
)
def test_two_writers_of_the_tables_are_refused(
    ask: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    _filled(tmp_path)
    monkeypatch.setattr(turn.__wrapped__, "__defaults__", (0.0,))
    with turn(tmp_path, "tables"):
        assert main([*ask, "--home", str(tmp_path)]) == 2
    assert "tables_running: rastro tables, process" in capsys.readouterr().err
    assert _visitors(tmp_path) == [GONE, STAYS]
    assert main([*ask, "--home", str(tmp_path)]) == 0


def test_without_that_a_job_would_bring_the_visitor_back(tmp_path: Path) -> None:
    """The reason for the turns: a job writes days as it read them when it began."""
    files = _filled(tmp_path)
    shop = History()
    shop.add("page_view", 5, visitor=STAYS, session="2222", event_id="00000009-0000-4000-8000-000000000000")
    files += write_parquet(shop.rows, tmp_path / "more")
    began = Jobs(IcebergTables(tmp_path / "tables"), files, lambda _: None)
    assert main(["erase", "--visitor", GONE, "--home", str(tmp_path)]) == 0
    began.window(hour_window("2026-11-21", 12))
    assert GONE in _visitors(tmp_path, "events")


# --- the jobs of an environment -------------------------------------------------------------------------------------


def _stores(home: Path, **more: Any) -> data_stores.DataStores:
    here = data_stores.here(home)
    return here._replace(name="dev", **more)


def test_what_a_job_wrote_meanwhile_is_taken_out_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """A job that read its tables before the erasure commits after it."""
    _filled(tmp_path)
    where = _stores(tmp_path)
    rows = where.tables["sessions"].scan().to_arrow()
    runs = iter(
        [True, False, False]
    )  # one ended while rows were taken out; none runs; none ran in the second round

    def job_runs(since: datetime | None) -> bool:
        answer = next(runs)
        if answer:
            where.tables["sessions"].refresh().append(rows)
        return answer

    monkeypatch.setattr(data_stores, "on_aws", lambda env, home: where._replace(job_runs=job_runs))
    assert main(["erase", "--visitor", GONE, "--env", "dev", "--home", str(tmp_path)]) == 0
    assert _visitors(tmp_path) == [STAYS, STAYS]  # the job's copy of the other one is its own affair
    assert "the tables' job ran meanwhile" in capsys.readouterr().err
    left = [path for path in (tmp_path / "tables").rglob("*") if path.is_file()]
    assert not [path for path in left if content.hits(path.read_bytes(), WHO)]


def test_a_job_that_never_ends_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    _filled(tmp_path)
    monkeypatch.setattr(erase, "WAIT_SECONDS", -1.0)
    monkeypatch.setattr(
        data_stores, "on_aws", lambda env, home: _stores(tmp_path, job_runs=lambda since: True)
    )
    assert main(["erase", "--visitor", GONE, "--env", "dev", "--home", str(tmp_path)]) == 2
    assert "tables_running: the tables' job goes on" in capsys.readouterr().err
    assert not (tmp_path / "erasures").exists() or not list((tmp_path / "erasures").glob("*.json"))


def test_runs_of_both_machines_count_while_they_run_and_after(dev: Deployed) -> None:
    steps = dev.client("stepfunctions")
    target = Target("123456789012", REGION)
    began = datetime.now(UTC) - timedelta(seconds=5)
    assert not data_stores._job_runs(target, "rastro-dev", began)  # nothing deployed
    for name in ("tables", "window"):
        machine = steps.create_state_machine(
            name=f"rastro-dev-{name}", definition="{}", roleArn="arn:aws:iam::123456789012:role/jobs"
        )["stateMachineArn"]
        run = steps.start_execution(stateMachineArn=machine)["executionArn"]
        assert data_stores._job_runs(target, "rastro-dev", None)
        steps.stop_execution(executionArn=run)
        assert not data_stores._job_runs(target, "rastro-dev", None)
        assert data_stores._job_runs(target, "rastro-dev", began)
        assert not data_stores._job_runs(target, "rastro-dev", datetime.now(UTC) + timedelta(seconds=5))
        steps.delete_state_machine(stateMachineArn=machine)


# --- the consumer ---------------------------------------------------------------------------------------------------


class _Files:
    """The consumer's store, as files."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def create(self, name: str, data: bytes) -> bool:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            return False
        path.write_bytes(data)
        return True

    def read(self, name: str) -> bytes | None:
        path = self._root / name
        return path.read_bytes() if path.exists() else None

    def names(self, prefix: str) -> list[str]:
        found = (path.relative_to(self._root).as_posix() for path in self._root.rglob("*") if path.is_file())
        return sorted(name for name in found if name.startswith(prefix))

    def delete(self, names: Any) -> None:
        for name in names:
            (self._root / name).unlink(missing_ok=True)


def _log(files: _Files, writer: str) -> tuple[SessionLog, ShardState]:
    log = SessionLog(files, application="a", shard="s-0", writer=writer, sites_version=1)
    return log, log.take_over(None, Lineage(parents=(), siblings=(), first_key=0, last_key=2**128 - 1)).state


def _changes(*visitors: str) -> dict[bytes, bytes]:
    return {visitor_key(f"loja/{visitor}"): f"packed {visitor}".encode() for visitor in visitors}


def test_the_consumer_goes_on_with_a_log_out_of_which_a_visitor_was_taken(tmp_path: Path) -> None:
    """It appends, somebody takes over, and finds everybody else; the visitor that it still remembered is found by the
    next erasure."""
    files = _Files(tmp_path / "state")
    log, state = _log(files, "one")
    for sequence in (1, 2, 3):
        state.sequence = sequence
        log.append(state, _changes(GONE, STAYS, f"other-{sequence}"))
    store = Folder(tmp_path / "state", "state/")
    figures = sweep(store, WHO, Notes(tmp_path / "notes"))
    assert figures.left == ()
    assert figures.removed["s-0"] == 3
    state.sequence = 4
    log.append(state, _changes("other-4"))  # the writer that was running all the time
    _, taken_over = _log(files, "two")
    assert set(taken_over.saved) == set(_changes(STAYS, *(f"other-{n}" for n in (1, 2, 3, 4))))
    log_two, state = _log(files, "three")
    state.sequence = 5
    log_two.append(state, _changes(GONE))  # out of memory again
    again = sweep(store, WHO, Notes(tmp_path / "notes"))
    assert (again.removed["s-0"], again.left) == (1, ())


class _Overtaken:
    """A store in which somebody else acts between reading an object and writing it anew, the first time."""

    def __init__(self, store: Objects, act: Any) -> None:
        self.name = store.name
        self._store = store
        self._act = act

    def entries(self) -> Iterator[StoredObject]:
        return self._store.entries()

    def read(self, entry: StoredObject) -> bytes | None:
        data = self._store.read(entry)
        act, self._act = self._act, lambda: None
        act()
        return data

    def write(self, entry: StoredObject, data: bytes) -> bool:
        return self._store.write(entry, data)

    def delete(self, entry: StoredObject) -> None:
        self._store.delete(entry)


def _line(visitor: str) -> bytes:
    return b'{"site":"loja","visitor_id":"' + visitor.encode() + b'","events":[{}]}\n'


def test_a_file_that_is_written_meanwhile_is_looked_at_again(tmp_path: Path) -> None:
    path = tmp_path / "lake" / "a"
    path.parent.mkdir()
    path.write_bytes(_line(GONE) + _line(STAYS))
    newer = _line(GONE) + _line(STAYS) + _line("another")
    store = _Overtaken(Folder(tmp_path / "lake", "lake/"), lambda: path.write_bytes(newer))
    figures = sweep(store, WHO, Notes(tmp_path / "notes"))
    assert path.read_bytes() == _line(STAYS) + _line("another")
    assert figures.left == ()
    assert figures.counts["changed", "a"] == 1


def test_a_file_that_is_cleaned_up_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "lake" / "a"
    path.parent.mkdir()
    path.write_bytes(_line(GONE) + _line(STAYS))
    store = _Overtaken(Folder(tmp_path / "lake", "lake/"), path.unlink)
    assert sweep(store, WHO, Notes(tmp_path / "notes")).left == ()
    assert list((tmp_path / "lake").iterdir()) == []


def test_an_object_that_changes_all_the_time_is_reported(tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    folder.mkdir()

    class Restless(Folder):
        def write(self, entry: StoredObject, data: bytes) -> bool:
            (self.root / entry.key).write_bytes(_line(GONE) + data)
            return super().write(entry, data)

    (folder / "a").write_bytes(_line(GONE) + _line(STAYS))
    (look,) = sweep(Restless(folder, "lake/"), WHO, Notes(tmp_path / "notes")).left
    assert "writes it all the time" in look.why


def test_an_object_is_written_only_over_what_was_read(dev: Deployed) -> None:
    dev.put("raw/a", _line(GONE) + _line(STAYS))
    newer = _line(GONE) + _line(STAYS) + _line("another")
    bucket = Bucket(dev.s3, BUCKET)
    (entry,) = bucket.entries()
    dev.put("raw/a", newer)
    assert not bucket.write(entry, b"old")
    assert dev.get("raw/a") == newer
    (entry,) = bucket.entries()
    assert bucket.write(entry, b"new")
    assert dev.get("raw/a") == b"new"
    (entry,) = bucket.entries()
    dev.s3.delete_object(Bucket=BUCKET, Key="raw/a")
    assert not bucket.write(entry, b"back again")
    assert dev.keys("raw/") == []
