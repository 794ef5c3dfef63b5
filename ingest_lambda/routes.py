"""Every path of the API, once: the function dispatches by it, and the infrastructure makes its routes from it."""

from collections.abc import Mapping

from ingest_lambda.adapters.adapter import Adapter
from ingest_lambda.adapters.native import NATIVE
from ingest_lambda.adapters.pixel import PIXEL

HEALTH = "/v1/health"
HEALTH_METHODS = ("GET",)

ADAPTERS: Mapping[str, Adapter] = {"/v1/events": NATIVE, "/v1/p.gif": PIXEL}
"""Path → the protocol that is spoken there."""

METHODS: Mapping[str, tuple[str, ...]] = {
    **{path: adapter.methods for path, adapter in ADAPTERS.items()},
    HEALTH: HEALTH_METHODS,
}
"""Path → the HTTP methods that it takes."""
