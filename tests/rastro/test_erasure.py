"""The subject goes out of every kind of object, nobody else's rows change, and the scan sees what is left."""

import base64
import gzip
import json
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import boto3
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from enrich_consumer.core.sessions.shard_state import visitor_key
from enrich_consumer.core.sessions.visitor import OpenSession, Visitor, pack
from enrich_consumer.session_log.format import Header, Kind, decode, encode
from rastro.erasure import content, finding, lines
from rastro.erasure.objects import Bucket, Folder, StoredObject
from rastro.erasure.subject import TELLING, Subject, spellings_of_email
from rastro.erasure.sweep import Notes, sweep
from schemas.rejected import Reason, Stage, rejected
from tests.analytics.flow import write_parquet, write_rejected
from tests.support.lake_rows import History, item
from tests.support.raw_records import raw_record

GONE = "0192f7a0-1111-4000-8000-00000000dead"
OTHER = "0192f7a0-2222-4000-8000-00000000beef"
WHO = Subject(visitors=frozenset({GONE}))
ACCOUNT = Subject(accounts=frozenset({"42"}), site="loja")


def _raw(visitor: str, *users: Any, **fields: Any) -> dict[str, Any]:
    events = [{"event_id": f"e{n}", "event": "page_view", "user_id": user} for n, user in enumerate(users)]
    return raw_record(*events, visitor_id=visitor, received_at=5, **fields)


def _lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def _parquet(folder: Path, shop: History) -> bytes:
    (file,) = write_parquet(shop.rows, folder)
    return file.read_bytes()


@pytest.fixture
def shop() -> History:
    found = History()
    found.add("page_view", 0, visitor=GONE, session="s1")
    found.add("page_view", 1, visitor=OTHER, session="s2", user_id="42", items=[item("a", 5)])
    found.add("page_view", 2, visitor=OTHER, session="s2", user_id="7")
    found.add("page_view", 3, visitor=OTHER, session="s2", site="outlet", user_id="42")
    return found


def test_parquet_loses_the_subjects_rows_and_no_others(shop: History, tmp_path: Path) -> None:
    data = _parquet(tmp_path, shop)
    before = pq.read_table(pa.BufferReader(data)).to_pylist()
    assert content.hits(data, WHO) > 0
    made = content.without("enriched/x.parquet", data, WHO)
    assert made.removed == 1
    assert made.data is not None
    assert content.hits(made.data, WHO) == 0
    assert pq.read_table(pa.BufferReader(made.data)).to_pylist() == before[1:]
    assert pq.read_schema(pa.BufferReader(made.data)).equals(pq.read_schema(pa.BufferReader(data)))


def test_an_account_goes_at_its_own_site_only(shop: History, tmp_path: Path) -> None:
    data = _parquet(tmp_path, shop)
    assert content.hits(data, ACCOUNT) == 1
    made = content.without("enriched/x.parquet", data, ACCOUNT)
    assert (made.removed, content.hits(made.data or b"", ACCOUNT)) == (1, 0)
    assert content.without("enriched/x.parquet", data, Subject(accounts=frozenset({"42"}))).removed == 2


def test_an_id_in_somebody_elses_row_becomes_a_mark(tmp_path: Path) -> None:
    shop = History()
    shop.add(
        "page_view", visitor=OTHER, page_url=f"https://b.example/?v={GONE}", items=[item(f"x-{GONE}", 1)]
    )
    made = content.without("enriched/x.parquet", _parquet(tmp_path, shop), WHO)
    assert (made.removed, content.hits(made.data or b"", WHO)) == (0, 0)
    (row,) = pq.read_table(pa.BufferReader(made.data)).to_pylist()
    assert (row["page_url"], row["items"][0]["item_id"]) == ("https://b.example/?v=[erased]", "x-[erased]")
    assert row["visitor_id"] == OTHER


def test_a_file_with_nothing_else_goes_whole(tmp_path: Path) -> None:
    shop = History()
    shop.add("page_view", visitor=GONE)
    assert content.without("enriched/x.parquet", _parquet(tmp_path, shop), WHO) == (None, 1)


def test_raw_records_lose_the_visitor_or_the_accounts_events() -> None:
    elsewhere = _raw(OTHER, "42", site="outlet")
    records = (_raw(GONE, None, None), _raw(OTHER, "42", None), _raw(OTHER, 42), _raw(OTHER, "7"), elsewhere)
    data = gzip.compress(_lines(*records))
    made = content.without("raw/x.gz", data, WHO)
    assert (made.removed, gzip.decompress(made.data or b"").count(b"\n")) == (2, 4)
    assert content.hits(data, ACCOUNT) == 2
    made = content.without("raw/x.gz", data, ACCOUNT)
    left = [json.loads(line) for line in gzip.decompress(made.data or b"").splitlines()]
    assert [[event["user_id"] for event in record["events"]] for record in left] == [
        [None, None],
        [None],
        ["7"],
        ["42"],
    ]
    assert (made.removed, content.hits(made.data or b"", ACCOUNT)) == (2, 0)


def test_what_firehose_could_not_deliver_is_looked_into() -> None:
    inner = [json.dumps({"visitor_id": visitor}).encode() for visitor in (GONE, OTHER)]
    data = _lines(*({"errorCode": "x", "rawData": base64.b64encode(one).decode()} for one in inner))
    assert GONE.encode() not in data
    assert content.hits(data, WHO) == 1
    made = content.without("errors/enriched/x", data, WHO)
    assert made == (data.splitlines(keepends=True)[1], 1)


@pytest.mark.parametrize("size", [10, 300_000])
def test_a_rejected_row_goes_with_its_payload_compressed_or_not(size: int, tmp_path: Path) -> None:
    payload = json.dumps({"visitor_id": GONE, "pad": Random(1).randbytes(size).hex()}).encode()
    row = rejected(payload, at=5, stage=Stage.INGEST, reason=Reason.INVALID_EVENT, detail="", site="loja")
    other = rejected(b"{}", at=5, stage=Stage.INGEST, reason=Reason.INVALID_EVENT, detail="", site="loja")
    assert row is not None
    assert other is not None
    assert row.payload_encoding == ("json" if size == 10 else "gzip+base64")
    (file,) = write_rejected([row._asdict(), other._asdict()], tmp_path)
    data = file.read_bytes()
    assert content.hits(data, WHO) > 0
    made = content.without("rejected/x.parquet", data, WHO)
    assert (made.removed, content.hits(made.data or b"", WHO)) == (1, 0)


def _entry(*visitors: str) -> bytes:
    header = Header(Kind.CHANGE, "app", "shard", 3, 2, "w", 10, 20, 1)
    session = OpenSession(1, 2, 3, "00000000-0000-8000-8000-000000000001", 1)
    return encode(
        header, {visitor_key(f"loja/{v}"): pack(Visitor([session], {}, "loja", v)) for v in visitors}
    )


def test_the_session_log_forgets_the_visitor_and_stays_readable() -> None:
    data = _entry(GONE, OTHER)
    assert GONE.encode() not in data  # held as 16 bytes
    assert content.hits(data, WHO) == 1
    made = content.without("state/app/shard/log/3", data, WHO)
    assert made.data == _entry(OTHER)
    assert (made.removed, content.hits(made.data or b"", WHO)) == (1, 0)
    assert decode(made.data or b"")[0].slot == 3


def test_results_and_refused_bodies_go_whole_and_other_text_is_marked() -> None:
    assert content.without("athena/1.csv", GONE.encode(), WHO).data is None
    made = content.without("audit/1.json", f'{{"sql": "visitor_id = \'{GONE}\'"}}'.encode(), WHO)
    assert made.data == b'{"sql": "visitor_id = \'[erased]\'"}'
    with pytest.raises(content.NotReadable):
        content.without("x", b"\0" + GONE.encode(), WHO)


def test_damage_is_reported_and_not_taken_for_clean() -> None:
    for data in (gzip.compress(b"abc")[:-9], b"PAR1 and nothing", _entry(OTHER)[:-3]):
        with pytest.raises(content.NotReadable):
            content.hits(data, WHO)


def test_an_email_is_found_as_it_is_sent() -> None:
    who = Subject(texts=frozenset({"ana+1@loja.example"}))
    for text in ("ana+1@loja.example", "e=ana%2B1%40loja.example&x"):
        assert lines.hits(text.encode(), who) == 1


def test_an_email_is_found_in_capitals_or_small_letters() -> None:
    who = Subject(texts=spellings_of_email("Ana@Loja.example"))
    digest = sha256(b"ana@loja.example").hexdigest()
    for text in ("ana@loja.example", "ANA@LOJA.EXAMPLE", "e=Ana%40Loja.Example", digest, digest.upper()):
        assert lines.hits(text.encode(), who) == 1, text
    left, _ = lines.without(b'{"a": "aNa@loja.example"}\n', who)
    assert left == b'{"a": "[erased]"}\n'


@pytest.mark.parametrize("user", ["joão-пример-1042", 'o"neil\\', "42"])
def test_an_account_is_found_as_json_escapes_it(user: str) -> None:
    who = Subject(accounts=frozenset({user}))
    record = _raw(OTHER, user, "7")
    for escaped in (True, False):
        line = json.dumps(record, ensure_ascii=escaped).encode() + b"\n"
        assert lines.hits(line, who) > 0
        left, removed = lines.without(line, who)
        assert removed == 1
        assert [event["user_id"] for event in json.loads(left)["events"]] == ["7"]
    if len(user) >= TELLING:  # and anywhere else, in JSON within JSON too
        inner = json.dumps({"sql": json.dumps({"id": user})}).encode()
        assert lines.hits(inner, who) == 1


# --- a bucket with versions -----------------------------------------------------------------------------------------


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="lake")
        s3.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
        yield s3


def _everything(s3: Any) -> list[tuple[str, bytes]]:
    return [
        (one["Key"], s3.get_object(Bucket="lake", Key=one["Key"], VersionId=one["VersionId"])["Body"].read())
        for one in s3.list_object_versions(Bucket="lake").get("Versions", [])
    ]


def test_no_version_of_any_object_keeps_the_id(bucket: Any, shop: History, tmp_path: Path) -> None:
    landing = _parquet(tmp_path, shop)
    for key, data in {
        "enriched/dt=1/a.parquet": landing,
        "raw/a.gz": gzip.compress(_lines(_raw(GONE, None), _raw(OTHER, "7"))),
        "raw/old.gz": gzip.compress(_lines(_raw(GONE, None))),
        "errors/a": _lines({"rawData": base64.b64encode(GONE.encode()).decode()}),
        "payloads/a": GONE.encode(),
        "athena/a.csv": GONE.encode(),
        "athena/b.csv": OTHER.encode(),
        "state/app/shard/log/3": _entry(GONE, OTHER),
    }.items():
        bucket.put_object(Bucket="lake", Key=key, Body=data)
    bucket.put_object(Bucket="lake", Key="raw/old.gz", Body=b"newer")
    bucket.delete_object(Bucket="lake", Key="enriched/dt=1/a.parquet")  # only a marker
    bucket.put_object(Bucket="lake", Key="enriched/dt=1/b.parquet", Body=landing)
    store = Bucket(bucket, "lake")
    before = _everything(bucket)
    looked = sweep(store, WHO, Notes(tmp_path / "dry"), dry_run=True)
    assert _everything(bucket) == before
    figures = sweep(store, WHO, Notes(tmp_path / "notes"))
    assert (
        figures.counts == looked.counts + figures.counts - looked.counts
    )  # the dry run named no more than was done
    assert figures.left == ()
    assert {what for what, _ in figures.counts} == {"clean", "rewritten", "deleted", "version_deleted"}
    after = _everything(bucket)
    assert sorted(key for key, _ in after) == [
        *("athena/b.csv", "enriched/dt=1/b.parquet", "raw/a.gz", "raw/old.gz", "state/app/shard/log/3")
    ]
    assert all(content.hits(data, WHO) == 0 for _, data in after)
    again = sweep(store, WHO, Notes(tmp_path / "again"))
    assert {what for what, _ in again.counts} == {"clean"}  # nothing to do
    assert _everything(bucket) == after


def test_a_stopped_run_goes_on(shop: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = _parquet(tmp_path / "made", shop)
    folder = tmp_path / "home"
    folder.mkdir()
    for number in range(600):
        (folder / f"{number:03d}.txt").write_bytes(OTHER.encode())
    (folder / "599.parquet").write_bytes(data)
    store = Folder(folder, "home/")
    read = Folder.read

    def stops(self: Folder, entry: StoredObject) -> bytes | None:
        if entry.key == "599.parquet":
            raise KeyboardInterrupt
        return read(self, entry)

    monkeypatch.setattr(Folder, "read", stops)
    with pytest.raises(KeyboardInterrupt):
        sweep(store, WHO, Notes(tmp_path / "notes"))
    monkeypatch.undo()
    figures = sweep(store, WHO, Notes(tmp_path / "notes"))
    assert sum(figures.counts.values()) < 300  # the others were looked at before
    assert figures.objects == 601
    assert (figures.removed["599.parquet"], figures.left) == (1, ())


# --- whose visitors -------------------------------------------------------------------------------------------------


def _store(folder: Path, *records: Any, shop: History | None = None) -> Folder:
    (folder / "raw").mkdir(parents=True)
    (folder / "raw" / "a.gz").write_bytes(gzip.compress(_lines(*records)))
    if shop:
        write_parquet(shop.rows, folder)
    return Folder(folder, "home/")


def test_an_account_has_its_own_visitors_whole_and_shared_ones_in_part(tmp_path: Path) -> None:
    shop = History()
    shop.add("page_view", visitor="phone", user_id="42")
    shop.add("page_view", visitor="tablet", user_id="42")
    store = _store(
        tmp_path, _raw("tablet", "7"), _raw("laptop", 42), _raw("far", "42", site="outlet"), shop=shop
    )
    found = finding.of_account([store], [], "42", "loja")
    assert (found.subject.visitors, found.shared) == ({"phone", "laptop"}, {"tablet"})
    assert finding.of_account([store], [], "42", None).subject.visitors == {"phone", "laptop", "far"}
    assert finding.of_account([store], [], "nobody", None).subject.visitors == frozenset()


def test_an_email_has_the_visitors_that_sent_it_and_the_accounts_called_by_it(tmp_path: Path) -> None:
    sent = _raw("phone", None) | {"events": [{"event": "sign_up", "properties": {"e": "Ana@Loja.example"}}]}
    store = _store(tmp_path, sent, _raw("laptop", "ANA@loja.example"), _raw("else", "bia@loja.example"))
    for asked in ("Ana@Loja.example", "ana@loja.example", "ANA@LOJA.EXAMPLE"):
        found = finding.of_email([store], [], asked, None)
        assert (found.subject.visitors, found.shared) == ({"phone", "laptop"}, frozenset())


def test_duckdb_reads_a_rewritten_file(shop: History, tmp_path: Path) -> None:
    made = content.without("enriched/x.parquet", _parquet(tmp_path, shop), WHO)
    (tmp_path / "made.parquet").write_bytes(made.data or b"")
    with duckdb.connect() as database:
        assert database.sql(f"SELECT count(*) FROM '{tmp_path}/made.parquet'").fetchall() == [(3,)]
