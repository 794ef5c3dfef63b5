"""How often what an enrichment needs has been seen before: hit rate against entries and memory, for each kind of key.

Keys are taken from the raw records: those of the caches of the product, and whole clients and pages, which they were
keyed by before. An LRU cache of each size sees the stream; the first third fills it and does not count. Memory: bytes
of an entry of the product's caches of shared columns, measured, with what other caches keep for it.
"""

import argparse
import sys
import tracemalloc
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.mixes import MIXES, stream
from benchmarks.workload import sites
from enrich_consumer.core.decode import decode
from enrich_consumer.core.engine.runner import Runner
from enrich_consumer.core.enrichments import ENRICHMENTS
from enrich_consumer.core.record import Incoming
from rastro.terminal.tables import table
from reference_data.databases import open_references

HELP = "hit rates of the enrichments' caches against their size"

SIZES = (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)

Key = Callable[[dict[str, Any], dict[str, Any]], Hashable]


class Several(tuple[Hashable, ...]):
    """Keys of one event that are looked up one after the other."""

    __slots__ = ()


def _page(event: dict[str, Any]) -> dict[str, Any]:
    found = event.get("page")
    return found if isinstance(found, dict) else {}


def _urls(event: dict[str, Any]) -> Several:
    page = _page(event)
    return Several(one for one in (page.get("url"), page.get("referrer")) if one)


KEYS: dict[str, Key] = {
    "agent": lambda record, _: orjson.dumps([record.get("user_agent"), *_hints(record)]),
    "location": lambda record, _: record.get("ip"),
    "browser": lambda record, event: orjson.dumps(
        [
            *(event.get(name) for name in ("screen", "language", "consent")),
            _headers(record).get("accept_language"),
        ]
    ),
    "page": lambda _, event: _page(event).get("url"),
    "referrer": lambda _, event: orjson.dumps(
        [_page(event).get("referrer"), urlsplit(_page(event).get("url") or "").query]
    ),
    "URL of a page or a referrer": lambda _, event: _urls(event),
    "title": lambda _, event: _page(event).get("title"),
    "client as a whole": lambda record, event: orjson.dumps(
        [record.get(name) for name in ("ip", "user_agent", "headers")]
        + [event.get(name) for name in ("screen", "language", "consent")]
    ),
    "page as a whole": lambda _, event: orjson.dumps(event.get("page")),
}


def _headers(record: dict[str, Any]) -> dict[str, Any]:
    return record.get("headers") or {}


def _hints(record: dict[str, Any]) -> list[Any]:
    return sorted((name, text) for name, text in _headers(record).items() if "ch_ua" in name)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--events", type=int, default=120_000, help="of each mix (default 120000)")
    add("--mix", nargs="+", default=["shop", "hostile"], help=f"{', '.join(MIXES)} or log:FILE")
    add("--per-record", type=int, default=1, help="events of a record (default 1)")
    add("--no-memory", action="store_true", help="hit rates only")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Print the curve of each mix."""
    figures: dict[str, Any] = {}
    each = {} if args.no_memory else {name: bytes_of_an_entry(name) for name in LAYERS}
    for name, value in each.items():
        figures[f"bytes_of_{name}"] = round(value)
    for mix in args.mix:
        curves = hit_rates(mix, args.events, args.per_record)
        rows = []
        for name, rates in curves.items():
            figures |= {
                f"{mix.partition(':')[0]} {name} {size}": round(rate, 3) for size, rate in rates.items()
            }
            rows.append({"key": name, **{f"{size:,}": f"{rate:.2f}" for size, rate in rates.items()}})
        print(f"{mix}: hit rate by entries", file=sys.stderr)
        print(table(rows), file=sys.stderr)
    for name, value in each.items():
        sizes = ", ".join(f"{size:,}: {size * value / 1e6:.0f} MB" for size in SIZES)
        print(f"{name}: {value:,.0f} bytes an entry; {sizes}", file=sys.stderr)
    return figures


def hit_rates(mix: str, events: int, per_record: int) -> dict[str, dict[int, float]]:
    """By kind of key and size, over the last two thirds of the events."""
    caches = {name: {size: _Lru(size) for size in SIZES} for name in KEYS}
    seen = 0
    for record in _records(mix, events, per_record):
        for event in record["events"]:
            seen += 1
            counts = seen > events / 3
            for name, key in KEYS.items():
                value = key(record, event)
                for cache in caches[name].values():
                    for one in value if isinstance(value, Several) else (value,):
                        cache.look(one, counts)
    return {name: {size: one.rate for size, one in sizes.items()} for name, sizes in caches.items()}


def _records(mix: str, events: int, per_record: int) -> Iterator[dict[str, Any]]:
    for data in islice(stream(mix, 1, per_record), events // per_record):
        yield orjson.loads(data)


class _Lru:
    """Counts what a cache of this size would have had."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[Hashable, None] = OrderedDict()
        self._hits = self._looks = 0

    def look(self, key: Hashable, counts: bool) -> None:
        hit = key in self._held
        if hit:
            self._held.move_to_end(key)
        else:
            self._held[key] = None
            if len(self._held) > self._size:
                self._held.popitem(last=False)
        if counts:
            self._looks += 1
            self._hits += hit

    @property
    def rate(self) -> float:
        return self._hits / self._looks if self._looks else 0.0


LAYERS = ("agent", "location", "page", "referrer")


def bytes_of_an_entry(layer: str) -> float:
    """Bytes that the enrichments hold more for each new entry of a layer, their own caches included: what is keyed by
    other layers stays the same."""
    runner = Runner(ENRICHMENTS, open_references(None, None))
    all_sites = sites()
    incoming = []
    for number, record in enumerate(_records("hostile", 3_000, 1)):
        _only(layer, record)
        incoming.append(Incoming(number, orjson.dumps(record)))
    decoded = [decode(one, all_sites) for one in incoming]
    for one in decoded[:1_000]:
        runner.enrich(one)
    entries = runner.caches[layer]().currsize
    tracemalloc.start()
    start = tracemalloc.get_traced_memory()[0]
    for one in decoded[1_000:]:
        runner.enrich(one)
    grown = tracemalloc.get_traced_memory()[0] - start
    tracemalloc.stop()
    more = runner.caches[layer]().currsize - entries
    return grown / more if more else 0.0


def _only(layer: str, record: dict[str, Any]) -> None:
    """Let a record differ from others in what the layer is keyed by alone."""
    if layer != "agent":
        record["user_agent"], record["headers"] = "Mozilla/5.0", {}
    if layer != "location":
        record["ip"] = "177.32.5.0"
    for event in record["events"]:
        page = _page(event)
        url = page.get("url")
        event["page"] = {
            "page": {"url": url},
            "referrer": {"url": "https://www.loja.example/", "referrer": url},
        }.get(layer, {"url": "https://www.loja.example/"})
        for name in ("screen", "language", "consent"):
            event.pop(name, None)
