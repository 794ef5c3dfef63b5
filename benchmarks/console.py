"""What the console costs: CPU and memory of its process at a steady rate of events, with its live page open.

Only the emulator runs, with the two streams: raw records of the demo shop's visits go into one, the lines that the
consumer's core makes of them into the other, at the rate asked for. The console is started as `rastro console` and its
live page is read like a browser reads it. Its CPU is counted from /proc over the time of the load, start and end left
out; the emulator's and this process's are not. `--events` are renamed for each round, so that none is a copy.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import orjson

from benchmarks.workload import raw_records, renamed, sites
from enrich_consumer.core import enrichments
from enrich_consumer.core.enrichments import References
from enrich_consumer.core.pipeline import process
from enrich_consumer.core.record import Incoming
from enrich_consumer.core.sessions.shard_state import ShardState
from rastro.local import emulator, info, processes
from rastro.terminal.errors import Problem

HELP = "CPU and memory of the console at a steady rate of events"
REPOSITORY = Path(__file__).resolve().parents[1]
PER_RECORD = 4
LINES_AT_ONCE = 100
TICKS = os.sysconf("SC_CLK_TCK")
SETTLE_S = 5.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--rate", type=int, default=500, help="events a second (default 500)")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long (default 300)")
    parser.add_argument("--events", type=int, default=8_000, help="generated; then they come again renamed")
    parser.add_argument(
        "--filled", action="store_true", help="events of 1 to 2 KB instead of the shop's bare ones"
    )


def run(args: argparse.Namespace) -> dict[str, float]:
    """Start everything, load it, read the console's figures."""
    raw, lines = _generated(args.events, filled=args.filled)
    with tempfile.TemporaryDirectory() as work:
        home = Path(work)
        aws = emulator.start(home / "emulator", home / "emulator.log")
        console = None
        try:
            kinesis = aws.client("kinesis")
            for stream in ("raw", "enriched"):
                kinesis.create_stream(StreamName=stream, ShardCount=2)
            aws.client("s3").create_bucket(Bucket="lake")
            info.write(_facts(aws.endpoint, home), home)
            port = emulator.free_port()
            command = [sys.executable, "-m", "rastro", "console", "--home", str(home), "--port", str(port)]
            console = processes.launch(command, os.environ, home / "console.log", cwd=REPOSITORY)
            page = _LivePage(f"http://127.0.0.1:{port}/live/stream")
            page.start()
            time.sleep(SETTLE_S)
            idle = _memory(console)
            before, begun = _cpu(console), time.monotonic()
            sent = _load(kinesis, raw, lines, args.rate, args.seconds)
            time.sleep(SETTLE_S)
            seconds = time.monotonic() - begun
            cpu = _cpu(console) - before
            totals = page.newest.get("totals", {})
            figures = {
                "rate": round(sent / args.seconds, 1),
                "seconds": args.seconds,
                "sent": sent,
                "raw_seen": totals.get("accepted", 0),
                "enriched_seen": totals.get("enriched", 0),
                "copies_seen": totals.get("copies", 0),
                "messages": page.messages,
                "cpu_seconds": round(cpu, 2),
                "share_of_a_core": round(cpu / seconds, 4),
                "idle_mb": idle["VmRSS"],
                "end_mb": _memory(console)["VmRSS"],
                "most_mb": _memory(console)["VmHWM"],
            }
        except BaseException:
            print(processes.tail(home / "console.log"), file=sys.stderr)
            raise
        finally:
            if console is not None:
                processes.end(console)
            aws.stop()
    for name, value in figures.items():
        print(f"{name:16} {value}", file=sys.stderr)
    return figures


def _generated(events: int, *, filled: bool) -> tuple[list[bytes], list[bytes]]:
    """Raw records, and the lines that the core makes of them."""
    raw = raw_records(1, events, PER_RECORD, filled=filled)
    core, state, all_sites = enrichments.build(References()), ShardState(), sites()
    lines: list[bytes] = []
    for number, data in enumerate(raw, start=1):
        lines += process(Incoming(number, data), all_sites, core, state).lines
    return raw, lines


def _load(kinesis: Any, raw: list[bytes], lines: list[bytes], rate: int, seconds: float) -> int:
    """Put both at the rate, four times a second; how many events went into the raw stream."""
    begun = time.monotonic()
    sent_raw = sent_lines = round_ = 0
    queue_raw: list[bytes] = []
    queue_lines: list[bytes] = []
    while (now := time.monotonic() - begun) < seconds:
        due = int(now * rate)
        if len(queue_raw) * PER_RECORD < rate:
            queue_raw += renamed(raw, round_ % 256)
            queue_lines += [_renamed_line(line, round_ % 256) for line in lines]
            round_ += 1
        count = max(0, (due - sent_raw) // PER_RECORD)
        _put(kinesis, "raw", queue_raw[:count])
        del queue_raw[:count]
        sent_raw += count * PER_RECORD
        several = max(0, due - sent_lines)
        chunks = [queue_lines[at : at + LINES_AT_ONCE] for at in range(0, several, LINES_AT_ONCE)]
        _put(
            kinesis,
            "enriched",
            [b"".join(chunk[: several - at * LINES_AT_ONCE]) for at, chunk in enumerate(chunks)],
        )
        del queue_lines[:several]
        sent_lines += several
        time.sleep(0.25)
    return sent_raw


def _put(kinesis: Any, stream: str, records: list[bytes]) -> None:
    for at in range(0, len(records), 250):
        entries = [
            {"Data": data, "PartitionKey": str(number)}
            for number, data in enumerate(records[at : at + 250])
            if data
        ]
        if entries and kinesis.put_records(StreamName=stream, Records=entries)["FailedRecordCount"]:
            raise Problem("the emulator took not all records")


def _renamed_line(line: bytes, number: int) -> bytes:
    columns = orjson.loads(line)
    columns["event_id"] = f"{number:02x}{columns['event_id'][2:]}"
    return orjson.dumps(columns, option=orjson.OPT_APPEND_NEWLINE)


class _LivePage(threading.Thread):
    """Reads the stream of the live page as a browser does."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self.newest: dict[str, Any] = {}
        self.messages = 0

    def run(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = urllib.request.urlopen(self._url, timeout=60)  # noqa: S310 - our own URL
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
        with answer:
            for line in answer:
                if line.startswith(b"data: "):
                    self.newest = orjson.loads(line[6:])
                    self.messages += 1


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _memory(pid: int) -> dict[str, float]:
    """Megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition(":") for line in lines if line.startswith(("VmRSS", "VmHWM")))
    return {name: round(int(value.split()[0]) / 1024, 1) for name, _, value in pairs}


def _facts(endpoint: str, home: Path) -> info.LocalStackInfo:
    values: dict[str, Any] = {
        "aws_endpoint": endpoint,
        "raw_stream": "raw",
        "enriched_stream": "enriched",
        "bucket": "lake",
        "home": str(home),
        "processes": {},
        **{
            f"{table}_prefix": f"{table}/"
            for table in ("enriched", "rejected", "raw", "session_ends", "cart_events")
        },
    }
    return info.LocalStackInfo(**{name: values.get(name, "") for name in info.LocalStackInfo._fields})
