"""A rejected event is kept whole, however large; where that cannot be, nothing of its request is taken."""

import base64
import gzip
import hashlib
import json
import random
from typing import Any

import pytest

from ingest_lambda.aws.put_all import PutRefused
from tests.ingest_lambda.doubles import PAGE_VIEW, Bench, gateway

NOISE = random.Random(1)


def noise(size: int) -> str:
    """Text that hardly compresses."""
    return "".join(chr(NOISE.randrange(0x20, 0x7F)) for _ in range(size))


def restored(row: dict[str, Any]) -> Any:
    if row["payload_encoding"] == "json":
        return json.loads(row["payload"])
    return json.loads(gzip.decompress(base64.b64decode(row["payload"])))


@pytest.mark.parametrize(
    ("size", "encoding"),
    [(70_000, "json"), (190_000, "json"), (210_000, "gzip+base64"), (700_000, "gzip+base64")],
)
def test_the_original_comes_back_out_of_the_row(bench: Bench, size: int, encoding: str) -> None:
    event = {"event": "x", "text": noise(size)}

    assert bench.post(gateway(event))[1]["rejected"][0]["reason"] == "event_too_large"

    (row,) = bench.rows()
    assert row["payload_encoding"] == encoding
    assert restored(row) == event
    assert len(bench.delivery.stored[0]) < 1_024_000


def test_what_fits_no_row_is_kept_beside_it_under_the_name_of_its_content() -> None:
    bench = Bench(payloads_at="s3://lake/payloads")
    event = {"event": "x", "text": noise(950_000)}

    for _ in range(2):
        assert bench.post(gateway([PAGE_VIEW, event]))[1]["accepted"] == 1

    first, again = bench.payloads
    assert first == again
    assert json.loads(first.data) == event
    assert first.uri == f"s3://lake/payloads/loja/{hashlib.sha256(first.data).hexdigest()}.json"
    assert {(row["payload"], row["payload_encoding"]) for row in bench.rows()} == {(first.uri, "s3")}


def test_without_a_place_for_it_the_request_is_refused_whole(bench: Bench) -> None:
    status, body, _ = bench.post(gateway([PAGE_VIEW, {"event": "x", "text": noise(950_000)}]))

    assert (status, body["reason"]) == (413, "too_large")
    assert not bench.stream.calls
    assert not bench.rows()


def test_a_payload_that_cannot_be_stored_is_a_503() -> None:
    bench = Bench(payloads_at="s3://lake/payloads")

    def refuse(payload: object) -> None:
        raise PutRefused("PutObject: AccessDenied")

    bench.app.to_payloads = refuse

    assert bench.post(gateway({"event": "x", "text": noise(950_000)}))[0] == 503
    assert not bench.rows()
    assert json.loads(bench.log_lines[0])["cause"] == "PutObject: AccessDenied"


@pytest.mark.parametrize("given", [None, 5, ["x"], "x" * 65, {"a": 1}])
def test_an_unusable_event_id_is_null_in_row_and_answer(bench: Bench, given: Any) -> None:
    _, body, _ = bench.post(gateway({"event": "", "event_id": given}))

    assert body["rejected"][0]["event_id"] is None
    assert bench.rows()[0]["event_id"] is None
