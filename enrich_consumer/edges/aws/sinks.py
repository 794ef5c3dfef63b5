"""Sinks: the enriched stream, the rejected delivery, and their doubles in memory."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from enrich_consumer.core.decimals import Write, rewritten
from enrich_consumer.core.emit import Packed
from enrich_consumer.edges.aws.cbor import CborPuts
from enrich_consumer.ports import Delivery, PutRefusedError

if TYPE_CHECKING:
    from mypy_boto3_firehose import FirehoseClient
    from mypy_boto3_kinesis import KinesisClient

RECORDS_A_CALL = 500
"""Limit of PutRecords and of PutRecordBatch."""
BYTES_A_CALL = {"kinesis": 4_500_000, "firehose": 3_900_000}
"""Below 5 MiB (PutRecords, with keys) and 4 MiB (PutRecordBatch)."""
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0

Entry = dict[str, Any]
Call = Callable[[list[Entry]], list[int]]
"""Puts the entries; gives the positions of those that were not taken."""


class Clock(NamedTuple):
    """`now`: seconds of a monotonic clock. `sleep`: wait for so many."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


SYSTEM = Clock()


class KinesisSink:
    """PutRecords until everything is in; `patience` seconds at most without any progress.

    Repeated calls are added to `counts["put_retries"]`. With `cbor` the client sends CBOR; where the service refuses
    that and takes the same entries in JSON, it is JSON for good, counted once in `counts["cbor_refused"]`.
    """

    def __init__(
        self,
        client: "KinesisClient",
        stream: str,
        patience: float = 60.0,
        clock: Clock = SYSTEM,
        cbor: CborPuts | None = None,
    ) -> None:
        self._client = client
        self._cbor = cbor
        self._stream = stream
        self._patience = patience
        self._clock = clock
        self.counts: Counter[str] = Counter()

    def put(self, waves: Sequence[Sequence[Packed]]) -> None:
        for wave in waves:
            entries = [
                {
                    "Data": packed.data,
                    "PartitionKey": packed.partition_key,
                    "ExplicitHashKey": packed.explicit_hash_key,
                }
                for packed in wave
            ]
            for part in _parts(entries, BYTES_A_CALL["kinesis"]):
                self.counts["put_retries"] += put_until_accepted(
                    self._call, part, self._stream, self._patience, self._clock
                )

    def _call(self, entries: list[Entry]) -> list[int]:
        try:
            return self._put_records(entries)
        except ClientError as error:
            if self._cbor is None or not self._cbor.may_be_refused(error):
                raise
        self._cbor.stop()
        try:
            refused = self._put_records(entries)
        except (ClientError, BotoCoreError):
            self._cbor.active = True  # it was not for the format
            raise
        self.counts["cbor_refused"] += 1
        return refused

    def _put_records(self, entries: list[Entry]) -> list[int]:
        answer = self._client.put_records(StreamName=self._stream, Records=entries)  # type: ignore[arg-type] # plain dicts
        return [i for i, entry in enumerate(answer["Records"]) if entry.get("ErrorCode")]


class FirehoseDelivery:
    """PutRecordBatch until everything is in. `rows_a_record`: how many JSON lines share a record, because each
    record is billed as a multiple of 5 kB."""

    def __init__(
        self,
        client: "FirehoseClient",
        delivery: str,
        patience: float = 60.0,
        clock: Clock = SYSTEM,
        rows_a_record: int = 1,
    ) -> None:
        self._rows = rows_a_record
        self._client = client
        self._delivery = delivery
        self._patience = patience
        self._clock = clock

    def put(self, rows: Sequence[bytes]) -> None:
        size = self._rows
        entries = [{"Data": b"".join(rows[i : i + size])} for i in range(0, len(rows), size)]
        for part in _parts(entries, BYTES_A_CALL["firehose"]):
            put_until_accepted(self._call, part, self._delivery, self._patience, self._clock)

    def _call(self, entries: list[Entry]) -> list[int]:
        answer = self._client.put_record_batch(DeliveryStreamName=self._delivery, Records=entries)  # type: ignore[arg-type] # plain dicts
        return [i for i, entry in enumerate(answer["RequestResponses"]) if entry.get("ErrorCode")]


class Rewritten:
    """A delivery whose rows have their decimals as texts (core/decimals.py)."""

    def __init__(self, delivery: Delivery, write: Write) -> None:
        self._delivery = delivery
        self._write = write

    def put(self, rows: Sequence[bytes]) -> None:
        self._delivery.put([rewritten(row, self._write) for row in rows])


class NoDelivery:
    """Drops the rows of a table that a deployment does not have."""

    def put(self, rows: Sequence[bytes]) -> None:
        pass


class MemorySink:
    """Keeps what it gets: `records` in the order they were accepted."""

    def __init__(self) -> None:
        self.records: list[Packed] = []

    def put(self, waves: Sequence[Sequence[Packed]]) -> None:
        for wave in waves:
            self.records += wave


class MemoryDelivery:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.rows: list[bytes] = []

    def put(self, rows: Sequence[bytes]) -> None:
        self.rows += rows


def _parts(entries: list[Entry], max_bytes: int) -> list[list[Entry]]:
    parts: list[list[Entry]] = []
    size = 0
    for entry in entries:
        length = len(entry["Data"])
        if not parts or len(parts[-1]) == RECORDS_A_CALL or size + length > max_bytes:
            parts.append([])
            size = 0
        parts[-1].append(entry)
        size += length
    return parts


def put_until_accepted(call: Call, entries: list[Entry], target: str, patience: float, clock: Clock) -> int:
    """Put until all are taken; gives the number of repeated calls. Entries taken once are never put again."""
    pause = FIRST_PAUSE
    deadline = clock.now() + patience
    repeats = 0
    why = "throttled or failed inside the service"
    while entries:
        left = entries
        try:
            refused = call(entries)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in _HOPELESS:
                raise PutRefusedError(f"{target} refuses: {error}") from error
            why = str(error)
        else:
            left = [entries[i] for i in refused]
            if len(left) < len(entries):  # progress
                deadline = clock.now() + patience
                pause = FIRST_PAUSE
        if not left:
            return repeats
        entries = left
        if clock.now() + pause > deadline:
            raise PutRefusedError(f"{target} did not take {len(entries)} records for {patience:.0f} s: {why}")
        clock.sleep(pause * random.uniform(0.5, 1.0))
        pause = min(2 * pause, LONGEST_PAUSE)
        repeats += 1
    return repeats


_HOPELESS = frozenset(
    {"AccessDeniedException", "ResourceNotFoundException", "ValidationException", "InvalidArgumentException"}
)
"""Answers that no repetition changes."""
