"""The whole consumer of one shard, from the daemon's pipe to PutRecords on a loopback sink.

The real record processor process is driven through the real MultiLang protocol. Beside it, in the same run: the
ceiling (`orjson.loads` and `dumps` of the same events and nothing else) and the baseline (the same path with
`user_agents`, `geoip2` models and stdlib `json`). Rates are events per second of CPU of the process, that is on one
core, its own threads included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from benchmarks.mixes import MIXES, stream
from benchmarks.multilang import Processor, Used, lines_of
from benchmarks.workload import raw_records, renamed
from enrich_consumer.settings import Settings
from schemas.files import FOLDER

HELP = "the whole consumer through KCL's protocol, against its ceiling and the usual way"

PRODUCT = ("-m", "enrich_consumer", "record-processor")
BASELINE = ("-m", "benchmarks.baseline")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--events", type=int, default=40_000, help="events of a round (default 40000)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds; the best counts (default 5)")
    parser.add_argument(
        "--per-call", type=int, default=100, help="records a processRecords call (default 100)"
    )
    parser.add_argument("--core", type=int, help="pin the consumer to this core")
    parser.add_argument("--quick", action="store_true", help="only the main figure")
    parser.add_argument(
        "--mix",
        nargs="+",
        default=[],
        help=f"only these, one event to a record and ten: {', '.join(MIXES)} or log:FILE",
    )


@contextmanager
def loopback_sink() -> Iterator[tuple[str, dict[str, Any]]]:
    """(URL, sums): the sums are filled in when the sink has stopped."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    sums: dict[str, Any] = {}
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}", sums
    finally:
        out, _ = process.communicate()
        sums.update(json.loads(out))


def environment(endpoint: str, state: Path) -> dict[str, str]:
    """Settings of a record processor that puts to the sink."""
    return {
        **settings_of("benchmark", f"file:{state}").to_env(),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": "sa-east-1",
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",  # the sink checks nothing
    }


def settings_of(application: str, state: str) -> Settings:
    """A consumer of the streams `raw` and `enriched`, with the examples' sites."""
    return Settings(
        application, "raw", "enriched", "rejected", state, f"file:{FOLDER / 'examples' / 'sites.json'}"
    )


class Shape:
    """One way to feed the consumer: the same records under new ids each round."""

    def __init__(self, records: Sequence[bytes], per_record: int) -> None:
        self.records = records
        self.events = len(records) * per_record

    def round(self, number: int) -> Sequence[bytes]:
        """What is fed in a round."""
        return renamed(self.records, number)


class Stream(Shape):
    """A mix: each round is what comes next, so that a later round repeats no more than the mix itself does."""

    def __init__(self, mix: str, seed: int, events: int, per_record: int) -> None:
        self._stream = stream(mix, seed, per_record)
        super().__init__(list(islice(self._stream, events // per_record)), per_record)

    def round(self, number: int) -> Sequence[bytes]:
        return self.records if number == 0 else list(islice(self._stream, len(self.records)))


def measure(
    shape: Shape,
    args: argparse.Namespace,
    command: Sequence[str] = PRODUCT,
    rounds: int = 0,
) -> dict[str, Any]:
    """Rates of one shape: the first round has cold caches, the best of the others counts as warm."""
    with loopback_sink() as (endpoint, sums), tempfile.TemporaryDirectory() as folder:
        settings = environment(endpoint, Path(folder))
        used = _rounds(Processor(command, settings, args.core), shape, args.per_call, rounds or args.rounds)
    if sums["failed_enrichments"]:
        raise RuntimeError(f"enrichments failed, so the figures mean nothing: {sums['failed_enrichments']}")
    best = min(used[1:], key=lambda one: one.cpu)
    return {
        "events_per_s": round(shape.events / best.cpu),
        "events_per_s_wall": round(shape.events / min(one.wall for one in used[1:])),
        "cold_events_per_s": round(shape.events / used[0].cpu),
        "rss_mb": round(max(one.rss_mb for one in used)),
        "put_calls": sums["calls"],
        "put_records": sums["entries"],
        "put_bytes": sums["bytes"],
    }


def _rounds(started: Processor, shape: Shape, per_call: int, rounds: int) -> list[Used]:
    with started as processor:
        used = []
        for number in range(1 + rounds):
            records = shape.round(number)
            used.append(processor.run(lines_of(records, number * len(records), per_call)))
        return [*used[:-1], _plus(processor.finish(), used[-1])]


def _plus(one: Used, other: Used) -> Used:
    return Used(one.cpu + other.cpu, one.wall + other.wall, max(one.rss_mb, other.rss_mb))


def ceiling(records: Sequence[bytes], events: int, rounds: int) -> float:
    """Events per CPU second of `orjson.loads` and `dumps` alone."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for data in records:
            orjson.dumps(orjson.loads(data))
        best = min(best, time.process_time() - start)
    return events / best


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure every shape and print a table to stderr."""
    if args.mix:
        return _print_figures(_of_mixes(args.mix, args))
    ten = Shape(raw_records(1, args.events, 10), 10)
    top = ceiling(ten.records, ten.events, args.rounds)
    main = measure(ten, args)
    figures: dict[str, Any] = {**main}
    figures["bytes_per_event"] = round(sum(map(len, ten.records)) / ten.events)
    figures["ceiling_events_per_s"] = round(top)
    figures["ratio"] = round(main["events_per_s"] / top, 3)
    if not args.quick:
        usual = measure(ten, args, BASELINE, rounds=3)
        figures["baseline_events_per_s"] = usual["events_per_s"]
        figures["times_baseline"] = round(main["events_per_s"] / usual["events_per_s"], 1)
        one = measure(Shape(raw_records(2, args.events // 2, 1), 1), args)
        figures["one_per_record_events_per_s"] = one["events_per_s"]
        strangers = Shape(raw_records(3, args.events // 2, 10, distinct_agents=True), 10)
        figures["distinct_agents_events_per_s"] = measure(strangers, args, rounds=1)["cold_events_per_s"]
        figures |= _of_mixes(("shop", "hostile"), args)
    return _print_figures(figures)


def _of_mixes(mixes: Sequence[str], args: argparse.Namespace) -> dict[str, Any]:
    """CPU-seconds per million events of the process, after a first round that does not count."""
    figures = {}
    for mix in mixes:
        for word, per_record in (("one", 1), ("ten", 10)):
            shape = Stream(mix, 4, args.events // 2 if per_record == 1 else args.events, per_record)
            seen = measure(shape, args, rounds=min(3, args.rounds))
            name = mix.partition(":")[0]
            figures[f"{name}_{word}_events_per_s"] = seen["events_per_s"]
            figures[f"{name}_{word}_cpu_s_per_million"] = round(1e6 / seen["events_per_s"], 1)
    return figures


def _print_figures(figures: dict[str, Any]) -> dict[str, Any]:
    for name, value in figures.items():
        print(f"{name:30} {value:>14,}", file=sys.stderr)
    return figures
