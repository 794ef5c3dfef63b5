"""Sessions: speed of the rule, memory of an open visitor, restoring the state, pauses for entries of the log."""

import argparse
import gc
import sys
import time
import tracemalloc
from functools import partial
from random import Random
from typing import Any

from enrich_consumer.app import run_in_background
from enrich_consumer.core.sessions.cart_events import Seen, follow
from enrich_consumer.core.sessions.closing import forget
from enrich_consumer.core.sessions.rule import assign, expire
from enrich_consumer.core.sessions.shard_state import ShardState, visitor_key
from enrich_consumer.core.sessions.visitor import Visitor, unpack
from enrich_consumer.edges.aws.object_store import MemoryObjectStore
from enrich_consumer.edges.kcl.shards import WHOLE
from enrich_consumer.edges.log import Log
from enrich_consumer.session_log.log import SessionLog
from schemas import Session

HELP = "the session rule and its state"
RULE = Session()
START = 1_795_000_000_000
IDS = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--visitors", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """All figures; see benchmarks/README.md for what they mean."""
    rng = Random(args.seed)
    figures: dict[str, Any] = {"visitors": args.visitors, "ids_per_visitor": IDS}
    figures |= _speed(rng)
    figures |= _state(rng, args.visitors)
    for name, value in figures.items():
        print(
            f"{value:14,.1f}  {name}" if isinstance(value, float) else f"{value:14,d}  {name}",
            file=sys.stderr,
        )
    return figures


def _speed(rng: Random) -> dict[str, float]:
    """Events a second: the rule alone, then with key, look-up and packing, ten events to a record and one."""
    found = {"rule_events_per_s": _rule(rng)}
    for name, per_record in (("ten", 10), ("one", 1)):
        batches = _batches(rng, records=200_000 // per_record, per_record=per_record)
        best = 0.0
        for _ in range(3):
            state = ShardState()
            started = time.process_time()
            events = _sessionize(state, batches)
            best = max(best, events / (time.process_time() - started))
        found[f"sessionize_events_per_s_{name}_to_a_record"] = best
    return found


def _rule(rng: Random) -> float:
    events = [(_uuid(rng), START + i * 100 - rng.randint(0, 20_000), START + i * 100) for i in range(200_000)]
    best = 0.0
    for _ in range(3):
        visitor = Visitor([], {})
        started = time.process_time()
        for event_id, at, received_at in events:
            assign(visitor, event_id, at, received_at, RULE, "loja/v")
        best = max(best, len(events) / (time.process_time() - started))
    return best


def _sessionize(state: ShardState, batches: list[list[tuple[str, int, list[tuple[str, int]]]]]) -> int:
    events = 0
    for batch in batches:  # one batch is one flush
        for partition_key, received_at, items in batch:
            key = visitor_key(partition_key)
            visitor = state.visitor("loja", partition_key[5:], key)
            forget(visitor, max(state.watermark, received_at), RULE)
            expire(visitor, received_at, RULE)
            for event_id, at in items:
                assign(visitor, event_id, at, received_at, RULE, partition_key)
            events += len(items)
            state.commit(key, visitor, state.sequence + 1, received_at, RULE)
            if state.has_passed():
                state.close_passed(_rule_of)
        state.mark_saved(state.dirty_visitors())
    return events


def _batches(
    rng: Random, *, records: int, per_record: int
) -> list[list[tuple[str, int, list[tuple[str, int]]]]]:
    """Records of 5,000 visitors as time goes on, some events out of order, in flushes of 5,000 events."""
    made = []
    now = START
    for _ in range(records):
        now += rng.randint(0, 40)
        partition_key = f"loja/visitor-{rng.randrange(5000):08d}"
        items = [(_uuid(rng), now - rng.randint(0, 20_000)) for _ in range(per_record)]
        made.append((partition_key, now, items))
    size = 5000 // per_record
    return [made[i : i + size] for i in range(0, len(made), size)]


def _state(rng: Random, count: int) -> dict[str, float]:
    bytes_per_visitor = _memory(rng, count // 4)  # a quarter: the dict is as full as with all
    state = _filled(rng, count)
    store = MemoryObjectStore()
    log = _log(store, "first")
    log.take_over(None, WHOLE)
    found = {"bytes_per_visitor": bytes_per_visitor}
    found["bytes_per_visitor_with_cart"] = _memory(rng, count // 4, carts=True)
    found |= _pauses(rng, state, log, count)
    log.write_snapshot(log.snapshot_header(state), state.saved)
    seconds = []
    for turn in range(3):
        gc.collect()
        started = time.perf_counter()
        restored = _log(store, f"restore {turn}").take_over(state.sequence, WHOLE)
        restored.state.has_passed()  # makes the timers
        seconds.append(time.perf_counter() - started)
        assert len(restored.state) == count
    found["restore_ms"] = min(seconds) * 1000
    found["snapshot_mb"] = max(map(len, store.objects.values())) / 1e6
    return found


def _columns(rng: Random) -> dict[str, object]:
    return {
        "page_path": f"/produto/{rng.choice(_GOODS)}-{rng.randint(100, 9999)}",
        "channel": "Paid Search",
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": "verao-2026",
        "device_class": "phone",
        "browser_name": "Chrome Mobile",
        "os_name": "Android",
        "geo_country": "BR",
        "geo_region": "SP",
        "geo_city": "Campinas",
    }


_GOODS = ("tenis-brisa", "camiseta-lisa", "bolsa-de-couro", "calca-jeans", "oculos-de-sol")


def _cart(rng: Random) -> dict[str, object]:
    items = [
        {
            "item_id": f"SKU-{rng.randint(10_000, 99_999)}",
            "item_name": rng.choice(_GOODS).replace("-", " "),
            "item_variant": "azul/41",
            "price": rng.randint(1_000, 50_000) / 100,
            "quantity": 1,
        }
        for _ in range(5)
    ]
    return {"items": items, "currency": "BRL", "value": 500.0, "page_path": "/carrinho"}


def _rule_of(_: str) -> Session:
    return RULE


def _memory(rng: Random, count: int, *, carts: bool = False) -> float:
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    state = _filled(rng, count, carts=carts)
    state.has_passed()  # the timers are part of it
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return used / len(state)


def _pauses(rng: Random, state: ShardState, log: SessionLog, count: int) -> dict[str, float]:
    """What stops the worker at a save: packing and encoding of a flush of 500 visitors (a change), and the
    copy of the visitors that a snapshot thread then works on, with that thread running beside."""
    background = run_in_background(Log(sys.stderr))  # the product's own thread
    keys = list(state.saved)
    changes, snapshots = [], []
    for turn in range(200):
        for key in rng.sample(keys, 500):
            state.dirty[key] = unpack(state.saved[key])
        state.sequence += 1
        started = time.perf_counter()
        changed = state.dirty_visitors()
        log.append(state, changed)
        state.mark_saved(changed)
        changes.append(time.perf_counter() - started)
        if turn % 4 == 0:
            started = time.perf_counter()
            background(partial(log.write_snapshot, log.snapshot_header(state), dict(state.saved)))
            snapshots.append(time.perf_counter() - started)
    return {
        "change_pause_p50_ms": _percentile(changes, 0.5) * 1000,
        "change_pause_p99_ms": _percentile(changes, 0.99) * 1000,
        "snapshot_pause_p99_ms": _percentile(snapshots, 0.99) * 1000,
    }


def _filled(rng: Random, count: int, *, carts: bool = False) -> ShardState:
    """Visitors of 20 events, with the facts of their sessions and, maybe, five items in their carts."""
    state = ShardState(watermark=START)
    for number in range(count):
        visitor_id = _uuid(rng)
        key = visitor_key(f"loja/{visitor_id}")
        visitor = state.visitor("loja", visitor_id, key)
        for index in range(IDS):
            at = START + index * 1000
            event_id = _uuid(rng)
            assignment = assign(visitor, event_id, at, START, RULE, f"loja/{visitor_id}")
            assert assignment is not None
            assert assignment.session.facts is not None
            assignment.session.facts.add(at, event_id, "page_view", _columns(rng).get)
        if carts:
            seen = Seen(_uuid(rng), "view_cart", START + 20_000, START, refuses=False, empty=False)
            follow(visitor, seen, _cart(rng).get)
        state.commit(key, visitor, number, START, RULE)
        if number % 1000 == 999:
            state.mark_saved(state.dirty_visitors())
    state.mark_saved(state.dirty_visitors())
    return state


def _log(store: MemoryObjectStore, writer: str) -> SessionLog:
    return SessionLog(store, application="bench", shard="shard-0", writer=writer, sites_version=1)


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _uuid(rng: Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"
