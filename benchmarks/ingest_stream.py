"""A stream of this process that answers PutRecords over HTTP and refuses the share of entries that it is given."""

import json
import threading
from base64 import b64decode
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any


class Stream(ThreadingHTTPServer):
    """Answers PutRecords; each entry fails with the given probability. `stored` counts event ids."""

    daemon_threads = True

    def __init__(self, share: float, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), Answerer)
        self.share, self.random, self.lock = share, Random(seed), threading.Lock()
        self.stored: Counter[str] = Counter()
        self.refused = 0

    def put(self, records: list[dict[str, str]]) -> list[dict[str, str]]:
        with self.lock:
            return [self._one(record) for record in records]

    def _one(self, record: dict[str, str]) -> dict[str, str]:
        if self.random.random() < self.share:
            self.refused += 1
            return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}
        self.stored.update(each["event_id"] for each in json.loads(b64decode(record["Data"]))["events"])
        return {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}


class Answerer(BaseHTTPRequestHandler):
    """One PutRecords call."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        assert isinstance(self.server, Stream)
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        results = self.server.put(request["Records"])
        body = json.dumps({"Records": results}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""
