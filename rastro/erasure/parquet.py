"""Removes the subject's rows from Parquet files, and finds what still stands in a file."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rastro.erasure.subject import Subject

ROWS_AT_ONCE = 1 << 16


def hits(data: bytes, subject: Subject) -> int:
    """How often the subject stands in a file: in its bytes, in the decoded texts, in fields of accounts."""
    found = subject.count(data)
    file = pq.ParquetFile(pa.BufferReader(data))
    texts = _text_columns(file.schema_arrow)
    file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=_repeated(file))
    for group in range(file.num_row_groups):
        table = file.read_row_group(group, columns=texts)
        if subject.texts:
            found += sum(_in_array(chunk, subject) for column in table.columns for chunk in column.chunks)
        if subject.accounts and "user_id" in table.column_names:
            found += pc.sum(_of_accounts(table, subject)).as_py() or 0
        if "payload" in table.column_names:
            packed = [row for row in _payloads(table) if row[2] in ("base64", "gzip+base64")]
            found += sum(_payload_hits(row, subject) for row in packed)
    return found


def _repeated(file: pq.ParquetFile) -> list[str]:
    """Columns whose values the file holds once each: they are decoded so, too."""
    if not file.num_row_groups:
        return []
    group = file.metadata.row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    once = [one.path_in_schema for one in columns if any("DICTIONARY" in word for word in one.encodings)]
    texts = {field.name for field in file.schema_arrow if pa.types.is_string(field.type)}
    return [name for name in once if name in texts]


def without(data: bytes, subject: Subject) -> tuple[bytes | None, int]:
    """The file without the subject's rows (None: nothing is left) and how many these were. In others' rows a text that
    stands there becomes a mark."""
    file = pq.ParquetFile(pa.BufferReader(data))
    table = file.read()
    kept, removed = rows_without(table, subject)
    if not kept.num_rows:
        return None, removed
    sink = BytesIO()
    codec = file.metadata.row_group(0).column(0).compression
    pq.write_table(kept, sink, compression="none" if codec == "UNCOMPRESSED" else codec.lower())
    return sink.getvalue(), removed


def rows_without(table: pa.Table, subject: Subject) -> tuple[pa.Table, int]:
    """As `without`, for a table in memory."""
    gone = is_subjects(table, subject)
    kept = table.filter(pc.invert(gone))
    return _redacted(kept, subject), table.num_rows - kept.num_rows


def is_subjects(table: pa.Table, subject: Subject) -> Any:
    """A mask of the rows that are the subject's."""
    gone = pa.chunked_array([pa.array([False] * table.num_rows, pa.bool_())])
    if "visitor_id" in table.column_names:
        visitors = pa.array(sorted(subject.visitors), pa.string())
        gone = pc.fill_null(pc.is_in(table["visitor_id"].cast(pa.string()), visitors), False)
    if subject.accounts and "user_id" in table.column_names:
        gone = pc.or_(gone, _of_accounts(table, subject))
    if "payload" in table.column_names:  # a rejected event: whoever it is about, it is not in any figure
        gone = pc.or_(gone, pa.array([_payload_hits(row, subject) for row in _payloads(table)], pa.bool_()))
    return gone


def _of_accounts(table: pa.Table, subject: Subject) -> Any:
    users = table["user_id"].cast(pa.string())
    found = pc.fill_null(pc.is_in(users, pa.array(sorted(subject.accounts), pa.string())), False)
    if subject.site is not None and "site" in table.column_names:
        found = pc.and_(found, pc.fill_null(pc.equal(table["site"].cast(pa.string()), subject.site), False))
    return found


def _payloads(table: pa.Table) -> Iterator[tuple[str | None, str | None, str | None]]:
    columns = [
        table[name].to_pylist() if name in table.column_names else [None] * table.num_rows
        for name in ("site", "payload", "payload_encoding")
    ]
    return zip(*columns, strict=True)


def _payload_hits(row: tuple[str | None, str | None, str | None], subject: Subject) -> bool:
    from rastro.erasure.lines import opened  # noqa: PLC0415 - the two know each other

    site, payload, encoding = row
    if payload is None or subject.site not in (None, site):
        return False
    return bool(subject.hints.search(opened(payload, encoding)))


def _text_columns(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if _has_text(field.type)]


def _has_text(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _has_text(kind.value_type)
    if pa.types.is_struct(kind):
        return any(_has_text(field.type) for field in kind)
    if pa.types.is_map(kind):
        return _has_text(kind.key_type) or _has_text(kind.item_type)
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_dictionary(kind)
    )


def _in_array(array: pa.Array, subject: Subject) -> int:
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _in_array(array.dictionary, subject)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _in_array(array.flatten(), subject)
    if pa.types.is_struct(kind):
        return sum(
            _in_array(array.field(n), subject)
            for n in range(kind.num_fields)
            if _has_text(kind.field(n).type)
        )
    if not _has_text(kind):
        return 0
    values = array.buffers()[-1]
    if values is None or not subject.stands_in(values):
        return 0
    # the buffer holds values behind each other: a match over the end of one is none
    return sum(
        len(subject.pattern.findall(one.encode() if isinstance(one, str) else one))
        for one in array.to_pylist()
        if one
    )


def _redacted(table: pa.Table, subject: Subject) -> pa.Table:
    if not subject.texts:
        return table
    for index, name in enumerate(table.column_names):
        column = table[name]
        if any(_in_array(chunk, subject) for chunk in column.chunks if _has_text(chunk.type)):
            marked = pa.array([_marked(value, subject) for value in column.to_pylist()], column.type)
            table = table.set_column(index, table.schema.field(index), marked)
    return table


def _marked(value: Any, subject: Subject) -> Any:
    if isinstance(value, str):
        return subject.redacted(value.encode()).decode()
    if isinstance(value, bytes):
        return subject.redacted(value)
    if isinstance(value, list):
        return [_marked(one, subject) for one in value]
    if isinstance(value, dict):
        return {name: _marked(one, subject) for name, one in value.items()}
    return value
