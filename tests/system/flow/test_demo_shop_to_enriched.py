"""A person clicks through the demo shop, and each event of the visit is in the enriched stream once."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rastro.local import stack
from tests.storefront import engines
from tests.storefront.shopping import NAMES, visit
from tests.support.web import answers
from tests.system.kcl.daemons import wait_for

PATIENCE = 120.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[stack.LocalStack]:
    reason = engines.missing("chromium")
    if reason:
        pytest.skip(reason)
    with stack.start(tmp_path / "home", shop=True) as made:
        wait_for(lambda: answers(made.facts.shop_url), lambda: "the shop answers")
        yield made


def enriched(running: stack.LocalStack) -> list[dict[str, Any]]:
    """All rows of the enriched stream."""
    kinesis = running.client("kinesis")
    rows: list[dict[str, Any]] = []
    for shard in kinesis.list_shards(StreamName=running.facts.enriched_stream)["Shards"]:
        shard_of_stream = {"StreamName": running.facts.enriched_stream, "ShardId": shard["ShardId"]}
        iterator = kinesis.get_shard_iterator(**shard_of_stream, ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
        while records := (answer := kinesis.get_records(ShardIterator=iterator))["Records"]:
            rows += [json.loads(line) for record in records for line in record["Data"].splitlines()]
            iterator = answer["NextShardIterator"]
    return rows


@pytest.mark.kcl
@pytest.mark.slow
def test_every_click_arrives(running: stack.LocalStack):
    with engines.browser("chromium") as browser:
        order = visit(browser.tab(), running.facts.shop_url)
        deadline = time.monotonic() + PATIENCE
        rows = enriched(running)
        while not any(row["event_name"] == "purchase" for row in rows):
            running.check()
            assert time.monotonic() < deadline, Counter(row["event_name"] for row in rows)
            time.sleep(1)
            rows = enriched(running)
    counted = Counter(row["event_name"] for row in rows)
    assert set(NAMES) <= set(counted)
    assert max(Counter(row["event_id"] for row in rows).values()) == 1
    assert len({row["session_id"] for row in rows}) == 1, (
        "the way to the payment provider and back is one visit"
    )
    (purchase,) = (row for row in rows if row["event_name"] == "purchase")
    assert purchase["transaction_id"] == order
    assert {row["utm_source"] for row in rows if row["event_name"] == "view_promotion"} == {"instagram"}
