"""One suite for everything that can hold a session log."""

import itertools
import threading
from pathlib import Path

import pytest

from enrich_consumer.edges.aws.object_store import FileBlobs, MemoryBlobs, S3Blobs, open_blobs
from enrich_consumer.ports import Blobs
from rastro.local import emulator as local_emulator

_numbers = itertools.count()


def _in_s3(url: str) -> Blobs:
    client = local_emulator.client(url, "s3")
    bucket = f"blobs-{next(_numbers)}"
    client.create_bucket(Bucket=bucket)
    client.put_object(Bucket=bucket, Key="state/other/a/1", Body=b"another application's")
    client.put_object(Bucket=bucket, Key="state/shop2/a/1", Body=b"a name that starts the same")
    return S3Blobs(client, bucket, "state/shop")


def _in_files(folder: Path) -> Blobs:
    FileBlobs(folder / "shop2").create("a/1", b"another application's")
    return FileBlobs(folder / "shop")


@pytest.fixture(params=["memory", "files", pytest.param("s3", marks=pytest.mark.emulator)])
def blobs(request: pytest.FixtureRequest, tmp_path) -> Blobs:
    makers = {
        "memory": MemoryBlobs,
        "files": lambda: _in_files(tmp_path / "state"),
        "s3": lambda: _in_s3(request.getfixturevalue("emulator")),
    }
    return makers[request.param]()


def test_names_are_sorted_and_start_with_the_prefix(blobs: Blobs):
    for name in ("b/log/10", "b/log/9", "a/log/1", "b/snapshot/1", "b/log/1", "bb/log/1"):
        assert blobs.create(name, name.encode())
    assert blobs.names("b/log/") == ["b/log/1", "b/log/10", "b/log/9"]
    assert blobs.names("b/") == ["b/log/1", "b/log/10", "b/log/9", "b/snapshot/1"]
    assert blobs.names("b/log/1") == ["b/log/1", "b/log/10"]
    assert blobs.names("b") == ["b/log/1", "b/log/10", "b/log/9", "b/snapshot/1", "bb/log/1"]
    assert len(blobs.names("")) == 6
    assert blobs.names("c/") == []
    assert blobs.names("b/log/9/") == []


def test_a_name_is_written_once(blobs: Blobs):
    assert blobs.read("a/log/1") is None
    assert blobs.create("a/log/1", b"first")
    assert not blobs.create("a/log/1", b"second")
    assert not blobs.create("a/log/1", b"first")
    assert blobs.read("a/log/1") == b"first"


def test_an_empty_blob_is_there_and_is_written_once(blobs: Blobs):
    assert blobs.create("a/fence/1", b"")
    assert not blobs.create("a/fence/1", b"")
    assert blobs.read("a/fence/1") == b""
    assert blobs.names("a/") == ["a/fence/1"]


@pytest.mark.parametrize("data", [lambda i: b"%d" % i, lambda _: b"same"], ids=["own", "same"])
def test_of_many_writers_at_once_one_wins(blobs: Blobs, data):
    writers = 8
    for turn in range(5):
        start = threading.Barrier(writers)
        won: list[int] = []
        failed: list[Exception] = []

        def write(number, name=f"a/log/{turn}", start=start, won=won, failed=failed):
            start.wait()
            try:
                if blobs.create(name, data(number)):
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
        assert blobs.read(f"a/log/{turn}") == data(won[0])
    assert len(blobs.names("a/")) == 5


def test_deleting_can_be_repeated(blobs: Blobs):
    blobs.create("a/log/1", b"1")
    blobs.create("a/log/2", b"2")
    blobs.delete(["a/log/1", "a/log/7"])
    blobs.delete(["a/log/1"])
    blobs.delete([])
    assert blobs.names("") == ["a/log/2"]
    assert blobs.create("a/log/1", b"free again")


def test_more_than_a_page_of_names(blobs: Blobs):
    names = [f"a/log/{number:012d}" for number in range(1_050)]

    def write(part: list[str]) -> None:
        for name in part:
            blobs.create(name, b"x")

    threads = [threading.Thread(target=write, args=(names[i::8],)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert blobs.names("a/log/") == names
    blobs.delete(names[:-1])
    assert blobs.names("a/log/") == names[-1:]


def test_a_large_blob(blobs: Blobs):
    data = bytes(range(256)) * (20 * 4096)  # 20 MiB: a snapshot of some 100,000 visitors
    blobs.create("a/snapshot/1", data)
    assert blobs.read("a/snapshot/1") == data


def test_a_file_that_was_cut_short_by_a_crash_is_not_a_blob(tmp_path):
    blobs = FileBlobs(tmp_path)
    blobs.create("a/log/1", b"1")
    (tmp_path / "a" / "log" / "2.99.1.part").write_bytes(b"half")
    assert blobs.names("a/log/") == ["a/log/1"]


@pytest.mark.emulator
def test_applications_share_a_bucket(emulator: str):
    blobs = _in_s3(emulator)
    assert blobs.names("") == []
    assert isinstance(blobs, S3Blobs)


class _Denied:
    """An S3 client whose deletions are refused key by key, in an answer that is a success."""

    def delete_objects(self, **given):
        keys = [item["Key"] for item in given["Delete"]["Objects"]]
        return {"Errors": [{"Key": key, "Code": "AccessDenied", "Message": "no"} for key in keys[:1]]}


def test_a_refused_deletion_is_an_error():
    with pytest.raises(OSError, match="s3://bucket/state/shop/a/log/1: AccessDenied"):
        S3Blobs(_Denied(), "bucket", "state/shop").delete(["a/log/1", "a/log/2"])


def test_an_address_of_another_kind_is_refused(tmp_path):
    assert isinstance(open_blobs(f"file:{tmp_path}", "shop"), FileBlobs)
    assert isinstance(open_blobs("memory:", "shop"), MemoryBlobs)
    for address in ("", "s3://", "bucket/prefix", "https://bucket/prefix", "file:"):
        with pytest.raises(ValueError, match="has to be s3://bucket/prefix or file:/folder"):
            open_blobs(address, "shop")
