"""`python -m benchmarks.sink`: takes PutRecords and PutRecordBatch on a loopback port and accepts everything.

Prints its port, then answers as fast as it can: what is measured is the consumer, not a service. It counts
entries and events (lines) and tells the sums as JSON on stdin's end.
"""

import base64
import json
import re
import socket
import sys
import threading
from typing import Any

import cbor2

SHARD = "shardId-000000000000"
LAST_KEY = str(2**128 - 1)


class Sums:
    """What came in; all threads add to it."""

    def __init__(self) -> None:
        self.calls = 0
        self.entries = 0
        self.bytes = 0
        self.first: bytes | None = None


def answer(target: str, body: bytes, sums: Sums) -> bytes:
    """The answer's body to one call of the service."""
    if target.endswith("PutRecords"):
        count = body.count(b"PartitionKey")  # no event has a column of this name
        sums.calls += 1
        sums.entries += count
        sums.bytes += len(body)
        if sums.first is None:
            sums.first = body
        one = {"SequenceNumber": "49590338271490256608559692538361571095921575989136588898", "ShardId": SHARD}
        taken = {"FailedRecordCount": 0, "Records": [one] * count}
        return cbor2.dumps(taken) if _is_cbor(body) else json.dumps(taken).encode()
    if target.endswith("PutRecordBatch"):
        count = body.count(b'"Data"')
        return json.dumps({"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}] * count}).encode()
    keys = {"StartingHashKey": "0", "EndingHashKey": LAST_KEY}
    shard = {"ShardId": SHARD, "HashKeyRange": keys, "SequenceNumberRange": {"StartingSequenceNumber": "0"}}
    return json.dumps({"Shards": [shard]}).encode()


def _is_cbor(body: bytes) -> bool:
    return not body.startswith(b"{")


def _serve(connection: socket.socket, sums: Sums) -> None:
    stream = connection.makefile("rb", buffering=1 << 20)
    while head := stream.readline():
        headers: dict[bytes, bytes] = {}
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        assert head.startswith(b"POST"), head
        if headers.get(b"expect"):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = stream.read(int(headers.get(b"content-length", b"0")))
        out = answer(headers.get(b"x-amz-target", b"").decode(), body, sums)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
            % (headers[b"content-type"], len(out))
            + out
        )


def _accept(listener: socket.socket, sums: Sums) -> None:
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_serve, args=(connection, sums), daemon=True).start()


def events_of(body: bytes) -> list[Any]:
    """The events in one PutRecords body."""
    if _is_cbor(body):
        lines = [entry["Data"] for entry in cbor2.loads(body)["Records"]] if body else []
    else:
        lines = [base64.b64decode(found) for found in re.findall(rb'"Data":\s*"([^"]*)"', body)]
    return [json.loads(line) for data in lines for line in data.splitlines()]


def main() -> None:
    """Serve until stdin ends."""
    sums = Sums()
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=_accept, args=(listener, sums), daemon=True).start()
    sys.stdin.read()
    first = events_of(sums.first or b"")
    print(
        json.dumps(
            {
                "calls": sums.calls,
                "entries": sums.entries,
                "bytes": sums.bytes,
                "columns_of_one_event": len(first[0]) if first else 0,
                "failed_enrichments": sorted({name for event in first for name in event["enrich_errors"]}),
            }
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
