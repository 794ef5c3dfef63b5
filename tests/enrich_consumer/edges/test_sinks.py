"""The ways out: one suite over the emulator and memory, and the retries over clients that refuse."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from enrich_consumer.core.emit import Packed, pack
from enrich_consumer.edges.aws.cbor import CborPuts
from enrich_consumer.edges.aws.sinks import Clock, FirehoseDelivery, KinesisSink, MemoryDelivery, MemorySink
from enrich_consumer.ports import Delivery, PutRefusedError, Sink
from rastro.local import emulator as local_emulator

_numbers = itertools.count()


def _lines(bucket: int, count: int, size: int = 1) -> list[bytes]:
    return [b"%d-%d" % (bucket, number) + b"." * size + b"\n" for number in range(count)]


# one suite for the memory's twin and the real one


@dataclass
class Target:
    """A sink and what came out of it: records in the order they can be read, a shard at a time."""

    sink: Sink
    read: Callable[[], list[bytes]]


def _kinesis(url: str, *, cbor: bool) -> Target:
    client = local_emulator.client(url, "kinesis")
    if cbor:
        CborPuts(client)
    stream = f"sink-{next(_numbers)}"
    client.create_stream(StreamName=stream, ShardCount=2)
    client.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})

    def read() -> list[bytes]:
        found = []
        for shard in client.list_shards(StreamName=stream)["Shards"]:
            iterator = client.get_shard_iterator(
                StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            for record in client.get_records(ShardIterator=iterator)["Records"]:
                hash_key = int(record["PartitionKey"], 16) << 120
                keys = shard["HashKeyRange"]
                assert int(keys["StartingHashKey"]) <= hash_key <= int(keys["EndingHashKey"])
                found.append(record["Data"])
        return found

    return Target(KinesisSink(client, stream), read)


@pytest.fixture(
    params=["memory", *(pytest.param(name, marks=pytest.mark.emulator) for name in ("CBOR", "JSON"))]
)
def target(request: pytest.FixtureRequest) -> Target:
    if request.param == "memory":
        sink = MemorySink()
        return Target(sink, lambda: [packed.data for packed in sink.records])
    return _kinesis(request.getfixturevalue("emulator"), cbor=request.param == "CBOR")


def test_everything_put_can_be_read_in_order_within_a_bucket(target: Target):
    lines = {bucket: _lines(bucket, 3) for bucket in (0, 1, 127, 128, 200, 255)}
    lines[200] = _lines(200, 1_200)
    target.sink.put(pack(lines))
    target.sink.put(pack({7: [b"a second call\n"]}))
    found = target.read()
    for bucket, expected in lines.items():
        mine = [data for data in found if data.startswith(b"%d-" % bucket)]
        assert b"".join(mine).splitlines(keepends=True) == expected
    assert found.count(b"a second call\n") == 1
    assert len(found) == 6 + 2 + 1  # 1,200 events of one bucket are three records


def test_nothing_to_put(target: Target):
    target.sink.put([])
    assert target.read() == []


def test_large_waves(target: Target):
    target.sink.put(pack({bucket: _lines(bucket, 2, 400_000) for bucket in range(14)}))  # 11 MB: three calls
    assert len(target.read()) == 14


@dataclass
class Rejects:
    delivery: Delivery
    read: Callable[[], list[bytes]]


def _firehose(url: str) -> Rejects:
    name = f"rejected-{next(_numbers)}"
    s3 = local_emulator.client(url, "s3")
    s3.create_bucket(Bucket=name)
    client = local_emulator.client(url, "firehose")
    client.create_delivery_stream(
        DeliveryStreamName=name,
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/firehose",
            "BucketARN": f"arn:aws:s3:::{name}",
            "Prefix": "rejected/",
            "BufferingHints": {"IntervalInSeconds": 0, "SizeInMBs": 1},
        },
    )

    def read() -> list[bytes]:
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket=name).get("Contents", [])]
        data = b"".join(s3.get_object(Bucket=name, Key=key)["Body"].read() for key in keys)
        return data.splitlines(keepends=True)

    return Rejects(FirehoseDelivery(client, name), read)


@pytest.fixture(params=["memory", pytest.param("firehose", marks=pytest.mark.emulator)])
def rejects(request: pytest.FixtureRequest) -> Rejects:
    if request.param == "memory":
        delivery = MemoryDelivery()
        return Rejects(delivery, lambda: delivery.rows)
    return _firehose(request.getfixturevalue("emulator"))


def test_every_rejected_row_is_delivered(rejects: Rejects):
    expected = [b'{"row": %d}\n' % number for number in range(510)]  # over the 500 of one call
    rejects.delivery.put(expected)
    rejects.delivery.put([])
    rejects.delivery.put([b'{"row": "last"}\n'])
    assert sorted(rejects.read()) == sorted([*expected, b'{"row": "last"}\n'])


# the retries


@dataclass
class Time:
    """A clock that moves only when somebody sleeps."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)


Verdict = Callable[[int, list[str]], list[bool] | Exception]


@dataclass
class Stub:
    """Both clients: `verdict(number of the call, texts)` tells which entries are taken, or fails."""

    verdict: Verdict
    calls: list[list[str]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def put_records(self, StreamName: str, Records: Sequence[Any]) -> dict[str, Any]:  # noqa: N803 - AWS's names
        assert StreamName == "stream"
        return {"Records": self._answer(Records)}

    def put_record_batch(self, DeliveryStreamName: str, Records: Sequence[Any]) -> dict[str, Any]:  # noqa: N803 - the same
        assert DeliveryStreamName == "stream"
        return {"RequestResponses": self._answer(Records)}

    def _answer(self, records: Sequence[Any]) -> list[dict[str, str]]:
        texts = [record["Data"].decode() for record in records]
        self.calls.append(texts)
        verdict = self.verdict(len(self.calls), texts)
        if isinstance(verdict, Exception):
            raise verdict
        self.accepted += [text for text, taken in zip(texts, verdict, strict=True) if taken]
        return [
            {"SequenceNumber": "1"} if taken else {"ErrorCode": "ProvisionedThroughputExceededException"}
            for taken in verdict
        ]


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "PutRecords")


def _wave(*texts: str) -> list[Packed]:
    return [Packed(number, text.encode(), 1) for number, text in enumerate(texts)]


def _every_third(call: int, texts: list[str]) -> list[bool]:
    return [(call + position) % 3 == 0 for position in range(len(texts))]


def test_what_was_taken_is_never_put_again():
    stub, time = Stub(_every_third), Time()
    sink = KinesisSink(stub, "stream", clock=time.clock())
    texts = [f"r{number}" for number in range(100)]
    sink.put([_wave(*texts)])
    assert sorted(stub.accepted) == sorted(texts)
    assert len(stub.accepted) == len(set(stub.accepted))
    assert sink.counts == Counter(put_retries=len(stub.calls) - 1)
    assert len(time.slept) == len(stub.calls) - 1


def test_a_wave_waits_for_the_wave_before_it():
    stub, time = Stub(_every_third), Time()
    KinesisSink(stub, "stream", clock=time.clock()).put(
        [_wave("a0", "b0", "c0"), _wave("a1", "b1", "c1"), _wave("a2")]
    )
    assert [text[1] for text in stub.accepted] == ["0", "0", "0", "1", "1", "1", "2"]
    for bucket in "abc":
        mine = [text for text in stub.accepted if text[0] == bucket]
        assert mine == sorted(mine)


def test_a_call_that_failed_is_repeated_whole():
    failures = {1: _error("InternalFailure"), 2: EndpointConnectionError(endpoint_url="https://kinesis")}
    stub, time = Stub(lambda call, texts: failures.get(call, [True] * len(texts))), Time()
    KinesisSink(stub, "stream", clock=time.clock()).put([_wave("a", "b")])
    assert stub.calls == [["a", "b"]] * 3
    assert stub.accepted == ["a", "b"]


def test_pauses_grow_to_a_limit_and_start_small_after_progress():
    stub, time = (
        Stub(
            lambda call, texts: [
                (call == 20 and position == 0) or call > 25 for position in range(len(texts))
            ]
        ),
        Time(),
    )
    KinesisSink(stub, "stream", patience=1000, clock=time.clock()).put([_wave("a", "b")])
    assert 0.025 <= time.slept[0] <= 0.05
    assert all(2.5 <= pause <= 5.0 for pause in time.slept[8:19])
    assert time.slept[19] <= 0.05


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "ResourceNotFoundException", "ValidationException", "InvalidArgumentException"],
)
@pytest.mark.parametrize("edge", [KinesisSink, FirehoseDelivery])
def test_an_error_that_no_repetition_cures_is_raised_at_once(edge, code):
    stub, time = Stub(lambda call, texts: _error(code)), Time()
    put = edge(stub, "stream", clock=time.clock()).put
    with pytest.raises(PutRefusedError, match=f"stream refuses: .*{code}"):
        put([_wave("a")] if edge is KinesisSink else [b"a"])
    assert len(stub.calls) == 1
    assert time.slept == []


@pytest.mark.parametrize(
    "answer",
    [_error("ProvisionedThroughputExceededException"), [False], EndpointConnectionError(endpoint_url="u")],
)
@pytest.mark.parametrize("edge", [KinesisSink, FirehoseDelivery])
def test_patience_ends(edge, answer):
    stub, time = Stub(lambda call, texts: answer), Time()
    put = edge(stub, "stream", patience=30, clock=time.clock()).put
    with pytest.raises(PutRefusedError, match="stream did not take 1 records for 30 s: "):
        put([_wave("a")] if edge is KinesisSink else [b"a"])
    assert 20 < sum(time.slept) <= 30
    assert stub.accepted == []


def test_progress_renews_patience():
    stub, time = Stub(lambda call, texts: [call % 5 == 0, *[False] * (len(texts) - 1)]), Time()
    texts = [f"r{number}" for number in range(40)]
    KinesisSink(stub, "stream", patience=2, clock=time.clock()).put([_wave(*texts)])
    assert stub.accepted == texts
    assert sum(time.slept) > 10


def test_rejected_rows_that_were_taken_are_never_put_again():
    stub, time = Stub(_every_third), Time()
    rows = [b"row%d" % number for number in range(50)]
    FirehoseDelivery(stub, "stream", clock=time.clock()).put(rows)
    assert sorted(stub.accepted) == sorted(row.decode() for row in rows)


def test_calls_stay_below_the_limits_of_the_service():
    stub = Stub(lambda call, texts: [True] * len(texts))
    rows = [b"x" * 900_000] * 9 + [b"y"] * 1_100
    FirehoseDelivery(stub, "stream").put(rows)
    assert [row for call in stub.calls for row in call] == [row.decode() for row in rows]
    assert all(len(call) <= 500 and sum(map(len, call)) <= 4 * 2**20 for call in stub.calls)
    assert [len(call) for call in stub.calls] == [4, 4, 500, 500, 101]
