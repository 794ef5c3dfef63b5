"""Every path of the API, once: the function dispatches by it, and the infrastructure makes its routes from it.

Only our own paths are routes of the gateway; its catch-all leads all others here. Sites name paths of their own, and
each route costs metrics: docs/decisions/0053-other-makers-clients.md.
"""

from collections.abc import Mapping

from ingest_lambda.adapters import counter_routes, ga4_routes, segment_routes, snowplow_routes
from ingest_lambda.adapters.adapter import Adapter
from ingest_lambda.adapters.native import NATIVE
from ingest_lambda.adapters.pixel import PIXEL

HEALTH = "/v1/health"
HEALTH_METHODS = ("GET", "HEAD")

OURS: Mapping[str, Adapter] = {"/v1/events": NATIVE, "/v1/p.gif": PIXEL}
"""Path → our own protocols."""

ADAPTERS: Mapping[str, Adapter] = {
    **OURS,
    **segment_routes.ROUTES,
    **ga4_routes.ROUTES,
    **snowplow_routes.ROUTES,
    **counter_routes.ROUTES,
}
"""Path → the protocol that is spoken there."""

POST_PATH = ("postPath", snowplow_routes.POST)
"""Name and protocol of the paths that sites name."""

METHODS: Mapping[str, tuple[str, ...]] = {
    **{path: adapter.methods for path, adapter in OURS.items()},
    HEALTH: HEALTH_METHODS,
}
"""Path → the HTTP methods of the gateway's own routes."""


def route_of(path: str) -> tuple[str, Adapter] | None:
    """Name and protocol of a path that no site has to name; the name holds nothing of a client."""
    adapter = ADAPTERS.get(path)
    if adapter is not None:
        return path, adapter
    if path.startswith(segment_routes.SETTINGS) and path.endswith("/settings") and path.count("/") == 4:
        return f"{segment_routes.SETTINGS}*/settings", segment_routes.SEGMENT_SETTINGS
    return None
