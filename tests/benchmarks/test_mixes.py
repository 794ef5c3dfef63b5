"""The mixes are raw records by the contract, the same for the same seed, and as different as they claim."""

from pathlib import Path

import jsonschema_rs
import orjson
import pytest

from benchmarks.mixes import MIXES, take
from rastro.terminal.errors import Problem
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


def test_a_log_is_a_mix_whose_visitors_never_come_back(tmp_path: Path) -> None:
    line = '{} - - [21/Nov/2026:10:00:{:02d} +0000] "GET /p/{} HTTP/1.1" 200 5 "-" "Mozilla/5.0"\n'
    log = tmp_path / "access.log"
    log.write_text("".join(line.format(f"203.0.113.{n % 2}", n, n) for n in range(8)), encoding="ascii")
    records = [orjson.loads(data) for data in take(f"log:{log}", 1, 16, 2)]
    assert all(VALIDATOR.is_valid(record) for record in records)
    assert [len(record["events"]) for record in records] == [2] * 8
    assert [event["page"]["url"].rpartition("/")[2] for event in records[0]["events"]] == ["0", "2"]
    first, second = ({record["visitor_id"] for record in part} for part in (records[:4], records[4:]))
    assert len(first) == len(second) == 2
    assert not first & second
    with pytest.raises(Problem, match=r"no visitor of .* has 5 page views"):
        take(f"log:{log}", 1, 10, 5)
    with pytest.raises(Problem, match="no mix 'nowhere'; there are demo, shop, hostile"):
        take("nowhere", 1, 10, 1)
