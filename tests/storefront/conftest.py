"""Browsers and shops for the tests of storefront/."""

import contextlib
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.storefront import engines
from tests.storefront.shop_server import Shop, serve


@pytest.fixture(scope="session")
def engine_of() -> Iterator[Callable[[str], engines.Browser]]:
    """Each engine by its name, started when it is first asked for and shared by all tests of this process."""
    with contextlib.ExitStack() as running:

        @cache
        def started(name: str) -> engines.Browser:
            return running.enter_context(engines.browser(name))

        yield started


@pytest.fixture(params=list(engines.PROGRAMS))
def browser(
    request: pytest.FixtureRequest, engine_of: Callable[[str], engines.Browser]
) -> Iterator[engines.Browser]:
    """Each engine that is here. Shops have IP addresses of their own, so no test finds what another one stored."""
    yield from _clean(request.param, engine_of)


@pytest.fixture
def chromium(engine_of: Callable[[str], engines.Browser]) -> Iterator[engines.Browser]:
    """For what only this engine can show."""
    yield from _clean("chromium", engine_of)


def _clean(name: str, engine_of: Callable[[str], engines.Browser]) -> Iterator[engines.Browser]:
    if reason := engines.missing(name):
        pytest.skip(reason)
    made = engine_of(name)
    yield made
    made.close_tabs()


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serve() as running:
        yield running
