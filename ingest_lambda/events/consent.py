"""Do Not Track and Global Privacy Control, where the site honours them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas import Site


class Signals(NamedTuple):
    """`no_sale` (Sec-GPC: 1): nothing for ads.

    `no_tracking` (DNT: 1): also no analytics and no lasting identity.
    """

    no_sale: bool
    no_tracking: bool

    def applied(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event with what the browser refused: a signal can only take consent away."""
        if not (self.no_sale or self.no_tracking):
            return event
        consent = dict(event.get("consent") or {})
        consent["ads"] = False
        if self.no_tracking:
            consent["analytics"] = False
            event.pop("user_id", None)
        return event | {"consent": consent}


def signals_of(headers: Mapping[str, str], site: Site) -> Signals:
    """What the browser asks for and the site honours."""
    return Signals(
        no_sale=site.honour_gpc and headers.get("sec-gpc", "").strip() == "1",
        no_tracking=site.honour_dnt and headers.get("dnt", "").strip() == "1",
    )
