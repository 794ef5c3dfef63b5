"""A rejected row holds the whole original, in the first encoding that fits, or tells where it is."""

import gzip
import json
import random
from base64 import b64decode

import pytest

from schemas import Reason, Rejected, Stage, rejected
from schemas.rejected import COLUMNS, MAX_DETAIL, MAX_LINE, MAX_PLAIN

AT = 1_795_296_000_123
NOISE = random.Random(1).randbytes(1_000_000)


def row_of(original: bytes, **fields: object) -> Rejected:
    given = {"at": AT, "stage": Stage.ENRICH, "reason": Reason.INVALID_RECORD, "detail": "why", **fields}
    row = rejected(original, **given)
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("original", "encoding"),
    [(b'{"a": "\xc3\xa9"}', "json"), (b"{half", "text"), (b"caf\xe9", "base64"), (b"", "text")],
)
def test_a_short_original_is_in_the_row_as_it_is(original: bytes, encoding: str) -> None:
    row = row_of(original)
    assert row.payload_encoding == encoding
    assert (b64decode(row.payload) if encoding == "base64" else row.payload.encode()) == original


@pytest.mark.parametrize("original", [b'"' + b"x" * MAX_PLAIN + b'"', b"\0" * 190_000, NOISE[:400_000]])
def test_a_longer_one_is_compressed(original: bytes) -> None:
    row = row_of(original)  # control characters are six times as long in JSON
    assert row.payload_encoding == "gzip+base64"
    assert gzip.decompress(b64decode(row.payload)) == original
    assert b64decode(row.payload)[4:8] == b"\0" * 4  # no clock in the compressed bytes
    assert len(row.to_line()) <= MAX_LINE


def test_what_fits_in_no_row_is_named_by_its_reference() -> None:
    assert row_of(NOISE, reference=("s3://lake/x.json", "s3"))[-2:] == ("s3://lake/x.json", "s3")
    assert rejected(NOISE, at=AT, stage=Stage.INGEST, reason=Reason.TOO_LARGE, detail="") is None


def test_a_line_has_the_columns_of_the_table_in_their_order() -> None:
    line = row_of(b"{}", site="loja", event_id="e-1", detail="\ud800" + "x" * 600).to_line()
    row = json.loads(line)
    assert list(row) == [column.name for column in COLUMNS]
    assert row["rejected_at"] == "2026-11-21T21:20:00.123Z"
    assert row["detail"] == "?" + "x" * (MAX_DETAIL - 1)
    assert line.endswith(b"}\n")
