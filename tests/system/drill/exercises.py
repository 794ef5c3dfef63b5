"""One part of the pipeline after the other is destroyed under load, and built again with the page's commands."""

import gzip
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from rastro.synthetic_shop import plan
from rastro.traffic.post import Target
from tests.system.drill import comparable_rows, page
from tests.system.drill.comparable_rows import Rows
from tests.system.faults.sender import Sender, fates
from tests.system.faults.stage import FUNCTION, Stage
from tests.system.kcl.daemons import wait_for

EVENTS = 150
RATE = 5.0
QUIET_SECONDS = 3.0
MOST_SHOWN = 20
STOP = "aws ecs update-service --cluster rastro-prod --service rastro-prod-consumer --desired-count 0"
START = "aws ecs update-service --cluster rastro-prod --service rastro-prod-consumer --desired-count 2"


class Outcome(NamedTuple):
    """`rto`: seconds from the loss to the last row being back. `rpo`: accepted events that are gone for good.
    `same`: the digest of the rows is the one before the loss (or, where rows went on coming, each of them is there
    unchanged)."""

    name: str
    events: int
    rto: float
    rpo: int
    same: bool
    before: str
    after: str
    said: list[str]


class Drill:
    """On one stage; keeps what was accepted so far."""

    def __init__(self, stage: Stage, report: Callable[[str], None] = print) -> None:
        self.stage = stage
        self._report = report
        self.accepted: dict[str, float] = {}
        self.began = datetime.now(UTC)
        self._seed = 4000

    def load(self, during: Callable[[], None] | None = None) -> None:
        """Post a shop's load and wait until all of it was answered; `during` is called in its middle."""
        self._seed += 1
        requests = plan(self._seed, EVENTS, int(time.time() * 1000)).requests
        facts = self.stage.facts
        sender = Sender(Target(facts.api_url, facts.site_key), requests, RATE)
        sender.start()
        if during:
            time.sleep(len(requests) / RATE / 2)
            during()
        attempts = sender.wait()
        self.accepted |= fates(requests, attempts).accepted

    def start(self) -> None:
        self.stage.service.scale(1)
        self.stage.has_all()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """All tasks, in order or not."""
        self.stage.service.desired = 0
        for task in self.stage.service.alive():
            task.send_group(number) if number is signal.SIGKILL else task.send(number)
            task.wait_end()

    def settled(self, wanted: set[str] | None = None) -> Rows:
        """Wait until every accepted event is in the lake and nothing new comes; the rows."""
        needed = self.accepted.keys() if wanted is None else wanted
        last = -1

        def there() -> Rows | None:
            nonlocal last
            found = self.rows()
            done = needed <= found.by_event.keys() and found.landed == last
            last = found.landed
            time.sleep(QUIET_SECONDS)
            return found if done else None

        found = wait_for(there, lambda: f"{len(needed)} events in the lake", seconds=240)
        assert found is not None
        return found

    def rows(self) -> Rows:
        with tempfile.TemporaryDirectory(dir=self.stage.home) as folder:
            return comparable_rows.read(self.stage.client("s3"), self.stage.facts, Path(folder))

    def delete(self, prefix: str) -> int:
        """Every object below it; how many."""
        s3, bucket = self.stage.client("s3"), self.stage.facts.bucket
        keys = [
            {"Key": entry["Key"]}
            for found in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for entry in found.get("Contents", ())
        ]
        for start in range(0, len(keys), 1000):
            s3.delete_objects(Bucket=bucket, Delete={"Objects": keys[start : start + 1000]})
        return len(keys)

    def recover(
        self, section: str, by_hand: Mapping[str, Callable[[list[str]], None]] | None = None
    ) -> list[str]:
        """Give the commands of a section of the page. `rastro` ones run; others are done `by_hand`, by the first two
        words of theirs that are a key, or left out because they are for AWS alone."""
        since = self.began - timedelta(minutes=1)
        until = datetime.now(UTC) + timedelta(minutes=1)
        values = {
            "2026-11-21T10:00": since.strftime("%Y-%m-%dT%H:%M:%S"),
            "2026-11-21T11:00": until.strftime("%Y-%m-%dT%H:%M:%S"),
            "2026-11-21": f"{until:%Y-%m-%d}",
        }
        said = []
        for words in page.steps(section):
            given = page.local(page.filled(words, values), self.stage.home)
            shown = " ".join(page.filled(words, values))
            if given[0] == "rastro":
                answer = page.rastro(given).splitlines()
                said.append(f"{shown}: {answer[-1] if answer else ''}")
            else:
                name = next((key for key in by_hand or {} if " ".join(words).startswith(key)), None)
                if by_hand and name is not None:
                    by_hand[name](given)
                said.append(shown if name else f"(AWS only) {shown}")
            self._report(f"  {said[-1]}")
        return said

    def outcome(self, name: str, before: Rows, lost_at: float, said: list[str], after: Rows) -> Outcome:
        gone = self.accepted.keys() - after.by_event.keys()
        for difference in comparable_rows.differences(before, after)[:MOST_SHOWN]:
            self._report(f"  differs: {difference}")
        return Outcome(
            name,
            len(self.accepted),
            round(time.time() - lost_at, 1),
            len(gone),
            all(after.by_event.get(event) == text for event, text in before.by_event.items()),
            before.digest,
            after.digest,
            said,
        )


def lake_lost(drill: Drill) -> Outcome:
    drill.load()
    before = drill.settled()
    lost_at = time.time()
    drill.delete("enriched/")
    said = drill.recover("The lake is lost")
    return drill.outcome("lake", before, lost_at, said, drill.settled())


def day_deleted(drill: Drill) -> Outcome:
    before = drill.settled()
    lost_at = time.time()
    drill.delete(f"enriched/dt={datetime.now(UTC):%Y-%m-%d}/")
    said = drill.recover("One day's partition is deleted")
    return drill.outcome("one day's partition", before, lost_at, said, drill.settled())


def state_lost(drill: Drill) -> Outcome:
    before = drill.settled()
    lost_at = 0.0

    def lose() -> None:
        nonlocal lost_at
        drill.stop(signal.SIGKILL)
        lost_at = time.time()
        drill.delete("state/")

    drill.load(lose)
    said = drill.recover(
        "The state is lost",
        {
            "aws ecs update-service --cluster rastro-prod --service rastro-prod-consumer --desired-count 0": lambda _: (
                None
            ),
            START: lambda _: drill.start(),
        },
    )
    return drill.outcome("session state", before, lost_at, said, drill.settled())


def streams_lost(drill: Drill) -> Outcome:
    before = drill.settled()
    lost_at = 0.0
    kinesis, facts = drill.stage.client("kinesis"), drill.stage.facts

    def lose() -> None:
        nonlocal lost_at
        lost_at = time.time()
        for stream in (facts.raw_stream, facts.enriched_stream):
            kinesis.delete_stream(StreamName=stream, EnforceConsumerDeletion=True)

    def make(words: list[str]) -> None:
        named = words[words.index("--stream-name") + 1]
        stream = facts.raw_stream if "raw" in named.lower() else facts.enriched_stream
        kinesis.create_stream(StreamName=stream, ShardCount=2)
        kinesis.get_waiter("stream_exists").wait(
            StreamName=stream, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )

    ingest = drill.stage.client("lambda")

    def hold(_: list[str]) -> None:
        ingest.put_function_concurrency(FunctionName=FUNCTION, ReservedConcurrentExecutions=0)

    said: list[str] = []

    def lose_and_recover() -> None:
        lose()
        time.sleep(4)
        drill.stop(signal.SIGKILL)
        said.extend(
            drill.recover(
                "The streams are lost",
                {
                    "aws lambda put-function-concurrency": hold,
                    "aws lambda delete-function-concurrency": lambda _: ingest.delete_function_concurrency(
                        FunctionName=FUNCTION
                    ),
                    "aws kinesis create-stream": make,
                    "aws dynamodb delete-table": lambda _: drill.stage.client("dynamodb").delete_table(
                        TableName="rastro-local"
                    ),
                    "aws s3 mv": lambda _: drill.delete("state/"),
                    START: lambda _: drill.start(),
                },
            )
        )

    drill.load(lose_and_recover)
    return drill.outcome("streams", before, lost_at, said, drill.settled())


def wrong_columns(drill: Drill) -> Outcome:
    """A deployment writes wrong channels for a while."""
    before = drill.settled()
    drill.stop()
    bad = drill.stage.service.start(RASTRO_TEST_SPOIL="channel")
    drill.stage.service.desired = 1
    drill.stage.has_all()
    drill.load()
    spoiled = drill.settled()
    assert "SPOILED" in set(spoiled.column("channel").values()), "the bad deployment did harm"
    lost_at = time.time()
    drill.stage.service.desired = 0
    bad.send(signal.SIGTERM)
    bad.wait_end()
    s3, bucket = drill.stage.client("s3"), drill.stage.facts.bucket

    def move(words: list[str]) -> None:
        hour = next(word for word in words if "enriched/" in word).partition("enriched/")[2]
        day = hour.partition("/")[0]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"enriched/{day}/")
        for key in [entry["Key"] for found in pages for entry in found.get("Contents", ())]:
            source = {"Bucket": bucket, "Key": key}
            s3.copy_object(Bucket=bucket, Key=f"quarantine/{key}", CopySource=source)
            s3.delete_object(Bucket=bucket, Key=key)

    drill.start()
    said = drill.recover("A bad deployment wrote wrong columns for an hour", {"aws s3 mv": move})
    after = drill.settled()
    assert "SPOILED" not in set(after.column("channel").values()), "no wrong row is left"
    others = drill.outcome(
        "wrong columns", spoiled.without("channel"), lost_at, said, after.without("channel")
    )
    whole = all(after.by_event.get(event) == text for event, text in before.by_event.items())
    return others._replace(same=others.same and whole, before=before.digest, after=after.digest)


def all_lost(drill: Drill, fresh: Callable[[], Stage]) -> Outcome:
    """Everything but the raw archive's copy is gone under load; a second, empty stack is built from it."""
    stage = drill.stage
    seen: dict[str, Any] = {}
    if not drill.accepted:
        drill.load()
    before = drill.settled()

    def destroy() -> None:
        drill.stop(signal.SIGKILL)
        kinesis, facts = stage.client("kinesis"), stage.facts
        for stream in (facts.raw_stream, facts.enriched_stream):
            kinesis.delete_stream(StreamName=stream, EnforceConsumerDeletion=True)
        stage.client("dynamodb").delete_table(TableName="rastro-local")
        for prefix in ("state/", "enriched/", "rejected/", "session_ends/", "cart_events/"):
            drill.delete(prefix)
        seen["at"] = time.time()

    requests = plan(4999, EVENTS, int(time.time() * 1000)).requests
    sender = Sender(Target(stage.facts.api_url, stage.facts.site_key), requests, RATE)
    sender.start()
    time.sleep(len(requests) / RATE / 2)
    destroy()
    sender.stop()
    drill.accepted |= fates(requests, sender.wait()).accepted
    copy = stage.home.parent / "copy"
    archive = rows_of_archive(stage, copy)
    stage.__exit__(None, None, None)
    with fresh() as second:
        drill.stage = second
        _upload(second, copy)
        second.service.scale(1)
        second.has_all()
        said = drill.recover("Everything is lost")
        after = drill.settled(drill.accepted.keys() & archive)
        return drill.outcome("everything", before, seen["at"], said, after)


def rows_of_archive(stage: Stage, copy: Path) -> set[str]:
    """Copy the raw archive to a folder, as replication to a second region does; the event ids in it."""
    s3, bucket = stage.client("s3"), stage.facts.bucket
    ids: set[str] = set()
    for found in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="raw/"):
        for entry in found.get("Contents", ()):
            body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            path = copy / entry["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            text = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            for line in text.splitlines():
                ids |= {event["event_id"] for event in orjson.loads(line).get("events", ())}
    return ids


def _upload(stage: Stage, copy: Path) -> None:
    s3 = stage.client("s3")
    for path in sorted(copy.rglob("*")):
        if path.is_file():
            s3.upload_file(str(path), stage.facts.bucket, path.relative_to(copy).as_posix())
