"""How uneven shards are when visitors are spread by hash: the hottest shard beside the mean. Simulated, seeded.

Visitors are open for so long that each sends a request every 20 s on average; how busy one is follows the log-normal of
events a visit (`mixes.py`). A second of a shard is over the limit at 1,000 records or 1 MB. One crawler may be among
them, which keeps one visitor id: all of it falls on one shard, whatever their number.
"""

import argparse
import bisect
import random
import sys
from itertools import accumulate
from typing import Any

from benchmarks.mixes import SPREAD
from rastro.terminal.tables import table

HELP = "the hottest of many shards: a simulation"

RECORDS = 1000
APART = 20.0
"""Seconds between two requests of a visitor."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--requests", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="a second, each a run")
    add("--record-bytes", type=int, default=6_950, help="of ten events (default 6950)")
    add("--headroom", type=float, default=2.0, help="shards for so many times the mean (default 2)")
    add("--crawler", type=float, default=200.0, help="requests a second of one visitor (default 200)")
    add("--seconds", type=int, default=5, help="simulated (default 5)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Each rate."""
    rows = []
    for rate in args.requests:
        limit = min(RECORDS, 1e6 / args.record_bytes)
        shards = max(1, round(rate / limit * args.headroom))
        rows.append(
            {"requests/s": rate, "shards": shards, **hottest(rate, shards, limit, args.crawler, args.seconds)}
        )
    print(table(rows), file=sys.stderr)
    return {
        f"{row['requests/s']}_{name}": value
        for row in rows
        for name, value in row.items()
        if name != "requests/s"
    }


def hottest(
    rate: int, shards: int, limit: float, crawler: float, seconds: int, seed: int = 1
) -> dict[str, float]:
    """`limit`: records a second that a shard takes. Shares are of that limit."""
    rng = random.Random(seed)
    weights = list(accumulate(rng.lognormvariate(0, SPREAD) for _ in range(int(rate * APART))))
    homes = [rng.randrange(shards) for _ in weights]
    peaks, over = [], 0
    for _ in range(seconds):
        counts = [0] * shards
        for _ in range(rate):
            counts[homes[bisect.bisect(weights, rng.random() * weights[-1])]] += 1
        peaks.append(max(counts))
        over += sum(count > limit for count in counts)
    mean = rate / shards
    return {
        "mean_share": round(mean / limit, 2),
        "hottest_share": round(max(peaks) / limit, 2),
        "shard_seconds_over": over,
        "with_crawler_share": round((mean + crawler) / limit, 2),
    }
