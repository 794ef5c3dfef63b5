"""How often what an enrichment needs has been seen before: hit rate against entries and memory, for each kind of key.

Keys are taken from the raw records: what a whole layer of the product is keyed by (client, page), and the finer parts
that a layer could be split into. An LRU cache of each size sees the stream; the first third fills it and does not
count. Memory: bytes of an entry of the product's two layers, measured, with what other caches keep for it.
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


def _path(event: dict[str, Any]) -> str:
    return urlsplit(_page(event).get("url") or "").path


KEYS: dict[str, Key] = {
    "client (layer)": lambda record, event: orjson.dumps(
        [record.get(name) for name in ("ip", "user_agent", "headers")]
        + [event.get(name) for name in ("screen", "language", "consent")]
    ),
    "page (layer)": lambda record, event: orjson.dumps(event.get("page")),
    "URL of the page or the referrer": lambda record, event: _urls(event),
    "agent": lambda record, event: orjson.dumps([record.get("user_agent"), record.get("headers")]),
    "location": lambda record, event: record.get("ip"),
    "page path": lambda record, event: _path(event),
    "query": lambda record, event: urlsplit(_page(event).get("url") or "").query,
    "referrer": lambda record, event: _page(event).get("referrer"),
    "title": lambda record, event: _page(event).get("title"),
}


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
    each = (
        {} if args.no_memory else {"client (layer)": bytes_of_a_client(), "page (layer)": bytes_of_a_page()}
    )
    for name, value in each.items():
        figures[f"bytes_of_a_{name.partition(' ')[0]}"] = round(value)
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


def bytes_of_a_client() -> float:
    """Of an entry of the layer of clients: many clients on one page."""

    def fixed(record: dict[str, Any]) -> None:
        for event in record["events"]:
            event["page"] = {"url": "https://www.loja.example/"}

    return _growth("client", fixed)


def bytes_of_a_page() -> float:
    """Of an entry of the layer of pages: one client on many pages."""

    def fixed(record: dict[str, Any]) -> None:
        record["ip"], record["user_agent"], record["headers"] = "177.32.5.0", "Mozilla/5.0", {}
        for event in record["events"]:
            for name in ("screen", "language", "consent"):
                event.pop(name, None)

    return _growth("page", fixed)


def _growth(layer: str, change: Callable[[dict[str, Any]], None]) -> float:
    """Bytes that the enrichments hold more for each new entry of a layer, their own caches included."""
    runner = Runner(ENRICHMENTS, open_references(None, None))
    all_sites = sites()
    incoming = []
    for number, record in enumerate(_records("hostile", 3_000, 1)):
        change(record)
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
