"""The look-ups that enrichments are built with; edges open the files behind them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


def _nothing(_: str) -> None:
    return None


class References(NamedTuple):
    """Functions of a text, so that a lambda is a full test double.

    `city`, `asn`: an IP address to a GeoLite2-shaped dict (MaxMind's layout) or None when not found.
    """

    city: Callable[[str], Mapping[str, Any] | None] = _nothing
    asn: Callable[[str], Mapping[str, Any] | None] = _nothing
