"""Browsers and shops for the tests of storefront/."""

from collections.abc import Iterator

import pytest

from tests.storefront import engines
from tests.storefront.shop_server import Shop, serve


@pytest.fixture(scope="session", params=list(engines.PROGRAMS))
def _engine(request: pytest.FixtureRequest) -> Iterator[engines.Browser]:
    reason = engines.missing(request.param)
    if reason:
        pytest.skip(reason)
    with engines.browser(request.param) as made:
        yield made


@pytest.fixture
def browser(_engine: engines.Browser) -> Iterator[engines.Browser]:
    """Each engine that is here. Shops have IP addresses of their own, so no test finds what another one stored."""
    yield _engine
    _engine.close_tabs()


@pytest.fixture(scope="session")
def _chromium() -> Iterator[engines.Browser]:
    reason = engines.missing("chromium")
    if reason:
        pytest.skip(reason)
    with engines.browser("chromium") as made:
        yield made


@pytest.fixture
def chromium(_chromium: engines.Browser) -> Iterator[engines.Browser]:
    """For what only this engine can show."""
    yield _chromium
    _chromium.close_tabs()


@pytest.fixture
def shop() -> Iterator[Shop]:
    with serve() as running:
        yield running
