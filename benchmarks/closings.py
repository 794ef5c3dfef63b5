"""How late ends of sessions and abandoned carts are announced: the local stack at half load, while each part dies.

By `kill -9` die: a record processor, KCL's daemon, the whole consumer, the ticker, the courier, the receiver.

Visits of three records flow all the time, on a site whose gap is a minute: their provisional ends count. Carts are
begun by records whose `received_at` lies nine minutes back, so that their silence of ten minutes, the least that a site
may set, ends within the run. Half of their visitors come back just in time and must not be announced. In the last part
nothing but carts and ticks moves time on.

Half of its load: half of the events a second that the stack took in a burst at the start.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.closings_load import Load, put
from benchmarks.closings_seen import Ends, Late
from rastro.local import emulator, processes, running, stack, webhook
from tests.support.receiver import Call, receiver

HELP = "how late ends of sessions and carts are announced, while every part of the stack dies"
SITES = """{"version": 1, "sites": {"loja": {"keys": ["pk_benchmark_0001"], "currency": "BRL",
 "session": {"gap_minutes": 1, "cart_silence_minutes": 10}}}}"""
GAP_S = 60
SILENCE_S = 600
BEGUN_S = 555
"""So long ago a cart is begun, by its `received_at`."""
BURST = 2_000
MOST_RATE = 300
REPLACED_AFTER_S = 5.0
"""What a scheduler takes to start a dead part again, at least."""
FIRST_KILL_S = 20.0
EVERY_S = 22.0
PATIENCE_S = 150.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=240.0, help="of load (default 240)")
    parser.add_argument(
        "--quiet", type=float, default=60.0, help="of them at the end without visits (default 60)"
    )
    parser.add_argument("--carts", type=float, default=4.0, help="carts begun a second (default 4)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-kills", action="store_true", help="nothing dies")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """One run; the figures are seconds and counts."""
    with tempfile.TemporaryDirectory(prefix="rastro-closings-") as folder, receiver() as shop:
        home = Path(folder)
        (home / "sites.json").write_text(SITES, encoding="utf-8")
        with stack.start(home / "stack", consumer=False, report=_say) as local:
            parts = Parts(local, home, shop.url)
            figures = _measure(parts, shop, Load(args.seed, BEGUN_S), args)
    for name, value in figures.items():
        print(f"{name:40} {value:>12,}", file=sys.stderr)
    return figures


class Parts:
    """The processes of the stack that may die; each is started again as its scheduler would."""

    def __init__(self, local: stack.LocalStack, home: Path, url: str) -> None:
        self.running = local
        self.ends = _delivery(local, "benchmark-session-ends")
        self._bus = webhook.make(local.client, url)
        self._url = url
        self._log = home / "consumer.log"
        self._folder = home / "consumer"
        self._env = {
            **os.environ,
            **stack.consumer_environment(local.facts),
            "RASTRO_SITES": f"file:{home / 'sites.json'}",
            "RASTRO_SESSION_ENDS_DELIVERY": self.ends,
            "RASTRO_CART_BUS": self._bus.bus,
            "RASTRO_CART_SIGNING_KEY": self._bus.signing_key,
        }
        self.consumer = self._start_consumer()
        self.ticker = stack.start_ticker(local.facts)
        self.courier = stack.start_courier(local.facts, self._bus, url)

    def _start_consumer(self) -> int:
        command = [sys.executable, "-m", "enrich_consumer", "kcl", "--folder", str(self._folder)]
        pid = processes.launch(command, self._env, self._log, cwd=stack.REPOSITORY)
        running.note(Path(self.running.facts.home), "consumer", pid)
        return pid

    def kill(self, what: str) -> Callable[[], None]:
        """`kill -9`; what starts it again."""
        if what in {"a processor", "the daemon"}:
            word = "record-processor" if what == "a processor" else "MultiLangDaemon"
            victims = [pid for pid, command in _group(self.consumer) if word in command]
            for pid in victims[:1]:
                os.kill(pid, signal.SIGKILL)
            return lambda: None  # its supervisor does
        if what == "the consumer":
            processes.end(self.consumer, grace=0.0)
            return lambda: setattr(self, "consumer", self._start_consumer())
        if what == "the ticker":
            processes.end(self.ticker, grace=0.0)
            return lambda: setattr(self, "ticker", stack.start_ticker(self.running.facts))
        processes.end(self.courier, grace=0.0)
        return lambda: setattr(self, "courier", stack.start_courier(self.running.facts, self._bus, self._url))


KILLS = ("a processor", "the courier", "the daemon", "the receiver", "the consumer", "the ticker")


class Due(NamedTuple):
    """What happens at a moment of the run (seconds from its begin)."""

    at: float
    act: Callable[[], None]


def _measure(parts: Parts, shop: Any, load: Load, args: argparse.Namespace) -> dict[str, Any]:
    kinesis = parts.running.client("kinesis")
    raw = parts.running.facts.raw_stream
    ends = Ends(parts.running.client("s3"), parts.running.facts.bucket, parts.ends)
    enriched = Late(parts.running.client("kinesis"), parts.running.facts.enriched_stream)
    put(kinesis, raw, load.burst(100))
    enriched.until(100, PATIENCE_S)
    began = time.monotonic()
    put(kinesis, raw, load.burst(BURST))
    enriched.until(100 + BURST, PATIENCE_S)
    capacity = BURST / (time.monotonic() - began)
    rate = min(MOST_RATE, capacity / 2)
    _say(f"it takes {capacity:,.0f} events a second; {rate:,.0f} come now")
    killed = _drive(parts, shop, load, ends, rate, args)
    at_webhook = _carts(shop)
    deadline = time.monotonic() + PATIENCE_S
    while load.left - at_webhook.keys() and time.monotonic() < deadline:
        time.sleep(1)
        ends.look()
        at_webhook = _carts(shop)
    deadline = time.monotonic() + GAP_S + PATIENCE_S
    while load.over - ends.first.keys() and time.monotonic() < deadline:
        time.sleep(1)
        ends.look()
    # What reached the stream only after its moment cannot be announced before.
    late_ends = sorted(
        at - max(closed, load.put_at[who]) for who, (at, closed) in ends.first.items() if who in load.over
    )
    late_carts = sorted(
        at_webhook[who][0] - max(load.began[who] + SILENCE_S, load.put_at[who])
        for who in load.left & at_webhook.keys()
    )
    return {
        "capacity_events_per_s": round(capacity),
        "events_per_s": round(rate),
        "kills": killed,
        "sessions_over": len(load.over),
        "session_ends_missing": len(load.over - ends.first.keys()),
        "provisional_end_p50_s": _at(late_ends, 0.5),
        "provisional_end_p99_s": _at(late_ends, 0.99),
        "provisional_end_max_s": _at(late_ends, 1.0),
        "carts_left": len(load.left),
        "carts_not_told": len(load.left - at_webhook.keys()),
        "carts_bought_or_visited_in_time": len(load.saved),
        "too_late_to_count": load.too_late,
        "false_alarms": len(load.saved & at_webhook.keys()),
        "cart_at_webhook_p50_s": _at(late_carts, 0.5),
        "cart_at_webhook_p99_s": _at(late_carts, 0.99),
        "cart_at_webhook_max_s": _at(late_carts, 1.0),
        "copies_at_webhook": sum(count - 1 for _, count in at_webhook.values()),
    }


def _drive(parts: Parts, shop: Any, load: Load, ends: Ends, rate: float, args: argparse.Namespace) -> int:
    """The load in a thread of its own, and the deaths beside it; how many there were."""
    rng = random.Random(args.seed)
    began, killed = time.monotonic(), 0
    again: list[Due] = []
    feeding = threading.Thread(target=_feed, args=(parts, load, rate, args, began))
    feeding.start()
    while (now := time.monotonic() - began) < args.seconds:
        for due in [due for due in again if due.at <= now]:
            again.remove(due)
            due.act()
        if not args.no_kills and now >= FIRST_KILL_S + killed * EVERY_S and not again:
            what = KILLS[killed % len(KILLS)]
            killed += 1
            _say(f"{now:5.0f} s: kill -9 of {what}")
            after = now + REPLACED_AFTER_S + rng.random() * 10
            again.append(Due(after, _receiver_dies(shop) if what == "the receiver" else parts.kill(what)))
        ends.look()
        time.sleep(0.5)
    for due in again:
        due.act()
    feeding.join()
    return killed


def _feed(parts: Parts, load: Load, rate: float, args: argparse.Namespace, began: float) -> None:
    """Once a second what came in it."""
    kinesis, raw = parts.running.client("kinesis"), parts.running.facts.raw_stream
    while (now := time.monotonic() - began) < args.seconds:
        visits = 0.0 if now > args.seconds - args.quiet else rate
        sent = load.second(time.time(), visits, args.carts, ends=now > args.seconds - 50)
        put(kinesis, raw, sent.records)
        load.was_put(sent, time.time())
        time.sleep(max(0.0, 1.0 - (time.monotonic() - began - now)))


def _receiver_dies(shop: Any) -> Callable[[], None]:
    """Connections are closed without an answer, as by a process that is gone."""
    good = shop.judge
    shop.judge = lambda _: 0

    def lives() -> None:
        shop.judge = good

    return lives


def _carts(shop: Any) -> dict[str, tuple[float, int]]:
    """Of each visitor with an abandoned cart: when the first message was taken, and how many."""
    found: dict[str, tuple[float, int]] = {}
    with shop.lock:
        calls: list[Call] = [call for call in shop.taken if call.message["event_name"] == "cart_abandoned"]
    for call in calls:
        at, count = found.get(call.message["visitor_id"], (call.at, 0))
        found[call.message["visitor_id"]] = (min(at, call.at), count + 1)
    return found


def _at(values: list[float], share: float) -> float:
    return round(values[min(len(values) - 1, int(share * len(values)))], 1) if values else -1.0


def _group(leader: int) -> list[tuple[int, str]]:
    """The processes of a group with their command lines."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == leader:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append((int(folder.name), command))
        except (OSError, ProcessLookupError):
            continue
    return found


def _delivery(local: stack.LocalStack, name: str) -> str:
    """A delivery of plain lines: when a row is there is seen at once, without Firehose's buffer and conversion."""
    local.client("firehose").create_delivery_stream(
        DeliveryStreamName=name,
        ExtendedS3DestinationConfiguration={
            "RoleARN": f"arn:aws:iam::{emulator.ACCOUNT}:role/any",
            "BucketARN": f"arn:aws:s3:::{local.facts.bucket}",
            "Prefix": f"{name}/",
        },
    )
    return name


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
