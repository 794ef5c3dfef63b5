"""The cost model's counts beside counted ones: with records made here, and in a soak with those of the local stack."""

import argparse
import math
import os
import random

import pytest

from benchmarks import cost_counts
from benchmarks.counted_stack import Sizes
from benchmarks.counting_proxy import name_of


def test_from_sizes_alone_the_model_finds_what_is_billed() -> None:
    rng = random.Random(4)
    seconds, per_request, each_put = 600.0, 5, 0.55
    raw: list[int] = []
    enriched: list[int] = []
    lines: list[int] = []
    at = 0.0
    while at < seconds:
        for _ in range(cost_counts.SHARDS):
            held: dict[int, int] = {}
            for _ in range(sum(rng.random() < 0.004 for _ in range(1000))):  # four requests, as they come
                bucket = rng.randrange(128)
                held[bucket] = held.get(bucket, 0) + per_request
                raw.append(400 + sum(max(100, round(rng.gauss(600, 150))) for _ in range(per_request)))
            for events in held.values():
                lines.append(events)
                enriched.append(2 + sum(max(400, round(rng.gauss(1400, 300))) for _ in range(events)))
        at += each_put
    sizes = Sizes(tuple(raw), (per_request,) * len(raw)), Sizes(tuple(enriched), tuple(lines))
    counted = cost_counts.billed("raw", sizes[0]) | cost_counts.billed("enriched", sizes[1])
    each = cost_counts.per_event(*sizes, per_request, each_put)
    said = cost_counts.reckoned(each, len(raw), per_request, seconds)
    for name in ("raw_kb", "raw_put_units", "raw_firehose_units", "enriched_kb", "enriched_firehose_units"):
        assert said[name] == pytest.approx(counted[name], rel=0.02), name
    assert said["enriched_records"] == pytest.approx(len(enriched), rel=0.02)


def test_calls_are_named_as_they_are_billed() -> None:
    assert name_of("POST", "/", "Kinesis_20131202.PutRecords") == "Kinesis PutRecords"
    assert name_of("GET", "/bucket?list-type=2&prefix=state", "") == "S3 LIST"
    assert name_of("PUT", "/bucket/state/1", "") == "S3 PUT"


@pytest.mark.slow
@pytest.mark.emulator
@pytest.mark.kcl
@pytest.mark.skipif(os.environ.get("RASTRO_SOAK") != "1", reason="a soak: RASTRO_SOAK=1")
def test_the_local_stack_counts_what_the_model_says() -> None:
    seen = cost_counts.run(argparse.Namespace(rate=20.0, seconds=60.0, per_request=5))
    for name, value in seen["model"].items():
        if name in {
            "lease_reads",
            "state_requests",
            "lease_writes",
        }:  # few a minute: whole numbers at its edges
            assert abs(value - seen["counted"][name]) <= max(4, 0.1 * value), name
        else:
            assert value == pytest.approx(seen["counted"][name], rel=0.02), name
    assert not math.isnan(seen["measured"]["raw_bytes"])
