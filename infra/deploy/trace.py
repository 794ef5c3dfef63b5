"""Follow one event through a deployed environment: accepted, raw stream, enriched stream, lake, Athena."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from infra.deploy.target import Target
from infra.environments.settings import Environment
from lake import layout
from schemas import parse_sites

_POLL_SECONDS = 0.5


class Step(NamedTuple):
    """One stage: `seconds` since the event was posted, None where it did not come within the time."""

    stage: str
    seconds: float | None
    detail: str


class Patience(NamedTuple):
    """Seconds that each stage gets after the one before."""

    raw: float = 20.0
    enriched: float = 60.0
    lake: float = 120.0


def api_url(environment: Environment, target: Target, outputs: dict[str, str]) -> str:
    """Where storefronts post. An emulator serves the API below its own address."""
    endpoint = target.client("kinesis").meta.endpoint_url
    if not (urlsplit(endpoint).hostname or "").endswith(("amazonaws.com", "amazonaws.com.cn")):
        return f"{endpoint}/_aws/execute-api/{outputs['ApiId']}"
    return f"https://{environment.edge.domain}" if environment.locked else outputs["ApiUrl"]


def follow(
    environment: Environment, target: Target, outputs: dict[str, str], patience: Patience
) -> Iterator[Step]:
    """Post an event and look for it at each stage; ends at the first that it does not reach in time."""
    event_id = str(uuid.uuid4())
    kinesis, s3 = target.client("kinesis"), target.client("s3")
    raw = _Reader(kinesis, outputs["RawStream"])
    enriched = _Reader(kinesis, outputs["EnrichedStream"])
    posted_at = datetime.now(UTC)
    started = time.monotonic()
    taken, detail = _post(api_url(environment, target, outputs), environment, event_id)
    if not taken:
        yield Step("accepted", None, detail)
        return
    yield Step("accepted", time.monotonic() - started, detail)
    lake_seconds = patience.lake + environment.delivery.buffer_seconds
    stages: list[tuple[str, float, Callable[[], str | None]]] = [
        ("raw stream", patience.raw, lambda: raw.find(event_id)),
        ("enriched stream", patience.enriched, lambda: enriched.find(event_id)),
        ("lake", lake_seconds, lambda: _file_since(s3, outputs["Bucket"], posted_at)),
    ]
    for stage, seconds, look in stages:
        found = _wait(look, seconds)
        if found is None:
            yield Step(stage, None, f"not there after {seconds:.0f} s")
            return
        yield Step(stage, time.monotonic() - started, found)


def _wait(look: Callable[[], str | None], seconds: float) -> str | None:
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found is not None or time.monotonic() > deadline:
            return found
        time.sleep(_POLL_SECONDS)


def _post(url: str, environment: Environment, event_id: str) -> tuple[bool, str]:
    sites = parse_sites(environment.sites_text).by_name
    site = sites.get(environment.monitoring.canary_site) or next(iter(sites.values()))
    body = json.dumps({"event": "canary", "event_id": event_id, "visitor_id": "doctor"}).encode()
    headers = {"Content-Type": "application/json", "X-Rastro-Key": site.keys[0]}
    try:
        request = Request(f"{url}/v1/events", body, headers)  # noqa: S310 - from our own stack
        with urlopen(request, timeout=20) as answer:  # noqa: S310 - the same
            return answer.status == 202, f"{answer.status} {answer.read(200).decode(errors='replace')}"
    except HTTPError as error:
        with error:
            return False, f"{error.code} {error.read(200).decode(errors='replace')}"
    except (URLError, TimeoutError) as error:
        return False, f"{url}: {error}"


class _Reader:
    """New records of a stream, from its making on."""

    def __init__(self, kinesis: Any, stream: str) -> None:
        self._kinesis = kinesis
        shards = kinesis.list_shards(StreamName=stream)["Shards"]
        self._iterators = {
            shard["ShardId"]: kinesis.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="LATEST"
            )["ShardIterator"]
            for shard in shards
        }

    def find(self, text: str) -> str | None:
        """The shard whose next records hold `text`."""
        for shard, iterator in list(self._iterators.items()):
            answer = self._kinesis.get_records(ShardIterator=iterator)
            following = answer.get("NextShardIterator")
            if following:
                self._iterators[shard] = following
            else:
                del self._iterators[shard]
            if any(text.encode() in record["Data"] for record in answer["Records"]):
                return str(shard)
        return None


def _file_since(s3: Any, bucket: str, since: datetime) -> str | None:
    """A file of enriched rows, or of rows that could not be converted, written after `since`."""
    for prefix in (f"{layout.ERRORS}enriched/", f"{layout.ENRICHED}{layout.DAY}={since:%Y-%m-%d}/"):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                if entry["LastModified"] >= since.replace(microsecond=0):
                    return str(entry["Key"])
    return None
