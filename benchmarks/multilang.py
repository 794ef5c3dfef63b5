"""Plays KCL's daemon to a record processor process: the same lines over the same pipes."""

import json
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from benchmarks.workload import NOW

TICK = os.sysconf("SC_CLK_TCK")
FIRST = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898


class Used(NamedTuple):
    """`cpu`: user and system seconds of the process with its threads; `wall`: seconds."""

    cpu: float
    wall: float
    rss_mb: float


def lines_of(records: Sequence[bytes], first: int, per_call: int) -> list[bytes]:
    """The daemon's processRecords lines for these raw records, from the `first`-th sequence number on."""
    lines = []
    for start in range(0, len(records), per_call):
        part = [
            {
                "action": "record",
                "data": b64encode(data).decode(),
                "partitionKey": "loja/visitor",
                "sequenceNumber": str(FIRST + first + start + index),
                "subSequenceNumber": 0,
                "approximateArrivalTimestamp": NOW + first + start + index,
            }
            for index, data in enumerate(records[start : start + per_call])
        ]
        call = {"action": "processRecords", "millisBehindLatest": 0, "records": part}
        lines.append(json.dumps(call, separators=(",", ":")).encode() + b"\n")
    return lines


class Processor:
    """A running `python -m MODULE ...` that speaks the protocol; pinned to `core` where that is possible."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], core: int | None) -> None:
        pin = ["taskset", "-c", str(core)] if core is not None else []
        self._process = subprocess.Popen(
            [*pin, sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environment},
        )
        self._ask(
            {
                "action": "initialize",
                "shardId": "shardId-000000000000",
                "sequenceNumber": "TRIM_HORIZON",
                "subSequenceNumber": 0,
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def run(self, lines: Sequence[bytes]) -> Used:
        """Hand over all lines, wait for the last answer, and tell what it took."""
        cpu, start = self._cpu(), time.perf_counter()
        for line in lines:
            self._send(line)
        return Used(self._cpu() - cpu, time.perf_counter() - start, self._rss())

    def finish(self) -> Used:
        """Ask for a shutdown: what is pending is put."""
        cpu, start = self._cpu(), time.perf_counter()
        self._ask({"action": "shutdownRequested"})
        return Used(self._cpu() - cpu, time.perf_counter() - start, self._rss())

    def _ask(self, message: dict[str, Any]) -> None:
        self._send(json.dumps(message).encode() + b"\n")

    def _send(self, line: bytes) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(line)
        stdin.flush()
        while answer := stdout.readline():
            if not answer.strip():
                continue
            message = json.loads(answer)
            if message["action"] == "status":
                return
            checkpoint = {
                "action": "checkpoint",
                "sequenceNumber": message["sequenceNumber"],
                "subSequenceNumber": 0,
                "error": None,
            }
            stdin.write(json.dumps(checkpoint).encode() + b"\n")
            stdin.flush()
        raise RuntimeError("the record processor is gone; its log is above")

    def _cpu(self) -> float:
        fields = (
            Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / TICK

    def _rss(self) -> float:
        for line in Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return 0.0
