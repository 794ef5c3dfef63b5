"""Every store of an environment, or of this machine, that may hold a person's data."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3

from analytics.tables import tables
from lake import layout
from lake.erased_ids import TABLE as ERASED_IDS
from lake.erased_ids import ErasedIds
from lake.erased_ids import read as read_erased
from lake.iceberg import IcebergTables
from rastro.erasure.objects import Bucket, Folder, Objects
from rastro.local import emulator, info
from rastro.privacy.turn import NotYourTurnError, turn
from rastro.repair.pipeline import find_environment
from rastro.terminal.errors import Problem

OWN = ("tables/", "erasures/", "emulator/")
"""Of a home: the Iceberg tables have a step of their own, certificates hold no ids, the emulator's objects are in its
bucket."""
RETENTION_HOURS_HERE = 24


class DataStores(NamedTuple):
    """`stores` are swept; `looked_at` too, but nothing is changed in them, for `tables` (PyIceberg's, by name) have a
    step of their own. `files_of` lists what lies below a table's location. `stream_hours`: how long the streams
    remember. `s3`, `bucket`: None and empty without a running stack. `hold`: keeps other writers of the tables away, as
    far as that can be; `job_runs`: whether the tables' jobs run now, or ran since a moment."""

    name: str
    stores: tuple[Objects, ...]
    looked_at: tuple[Objects, ...]
    tables: dict[str, Any]
    files_of: Callable[[str], Iterator[str]]
    stream_hours: int
    s3: Any
    bucket: str
    hold: Callable[[], AbstractContextManager[None]] = nullcontext
    job_runs: Callable[[datetime | None], bool] = lambda since: False


def here(home: Path) -> DataStores:
    """The stack under `home`; without a running one its files alone."""
    if not home.exists():
        raise Problem(f"there is no {home}; rastro up or make demo makes one", "no_home")
    iceberg = IcebergTables(home / "tables")
    stores: tuple[Objects, ...] = (Folder(home, f"{home}/", OWN),)
    s3, bucket = None, ""
    if info.path_of(home).exists():
        facts = info.read(home)
        s3, bucket = emulator.client(facts.aws_endpoint, "s3"), facts.bucket
        stores = (Bucket(s3, bucket), *stores)
    return DataStores(
        "local",
        stores,
        (Folder(home / "tables", f"{home}/tables/"),),
        {name: iceberg.table(name) for name in tables()},
        _local_files,
        RETENTION_HOURS_HERE,
        s3,
        bucket,
        partial(only_writer, home, "erase"),
    )


@contextmanager
def only_writer(home: Path, tool: str) -> Iterator[None]:
    """Nobody else writes this home's tables meanwhile.

    Raises:
        Problem: somebody does.
    """
    try:
        with turn(home, tool):
            yield
    except NotYourTurnError as who:
        text = f"{who} writes the tables under {home}; again when it has ended"
        raise Problem(text, "tables_running") from None


def _local_files(location: str) -> Iterator[str]:
    for path in sorted(Path(location.removeprefix("file://")).rglob("*")):
        if path.is_file():
            yield f"file://{path}"


def on_aws(env: str, home: Path) -> DataStores:
    """A deployed environment, and what this machine keeps of it under `home`."""
    environment, target, outputs = find_environment(env)
    bucket = outputs["Bucket"]
    job_runs = partial(_job_runs, target, environment.prefix)
    if job_runs(None):
        raise Problem(
            "the tables' job is running, and would write while rows are taken out; again in some minutes",
            "tables_running",
        )
    s3 = target.client("s3")
    iceberg = glue_tables(environment.database, target.region)
    if ERASED_IDS not in iceberg:
        raise Problem(
            f"the database {environment.database} has no table {ERASED_IDS}; deploy first: make deploy",
            "no_erased_ids",
        )
    stores: tuple[Objects, ...] = (Bucket(s3, bucket, (layout.TABLES,)),)
    if home.exists():
        stores = (*stores, Folder(home, f"{home}/", OWN))
    return DataStores(
        env,
        stores,
        (Bucket(s3, bucket, tuple(f for f in FOLDERS if f != layout.TABLES)),),
        iceberg,
        lambda location: s3_files(s3, location),
        environment.streams.retention_hours,
        s3,
        bucket,
        job_runs=job_runs,
    )


def _job_runs(target: Any, prefix: str, since: datetime | None) -> bool:
    """Of the hourly and nightly runs and of single windows, which `rastro rebuild` and `backfill` start too."""
    steps = target.client("stepfunctions")
    for name in ("tables", "window"):
        machine = f"arn:aws:states:{target.region}:{target.account}:stateMachine:{prefix}-{name}"
        try:
            newest = steps.list_executions(stateMachineArn=machine, maxResults=100)["executions"]
        except steps.exceptions.StateMachineDoesNotExist:
            continue
        for run in newest:
            if run["status"] == "RUNNING" or (since and run.get("stopDate") and run["stopDate"] >= since):
                return True
    return False


def erased(env: str | None, home: Path) -> ErasedIds:
    """What was erased there, for tools that put old records back; nothing where there are no tables yet."""
    if not env:
        if not (home / "tables" / "catalog.db").exists():
            return ErasedIds({})
        return read_erased(IcebergTables(home / "tables").table(ERASED_IDS))
    from infra.deploy.target import find_target  # noqa: PLC0415 - takes a while to import
    from infra.environments import loader  # noqa: PLC0415 - slow to import, needed here alone

    environment = loader.read(env)
    found = glue_tables(environment.database, find_target(environment).region, names=(ERASED_IDS,))
    return read_erased(found[ERASED_IDS]) if ERASED_IDS in found else ErasedIds({})


FOLDERS = (
    *(layout.ENRICHED, layout.REJECTED, layout.SESSION_ENDS, layout.CART_EVENTS, layout.RAW, layout.ERRORS),
    *(
        layout.PAYLOADS,
        layout.IMPORTS,
        layout.TABLES,
        layout.RESULTS,
        f"{layout.STATE}/",
        "audit/",
        "erasures/",
    ),
)


def glue_tables(
    database: str, region: str, endpoint: str | None = None, names: Iterable[str] | None = None
) -> dict[str, Any]:
    """The Iceberg tables of a Glue database that are there; `names`: only these."""
    from pyiceberg.catalog.glue import GlueCatalog  # noqa: PLC0415 - takes a while to import
    from pyiceberg.exceptions import NoSuchTableError  # noqa: PLC0415 - slow to import, needed here alone

    properties: dict[str, Any] = {"glue.region": region, "s3.region": region}
    if endpoint:
        properties |= {
            "glue.endpoint": endpoint,
            "s3.endpoint": endpoint,
            "s3.force-virtual-addressing": "false",
        }
    credentials = boto3.Session().get_credentials()
    if credentials:  # Arrow's S3 does not know every way of signing in that boto3 knows
        frozen = credentials.get_frozen_credentials()
        properties |= {
            "s3.access-key-id": frozen.access_key or "",
            "s3.secret-access-key": frozen.secret_key or "",
        }
        if frozen.token:
            properties["s3.session-token"] = frozen.token
    catalog = GlueCatalog("rastro", **properties)
    found = {}
    for name in tables() if names is None else names:
        try:
            found[name] = catalog.load_table((database, name))
        except NoSuchTableError:
            continue
    return found


def s3_files(s3: Any, location: str) -> Iterator[str]:
    """Every object below a location."""
    parts = urlsplit(location)
    prefix = parts.path.strip("/") + "/"
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=parts.netloc, Prefix=prefix):
        for one in page.get("Contents", ()):
            yield f"s3://{parts.netloc}/{one['Key']}"
