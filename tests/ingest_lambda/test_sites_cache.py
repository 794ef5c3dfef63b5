"""The sites document: refreshed, rotated without a gap, and never lost to a broken new one."""

import json
from typing import Any

import pytest

from ingest_lambda.aws.refreshing import NeverLoaded, Refreshing
from schemas import Sites, parse_sites
from tests.ingest_lambda.doubles import SITES, Bench, gateway


class Source:
    """A document that a test changes; `errors` are those that the cache reported."""

    def __init__(self, content: Any) -> None:
        self.content = content
        self.fetched = 0
        self.errors: list[Exception] = []
        self.cache: Refreshing[Sites] = Refreshing(
            self.fetch, parse_sites, self.errors.append, refresh=60, retry_after=10
        )

    def fetch(self) -> bytes:
        self.fetched += 1
        if isinstance(self.content, Exception):
            raise self.content
        return json.dumps(self.content).encode()


def document(*keys: str, version: int = 1) -> dict[str, Any]:
    return {"version": version, "sites": {"loja": {"keys": list(keys)}}}


def test_it_is_fetched_once_in_its_time() -> None:
    source = Source(document("pk_old_key"))
    for second in (0, 1, 59.9):
        source.cache.get(second)
    assert source.fetched == 1
    source.cache.get(60)
    assert source.fetched == 2


def test_a_key_is_rotated_without_a_moment_in_which_neither_works() -> None:
    """Old key, both, new key: at each step what pages in the field use still works."""
    source = Source(document("pk_old_key"))
    assert set(source.cache.get(0).by_key) == {"pk_old_key"}
    source.content = document("pk_old_key", "pk_new_key", version=2)
    assert set(source.cache.get(60).by_key) == {"pk_old_key", "pk_new_key"}
    source.content = document("pk_new_key", version=3)
    assert set(source.cache.get(120).by_key) == {"pk_new_key"}


@pytest.mark.parametrize("broken", [{}, document("short"), {"version": 1}, OSError("gone"), RecursionError()])
def test_a_broken_new_document_keeps_the_old_one_and_is_reported(broken: Any) -> None:
    source = Source(document("pk_old_key"))
    source.cache.get(0)
    source.content = broken

    assert set(source.cache.get(60).by_key) == {"pk_old_key"}
    assert len(source.errors) == 1
    assert set(source.cache.get(69).by_key) == {"pk_old_key"}
    assert source.fetched == 2, "a broken document must not be fetched for each request"
    source.content = document("pk_new_key")
    assert set(source.cache.get(70).by_key) == {"pk_new_key"}


def test_without_any_good_document_there_is_none() -> None:
    source = Source({})
    for second, fetched in ((0, 1), (5, 1), (10, 2)):
        with pytest.raises(NeverLoaded):
            source.cache.get(second)
        assert source.fetched == fetched


def test_without_sites_every_request_is_an_honest_503() -> None:
    bench = Bench(sites=b"{}")
    status, body, headers = bench.post(gateway())
    assert (status, body["reason"], headers["retry-after"]) == (503, "unavailable", "3")
    bench.sites = json.dumps(SITES).encode()
    bench.time.now += 10
    assert bench.post(gateway())[0] == 202
