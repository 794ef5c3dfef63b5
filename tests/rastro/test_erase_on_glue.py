"""`rastro erase --env` over tables of a Glue catalogue on S3 and a versioned bucket, on the emulator."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.glue import GlueCatalog

from analytics.tables import tables
from lake import layout
from lake.erased_ids import id_hash
from lake.iceberg import IcebergTables, Jobs
from rastro.__main__ import main
from rastro.erasure import content
from rastro.erasure.objects import Bucket
from rastro.erasure.subject import Subject
from rastro.local import emulator
from rastro.privacy import data_stores
from tests.analytics.flow import write_parquet
from tests.support.lake_rows import History
from tests.support.raw_records import raw_record

pytestmark = [pytest.mark.emulator, pytest.mark.slow]

GONE = "0192f7a0-1111-4000-8000-00000000dead"
STAYS = "0192f7a0-2222-4000-8000-00000000beef"
LAKE = "erase-lake"


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[emulator.Emulator]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    running = emulator.start(tmp_path / "emulator", tmp_path / "emulator.log")
    yield running
    running.stop()


def _fill(aws: emulator.Emulator, folder: Path) -> Any:
    """Landing, archive and tables of two visitors, tables with several snapshots; an older version of the archive."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=LAKE)
    s3.put_bucket_versioning(Bucket=LAKE, VersioningConfiguration={"Status": "Enabled"})
    shop = History()
    for visitor in (GONE, STAYS):
        shop.add("page_view", visitor=visitor, session=visitor[:9], user_id=f"user-of-{visitor[9:13]}")
        shop.purchase(f"P-{visitor[9:13]}", 10, 1, visitor=visitor, session=visitor[:9])
    (file,) = write_parquet(shop.rows, folder / "landing")
    s3.put_object(Bucket=LAKE, Key="enriched/dt=2026-11-21/hour=12/a.parquet", Body=file.read_bytes())
    records = [raw_record({}, visitor_id=v, received_at=1) for v in (GONE, STAYS)]
    body = gzip.compress(b"".join(json.dumps(one).encode() + b"\n" for one in records))
    for _ in range(2):
        s3.put_object(Bucket=LAKE, Key="raw/dt=2026-11-21/hour=12/a.gz", Body=body)
    local = IcebergTables(folder / "tables")
    Jobs(local, [file], lambda _: None).night("2026-11-21")
    catalog = GlueCatalog(
        "rastro",
        **{
            "glue.region": emulator.REGION, "glue.endpoint": aws.endpoint,
            "s3.region": emulator.REGION, "s3.endpoint": aws.endpoint, "s3.force-virtual-addressing": "false",
            "s3.access-key-id": "test", "s3.secret-access-key": "test",
        },
    )  # fmt: skip
    catalog.create_namespace("erase_db")
    for name, table in tables().items():
        rows = local.table(name).scan().to_arrow()
        made = catalog.create_table(
            ("erase_db", name), rows.schema, location=f"s3://{LAKE}/{layout.TABLES}{name}"
        )
        if table.partition:
            with made.update_spec() as spec:
                spec.add_identity(table.partition)
        for part in range(rows.num_rows):  # a snapshot for each row
            made.append(rows.slice(part, 1))
    return s3


def _versions(s3: Any) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for one in s3.list_object_versions(Bucket=LAKE)["Versions"]:
        body = s3.get_object(Bucket=LAKE, Key=one["Key"], VersionId=one["VersionId"])["Body"].read()
        found.setdefault(one["Key"], []).append(body)
    return found


def test_no_version_of_tables_and_objects_keeps_the_id(
    aws: emulator.Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = _fill(aws, tmp_path)
    found = data_stores.glue_tables("erase_db", emulator.REGION, aws.endpoint)
    assert found.keys() == tables().keys()
    others = tuple(folder for folder in data_stores.FOLDERS if folder != layout.TABLES)
    where = data_stores.DataStores(
        "dev",
        (Bucket(s3, LAKE, (layout.TABLES,)),),
        (Bucket(s3, LAKE, others),),
        found,
        lambda location: data_stores.s3_files(s3, location),
        24,
        s3,
        LAKE,
    )
    monkeypatch.setattr(data_stores, "on_aws", lambda env, home: where)
    who = Subject(visitors=frozenset({GONE}))
    assert sum(content.hits(body, who) > 0 for bodies in _versions(s3).values() for body in bodies) > 5
    assert main(["erase", "--visitor", GONE, "--env", "dev", "--home", str(tmp_path / "home")]) == 0
    after = _versions(s3)
    assert [key for key, bodies in after.items() if any(content.hits(body, who) for body in bodies)] == []
    assert any(key.startswith("erasures/") for key in after)
    again = data_stores.glue_tables("erase_db", emulator.REGION, aws.endpoint)
    for name, rows in (("events", 2), ("orders", 1), ("sessions", 1)):
        left = again[name].scan().to_arrow().to_pylist()
        assert [row["visitor_id"] for row in left] == [STAYS] * rows, name
    assert again["erased_ids"].scan().to_arrow()["id_hash"].to_pylist() == [id_hash(GONE)]
