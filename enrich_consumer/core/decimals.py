"""Decimal columns as JSON text instead of JSON numbers, for the reader that Firehose converts rows with.

That reader is the OpenX JSON SerDe. Its published source (rcongiu/Hive-JSON-Serde, JsonObjectInspectorFactory) has no
inspector of its own for decimals: it uses Hive's JavaHiveDecimalObjectInspector, which takes a text or a HiveDecimal
and fails on the Double that a JSON number becomes. Text is right by that source; numbers may be right in AWS's own one.
"""

import re
from collections.abc import Callable, Iterable

import orjson

from enrich_consumer.core.record import Row
from schemas import Column

Write = Callable[[Row], None]
"""Turns the decimals of one row into texts, in place."""

_FIELD = re.compile(r"(\w+):decimal\(")


def as_text(columns: Iterable[Column]) -> Write:
    """The writer for rows with these columns. A float of at most 15 significant digits has its exact decimal as
    its shortest text; exponents do not occur below 10^16 and from 0.0001 on."""
    plain = tuple(column.name for column in columns if column.type.startswith("decimal("))
    nested = {
        column.name: tuple(_FIELD.findall(column.type))
        for column in columns
        if column.type.startswith("array<struct<") and ":decimal(" in column.type
    }

    def write(row: Row) -> None:
        for name in plain:
            if row.get(name) is not None:
                row[name] = str(row[name])
        for name, fields in nested.items():
            for item in row.get(name) or ():
                for field in fields:
                    if item.get(field) is not None:
                        item[field] = str(item[field])

    return write


def rewritten(line: bytes, write: Write) -> bytes:
    """One line of newline-delimited JSON with its decimals as texts."""
    row = orjson.loads(line)
    write(row)
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
