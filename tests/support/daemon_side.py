"""The daemon's half of the MultiLang protocol: lines in, lines out."""

import io
import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from enrich_consumer.core.record import Incoming
from enrich_consumer.edges.kcl.protocol import Protocol

SHARD = "shardId-000000000000"
ARRIVED = 1_795_296_000_456


def initialize(checkpoint: str = "TRIM_HORIZON", shard: str = SHARD) -> dict[str, Any]:
    return {
        "action": "initialize",
        "shardId": shard,
        "sequenceNumber": checkpoint,
        "subSequenceNumber": 0,
    }


def process_records(*records: Incoming, behind: int = 0) -> dict[str, Any]:
    return {
        "action": "processRecords",
        "records": [
            {
                "action": "record",
                "data": b64encode(record.data).decode(),
                "partitionKey": "loja/v-1",
                "approximateArrivalTimestamp": record.arrived_at or ARRIVED,
                "sequenceNumber": str(record.sequence),
                "subSequenceNumber": 0,
            }
            for record in records
        ],
        "millisBehindLatest": behind,
    }


def checkpointed(sequence: int | None, error: str | None = None) -> dict[str, Any]:
    """The daemon's answer to a checkpoint."""
    answer: dict[str, Any] = {
        "action": "checkpoint",
        "sequenceNumber": None if sequence is None else str(sequence),
        "subSequenceNumber": None,
    }
    return answer | ({"error": error} if error else {})


LEASE_LOST = {"action": "leaseLost"}
SHARD_ENDED = {"action": "shardEnded"}
SHUTDOWN_REQUESTED = {"action": "shutdownRequested"}


def done(action: str) -> dict[str, str]:
    """What the child says when an action is done."""
    return {"action": "status", "responseFor": action}


def asked(sequence: int | None) -> dict[str, Any]:
    """What the child says when it wants a checkpoint."""
    text = None if sequence is None else str(sequence)
    return {"action": "checkpoint", "sequenceNumber": text, "subSequenceNumber": None}


def line(message: dict[str, Any]) -> str:
    return json.dumps(message) + "\n"


def messages(text: str) -> list[dict[str, Any]]:
    return [json.loads(one) for one in text.splitlines() if one.strip()]


class Dialogue:
    """KCL's process, ours by a parser only, over files in memory: say everything at once, then look at what was
    answered. `protocol` is Protocol or the package's own KCLProcess."""

    def __init__(self, processor: Any, protocol: Any = Protocol) -> None:
        self._processor = processor
        self._protocol = protocol
        self._output = io.StringIO()
        self.errors = io.StringIO()
        self.exit: int | str | None = None

    def say(self, *said: dict[str, Any]) -> list[dict[str, Any]]:
        """The child's messages in answer to these, in order; `exit` is its status if it ended."""
        return self.say_lines(line(message) for message in said)

    def say_lines(self, lines: Iterable[str]) -> list[dict[str, Any]]:
        start = len(self._output.getvalue())
        given = io.BytesIO("".join(lines).encode())
        process = self._protocol(self._processor, given, self._output, self.errors)
        try:
            process.run()
        except SystemExit as end:
            self.exit = end.code
        return messages(self._output.getvalue()[start:])
