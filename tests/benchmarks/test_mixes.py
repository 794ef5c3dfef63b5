"""The mixes are raw records by the contract, the same for the same seed, and as different as they claim."""

import jsonschema_rs
import orjson
import pytest

from benchmarks.mixes import MIXES, take
from schemas import json_file

VALIDATOR = jsonschema_rs.validator_for(json_file("raw.schema.json"))


@pytest.mark.parametrize("name", ["shop", "hostile"])
def test_records_are_by_the_contract_and_repeat_with_their_seed(name: str) -> None:
    records = take(name, 1, 400, 4)
    assert records == take(name, 1, 400, 4) != take(name, 2, 400, 4)
    parsed = [orjson.loads(data) for data in records]
    assert all(map(VALIDATOR.is_valid, parsed))
    assert [len(record["events"]) for record in parsed] == [4] * 100
    ids = [event["event_id"] for record in parsed for event in record["events"]]
    assert len(set(ids)) == len(ids)


def test_in_the_hostile_mix_no_page_repeats() -> None:
    urls = [
        event["page"]["url"] for data in take("hostile", 1, 400, 4) for event in orjson.loads(data)["events"]
    ]
    assert len(set(urls)) == len(urls)
    assert set(MIXES) == {"demo", "shop", "hostile"}
