"""The four ways to lose events, ten of ten in three engines."""

import pytest

from tests.storefront.engines import Browser
from tests.storefront.scenarios import EVENTS, SCENARIOS, Tracker
from tests.storefront.shop_server import Shop

OURS = Tracker(
    ready="!!(window.rastro && rastro.start)", fire=lambda n: f"rastro('test_event', {{number: {n}}})"
)


class Here:
    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def url(self, path: str) -> str:
        return self._shop.url + path

    def break_down(self, fault: str | None) -> None:
        with self._shop.lock:
            self._shop.fault = lambda events: fault


def numbers(shop: Shop) -> set[int]:
    return {event["properties"]["number"] for event in shop.events() if event["event"] == "test_event"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_ten_of_ten(browser: Browser, shop: Shop, name: str):
    SCENARIOS[name](browser, Here(shop), OURS)
    shop.wait(lambda: numbers(shop) >= set(range(1, EVENTS + 1)), seconds=20)
    one = [event for event in shop.events() if event["event"] == "test_event"]
    first = list(dict.fromkeys(event["properties"]["number"] for event in one))
    assert first == sorted(first), "in the order in which they happened"
    assert len({event["event_id"] for event in one}) == len(set(numbers(shop))), "copies carry the same id"
