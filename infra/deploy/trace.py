"""Follow one event through a deployed environment: accepted, raw stream, enriched stream, lake, Athena."""

import base64
import gzip
import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from infra.deploy import athena
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
    athena: float = 60.0


def api_url(environment: Environment, target: Target, outputs: dict[str, str]) -> str:
    """Where storefronts post. An emulator serves the API below its own URL."""
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
    files = _Files(s3, outputs["Bucket"], posted_at)
    stages: list[tuple[str, float, Callable[[], str | None]]] = [
        ("raw stream", patience.raw, lambda: raw.find(event_id)),
        ("enriched stream", patience.enriched, lambda: enriched.find(event_id)),
        ("lake", lake_seconds, lambda: files.find(event_id)),
    ]
    if environment.stacks.analytics:
        stages.append(
            ("Athena", patience.athena, lambda: _read(target, environment, event_id, posted_at)),
        )
    for stage, seconds, look in stages:
        found = _wait(look, seconds)
        if found is None:
            yield Step(stage, None, f"not there after {seconds:.0f} s")
            return
        yield Step(stage, time.monotonic() - started, found)
        if found.startswith(layout.ERRORS):
            return


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


class _Files:
    """Files of enriched rows, and of rows that could not be converted, written since `since`; each is read once."""

    def __init__(self, s3: Any, bucket: str, since: datetime) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._since = since.replace(microsecond=0)
        self._read: set[str] = set()

    def find(self, event_id: str) -> str | None:
        """The key of the file that holds the event."""
        days = {f"{layout.ENRICHED}{layout.DAY}={day:%Y-%m-%d}/" for day in (self._since, datetime.now(UTC))}
        for prefix in (f"{layout.ERRORS}enriched/", *sorted(days)):
            for page in self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            ):
                for entry in page.get("Contents", ()):
                    key = str(entry["Key"])
                    if entry["LastModified"] < self._since or key in self._read:
                        continue
                    self._read.add(key)
                    body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
                    if _holds(key, body, event_id):
                        return key
        return None


def _holds(key: str, body: bytes, event_id: str) -> bool:
    """Whether the file has the event: a row of a Parquet file, or a line that Firehose gives back in base64."""
    if not key.startswith(layout.ERRORS):
        import pyarrow.parquet  # noqa: PLC0415 - large, and only this step needs it

        return event_id in pyarrow.parquet.read_table(io.BytesIO(body), columns=["event_id"])[0].to_pylist()
    for line in (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).splitlines():
        with suppress(ValueError, KeyError, TypeError):
            if event_id.encode() in base64.b64decode(json.loads(line)["rawData"]):
                return True
    return False


def _read(target: Target, environment: Environment, event_id: str, posted_at: datetime) -> str | None:
    """What Athena reads of the event's day of arrival in the landing table."""
    days = " OR ".join(
        f"{layout.DAY} = '{day:%Y-%m-%d}'" for day in sorted({posted_at.date(), datetime.now(UTC).date()})
    )
    found = athena.rows(
        target.client("athena"),
        environment,
        "the event",
        f"SELECT \"$path\" FROM enriched WHERE ({days}) AND event_id = '{event_id}'",  # noqa: S608 - an id of our own
    )
    return f"a row of {found[0][0]}" if found else None
