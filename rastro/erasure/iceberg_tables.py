"""Removes the subject from an Iceberg table: rows, older snapshots, manifests, files that nothing names.

Files that hold the subject are written anew without it, in one snapshot; then every older snapshot is given up and
what the newest does not name is deleted. A file may hold rows that a MERGE has replaced: they are marked as deleted and
still stand in it, so files are looked at byte by byte, not only by their rows.
"""

import itertools
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, _dataframe_to_data_files

from rastro.erasure import content
from rastro.erasure.parquet import rows_without
from rastro.erasure.subject import Subject
from rastro.erasure.sweep import WORKERS

ATTEMPTS = 4


class Done(NamedTuple):
    """What was done to a table. `days`: values of its partition whose rows changed. `bytes_scanned`: of data files."""

    rows: int
    files: int
    bytes_scanned: int
    snapshots: int
    deleted: int


def holding(table: Any, subject: Subject) -> tuple[list[Any], int]:
    """The tasks of data files in which the subject stands, and how many bytes were looked at."""

    def look(task: Any) -> tuple[int, int]:
        with table.io.new_input(task.file.file_path).open() as stream:
            data = stream.read()
        return len(data), content.hits(data, subject)

    planned = list(table.scan().plan_files())
    with ThreadPoolExecutor(WORKERS) as pool:
        looks = list(pool.map(look, planned))
    found = [task for task, (_, hits) in zip(planned, looks, strict=True) if hits]
    return found, sum(size for size, _ in looks)


def erase(
    table: Any, subject: Subject, files_of: Callable[[str], Iterator[str]], *, dry_run: bool = False
) -> Done:
    """`files_of`: every file below a location.

    Raises:
        CommitFailedException: the jobs go on changing the table; run again.
    """
    if table.current_snapshot() is None:
        return Done(0, 0, 0, 0, 0)
    for attempt in range(ATTEMPTS):
        tasks, size = holding(table, subject)
        if dry_run:
            return Done(sum(_rows(table, task, subject)[1] for task in tasks), len(tasks), size, 0, 0)
        try:
            removed = _rewrite(table, tasks, subject) if tasks else 0
            break
        except CommitFailedException:
            if attempt == ATTEMPTS - 1:
                raise
            table.refresh()
    if tasks:
        # the snapshot that replaces files still tells their bounds, a snapshot after it no longer does
        table.append(table.schema().as_arrow().empty_table())
    snapshots = _expire(table) if tasks or _stands_elsewhere(table, subject, files_of) else 0
    deleted = _delete_unnamed(table, files_of) if snapshots or tasks else 0
    return Done(removed, len(tasks), size, snapshots, deleted)


def _rows(table: Any, task: Any, subject: Subject) -> tuple[Any, int]:
    rows = ArrowScan(
        table_metadata=table.metadata,
        io=table.io,
        projected_schema=table.schema(),
        row_filter=AlwaysTrue(),
    ).to_table(tasks=[task])
    return rows_without(rows, subject)


def _rewrite(table: Any, tasks: list[Any], subject: Subject) -> int:
    removed = 0
    counter = itertools.count(0)
    with table.transaction() as transaction, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with transaction.update_snapshot().overwrite() as snapshot:
            for task in tasks:
                rows, gone = _rows(table, task, subject)
                removed += gone
                snapshot.delete_data_file(task.file)
                if rows.num_rows:
                    for file in _dataframe_to_data_files(
                        io=table.io,
                        df=rows,
                        table_metadata=transaction.table_metadata,
                        write_uuid=snapshot.commit_uuid,
                        counter=counter,
                    ):
                        snapshot.append_data_file(file)
    return removed


def _expire(table: Any) -> int:
    table.refresh()
    old = [
        one.snapshot_id
        for one in table.snapshots()
        if one.snapshot_id != table.current_snapshot().snapshot_id
    ]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
        table.refresh()
    return len(old)


def named(table: Any) -> set[str]:
    """Every file that the newest snapshot needs."""
    found = {table.metadata_location}
    snapshot = table.current_snapshot()
    found.add(snapshot.manifest_list)
    for manifest in snapshot.manifests(table.io):
        found.add(manifest.manifest_path)
        found |= {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)}
    found |= {one.statistics_path for one in table.metadata.statistics}
    return found


def _stands_elsewhere(table: Any, subject: Subject, files_of: Callable[[str], Iterator[str]]) -> bool:
    """Whether a file that the newest snapshot does not name holds the subject: of an older one, or of nobody."""
    needed = {_plain(one) for one in named(table)}
    for path in files_of(table.location()):
        if _plain(path) not in needed:
            with table.io.new_input(path).open() as stream:
                if content.hits(stream.read(), subject):
                    return True
    return False


def _delete_unnamed(table: Any, files_of: Callable[[str], Iterator[str]]) -> int:
    needed = {_plain(one) for one in named(table)}
    gone = [path for path in files_of(table.location()) if _plain(path) not in needed]
    for path in gone:
        table.io.delete(path)
    return len(gone)


def _plain(path: str) -> str:
    return path.removeprefix("file://").replace("s3a://", "s3://")
