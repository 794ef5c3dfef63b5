"""The synthesized template, deployed on the emulator and used."""

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from rastro.local import info, stack
from rastro.local.stack import LocalStack
from rastro.terminal.errors import Problem

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with stack.start(tmp_path_factory.mktemp("home"), consumer=False, report=lambda line: None) as running:
        yield running


def _post(local: LocalStack, body: object) -> tuple[int, dict[str, object]]:
    request = Request(
        f"{local.facts.api_url}/v1/events",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-Rastro-Key": local.facts.site_key},
    )
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def _raw_records(local: LocalStack) -> list[dict[str, object]]:
    kinesis = local.client("kinesis")
    name = local.facts.raw_stream
    found = []
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += [json.loads(r["Data"]) for r in kinesis.get_records(ShardIterator=iterator)["Records"]]
    return found


def test_the_storefronts_scripts_come_from_the_api(local: LocalStack) -> None:
    """Out of the function's own package: the bytes of the SRI hash, to be kept for ever."""
    dist = stack.REPOSITORY / "storefront" / "dist"
    files = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))["files"]
    for name in files:
        asked = Request(f"{local.facts.api_url}/r/{name}", headers={"Accept-Encoding": "gzip"})
        with urlopen(asked, timeout=30) as answer:
            content = gzip.decompress(answer.read())
            headers = answer.headers
        assert content == (dist / name).read_bytes()
        assert headers["content-encoding"] == "gzip"
        assert headers["cache-control"].endswith("immutable") == (name != "rastro.mjs")
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{local.facts.api_url}/r/none.js", timeout=30)
    with refused.value:
        assert refused.value.code == 404


def test_an_event_posted_over_http_is_in_the_raw_stream(local: LocalStack) -> None:
    event_id = "0192f7a0-0000-7000-8000-000000000001"
    status, answer = _post(
        local, {"event": "page_view", "event_id": event_id, "visitor_id": "v1", "page": {"url": "https://a/"}}
    )
    assert (status, answer) == (202, {"accepted": 1, "rejected": []})
    records = [r for r in _raw_records(local) if r["visitor_id"] == "v1"]
    assert [[e["event_id"] for e in r["events"]] for r in records] == [[event_id]]


def test_local_json_tells_what_runs(local: LocalStack) -> None:
    found = info.read(Path(local.facts.home))
    assert found == local.facts
    local.client("firehose").describe_delivery_stream(DeliveryStreamName=found.rejected_delivery)
    local.client("s3").head_bucket(Bucket=found.bucket)
    assert local.client("ssm").get_parameter(Name=found.salt_parameter, WithDecryption=True)["Parameter"]


def test_an_enriched_record_becomes_parquet_in_its_partition(local: LocalStack) -> None:
    rows = [{"event_id": "e1", "event_at": "2026-11-21T10:00:00.123Z"}, {"event_id": "e2"}]
    local.client("kinesis").put_record(
        StreamName=local.facts.enriched_stream,
        PartitionKey="x",
        Data="\n".join(json.dumps(row) for row in rows).encode(),
    )
    day = time.strftime("dt=%Y-%m-%d/hour=%H/", time.gmtime())
    keys = [
        entry["Key"]
        for entry in local.client("s3")
        .list_objects_v2(Bucket=local.facts.bucket, Prefix=f"enriched/{day}")
        .get("Contents", [])
    ]
    assert len(keys) == 1


def test_a_second_stack_under_the_same_home_is_refused(local: LocalStack) -> None:
    with pytest.raises(Problem, match="already runs under"):
        stack.start(Path(local.facts.home), consumer=False, report=lambda line: None)
    local.check()  # and the first goes on


def test_a_taken_port_is_refused(local: LocalStack, tmp_path: Path) -> None:
    port = int(local.facts.aws_endpoint.rpartition(":")[2])
    with pytest.raises(Problem, match=f"port {port} cannot be used"):
        stack.start(tmp_path, consumer=False, port=port, report=lambda line: None)
