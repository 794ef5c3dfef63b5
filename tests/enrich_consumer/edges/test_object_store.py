"""One suite for everything that can hold a session log."""

import itertools
import threading
from pathlib import Path

import pytest

from enrich_consumer.edges.aws.object_store import (
    FileObjectStore,
    MemoryObjectStore,
    S3ObjectStore,
    open_object_store,
)
from enrich_consumer.ports import ObjectStore
from rastro.local import emulator as local_emulator

_numbers = itertools.count()


def _in_s3(url: str) -> ObjectStore:
    client = local_emulator.client(url, "s3")
    bucket = f"blobs-{next(_numbers)}"
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="state/other/a/1", Body=b"another application's")
    client.put_object(Bucket=bucket, Key="state/shop2/a/1", Body=b"a name that starts the same")
    return S3ObjectStore(client, bucket, "state/shop")


def _in_files(folder: Path) -> ObjectStore:
    FileObjectStore(folder / "shop2").create("a/1", b"another application's")
    return FileObjectStore(folder / "shop")


@pytest.fixture(params=["memory", "files", pytest.param("s3", marks=pytest.mark.emulator)])
def store(request: pytest.FixtureRequest, tmp_path) -> ObjectStore:
    makers = {
        "memory": MemoryObjectStore,
        "files": lambda: _in_files(tmp_path / "state"),
        "s3": lambda: _in_s3(request.getfixturevalue("emulator")),
    }
    return makers[request.param]()


def test_names_are_sorted_and_start_with_the_prefix(store: ObjectStore):
    for name in ("b/log/10", "b/log/9", "a/log/1", "b/snapshot/1", "b/log/1", "bb/log/1"):
        assert store.create(name, name.encode())
    assert store.names("b/log/") == ["b/log/1", "b/log/10", "b/log/9"]
    assert store.names("b/") == ["b/log/1", "b/log/10", "b/log/9", "b/snapshot/1"]
    assert store.names("b/log/1") == ["b/log/1", "b/log/10"]
    assert store.names("b") == ["b/log/1", "b/log/10", "b/log/9", "b/snapshot/1", "bb/log/1"]
    assert len(store.names("")) == 6
    assert store.names("c/") == []
    assert store.names("b/log/9/") == []


def test_a_name_is_written_once(store: ObjectStore):
    assert store.read("a/log/1") is None
    assert store.create("a/log/1", b"first")
    assert not store.create("a/log/1", b"second")
    assert not store.create("a/log/1", b"first")
    assert store.read("a/log/1") == b"first"


def test_an_empty_blob_is_there_and_is_written_once(store: ObjectStore):
    assert store.create("a/fence/1", b"")
    assert not store.create("a/fence/1", b"")
    assert store.read("a/fence/1") == b""
    assert store.names("a/") == ["a/fence/1"]


@pytest.mark.parametrize("data", [lambda i: b"%d" % i, lambda _: b"same"], ids=["own", "same"])
def test_of_many_writers_at_once_one_wins(store: ObjectStore, data):
    writers = 8
    for turn in range(5):
        start = threading.Barrier(writers)
        won: list[int] = []
        failed: list[Exception] = []

        def write(number, name=f"a/log/{turn}", start=start, won=won, failed=failed):
            start.wait()
            try:
                if store.create(name, data(number)):
                    won.append(number)
            except Exception as error:  # noqa: BLE001 - shown by the assertion below
                failed.append(error)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert len(won) == 1
        assert store.read(f"a/log/{turn}") == data(won[0])
    assert len(store.names("a/")) == 5


def test_deleting_can_be_repeated(store: ObjectStore):
    store.create("a/log/1", b"1")
    store.create("a/log/2", b"2")
    store.delete(["a/log/1", "a/log/7"])
    store.delete(["a/log/1"])
    store.delete([])
    assert store.names("") == ["a/log/2"]
    assert store.create("a/log/1", b"free again")


def test_more_than_a_page_of_names(store: ObjectStore):
    names = [f"a/log/{number:012d}" for number in range(1_050)]

    def write(part: list[str]) -> None:
        for name in part:
            store.create(name, b"x")

    threads = [threading.Thread(target=write, args=(names[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.names("a/log/") == names
    store.delete(names[:-1])
    assert store.names("a/log/") == names[-1:]


def test_a_large_blob(store: ObjectStore):
    data = bytes(range(256)) * (20 * 4096)  # 20 MiB: a snapshot of some 100,000 visitors
    store.create("a/snapshot/1", data)
    assert store.read("a/snapshot/1") == data


def test_a_file_that_was_cut_short_by_a_crash_is_not_a_blob(tmp_path):
    store = FileObjectStore(tmp_path)
    store.create("a/log/1", b"1")
    (tmp_path / "a" / "log" / "2.99.1.part").write_bytes(b"half")
    assert store.names("a/log/") == ["a/log/1"]


@pytest.mark.emulator
def test_applications_share_a_bucket(emulator: str):
    store = _in_s3(emulator)
    assert store.names("") == []
    assert isinstance(store, S3ObjectStore)


class _Denied:
    """An S3 client whose deletions are refused key by key, in an answer that is a success."""

    def delete_objects(self, **given):
        keys = [item["Key"] for item in given["Delete"]["Objects"]]
        return {"Errors": [{"Key": key, "Code": "AccessDenied", "Message": "no"} for key in keys[:1]]}


def test_a_refused_deletion_is_an_error():
    with pytest.raises(OSError, match="s3://bucket/state/shop/a/log/1: AccessDenied"):
        S3ObjectStore(_Denied(), "bucket", "state/shop").delete(["a/log/1", "a/log/2"])


def test_an_address_of_another_kind_is_refused(tmp_path):
    assert isinstance(open_object_store(f"file:{tmp_path}", "shop"), FileObjectStore)
    assert isinstance(open_object_store("memory:", "shop"), MemoryObjectStore)
    for uri in ("", "s3://", "bucket/prefix", "https://bucket/prefix", "file:"):
        with pytest.raises(ValueError, match="has to be s3://bucket/prefix or file:/folder"):
            open_object_store(uri, "shop")
