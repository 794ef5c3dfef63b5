"""The look-ups that enrichments are built with; pure. `databases` opens the files behind them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


def _nothing(_: str) -> None:
    return None


def _no_version() -> None:
    return None


class References(NamedTuple):
    """Functions, so that a lambda is a full test double.

    `city`, `asn`: an IP address to a GeoLite2-shaped dict (MaxMind's layout), or None when not found or not
    an IP address. They raise only when the database turns out to be broken. `version`: changes whenever the
    databases behind them do; answers may be cached for as long as it stays the same. `city_date`: the day,
    YYYY-MM-DD, the city database was built.
    """

    city: Callable[[str], Mapping[str, Any] | None] = _nothing
    asn: Callable[[str], Mapping[str, Any] | None] = _nothing
    version: Callable[[], str | None] = _no_version
    city_date: Callable[[], str | None] = _no_version
