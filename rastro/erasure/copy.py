"""What the lake holds about the subject, for a person who asks."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rastro.erasure.finding import LINES, PARQUET
from rastro.erasure.objects import Objects
from rastro.erasure.parquet import is_subjects
from rastro.erasure.subject import Subject

Row = dict[str, Any]
TABLES = ("events", "orders", "sessions", "refunds")


def of_tables(tables: dict[str, Any], subject: Subject) -> dict[str, list[Row]]:
    """Rows of the filled tables, by table."""
    found = {}
    for name in TABLES:
        if name in tables:
            rows = tables[name].scan().to_arrow()
            found[name] = rows.filter(is_subjects(rows, subject)).to_pylist()
    return found


def of_stores(stores: Iterable[Objects], subject: Subject) -> dict[str, list[Row]]:
    """Rows of landing that are in no filled table, and raw records, by folder. A record in two folders is one."""
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for store in stores:
        for entry in store.entries():
            name = entry.key.removeprefix("lake/")
            if entry.is_latest and name.startswith((*PARQUET, *LINES, "rejected/")):
                folder = name.partition("/")[0]
                for row in _rows(store.read(entry) or b"", subject):
                    found[folder].setdefault(json.dumps(row, default=str, sort_keys=True), row)
    return {folder: list(rows.values()) for folder, rows in found.items()}


def _rows(data: bytes, subject: Subject) -> list[Row]:
    if data[:4] == b"PAR1":
        table = pq.ParquetFile(pa.BufferReader(data)).read()
        mask = is_subjects(table, subject)
        rows: list[Row] = table.filter(mask).to_pylist() if pc.any(mask).as_py() else []
        return rows
    text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    return [row for line in text.splitlines() if subject.hints.search(line) for row in _record(line, subject)]


def _record(line: bytes, subject: Subject) -> list[Row]:
    try:
        record = json.loads(line)
    except ValueError:
        return []
    if not isinstance(record, dict) or subject.is_row(record.get("site"), record.get("visitor_id"), None):
        return [record] if isinstance(record, dict) else []
    events = [
        one
        for one in record.get("events") or ()
        if isinstance(one, dict) and subject.is_account(record.get("site"), one.get("user_id"))
    ]
    return [record | {"events": events}] if events else []
