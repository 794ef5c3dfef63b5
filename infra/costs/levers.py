"""Levers that make the bill smaller: each is a changed setting or load, and what it saves."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from infra.costs.load import TYPICAL, Load, PerEvent
from infra.costs.model import bill
from infra.environments.settings import Environment


class Lever(NamedTuple):
    """`usd`: saved in the month."""

    name: str
    usd: float


def levers(
    environment: Environment,
    load: Load,
    price: Mapping[str, float],
    most: int = 3,
    each: PerEvent = TYPICAL,
) -> list[Lever]:
    """The best levers that save anything, the best first."""
    now = bill(environment, load, price, each).usd
    found = [
        Lever(name, now - bill(changed, other, price, each).usd)
        for name, changed, other in _tried(environment, load)
    ]
    return sorted((lever for lever in found if lever.usd > 0.005), key=lambda lever: -lever.usd)[:most]


def together(environment: Environment, load: Load, price: Mapping[str, float], most: int = 3) -> float:
    """Dollars for a million events with the best levers pulled one after the other: settings alone, the same load."""
    for _ in range(most):
        changed = [environment, *(other for _, other, same in _tried(environment, load) if same is load)]
        environment = min(changed, key=lambda one: bill(one, load, price).usd)
    return bill(environment, load, price).per_million


def _tried(environment: Environment, load: Load) -> list[tuple[str, Environment, Load]]:
    streams, network, ingest = environment.streams, environment.network, environment.ingest
    mode = "provisioned" if streams.mode == "on_demand" else "on_demand"
    egress = "nat" if network.egress == "endpoints" else "endpoints"
    per_request = min(load.events_per_request * 2, 50)
    batched = load._replace(
        requests_per_second=load.events_per_second / per_request, events_per_request=per_request
    )
    return [
        (f"streams.mode = {mode!r}", replace(environment, streams=replace(streams, mode=mode)), load),
        (f"network.egress = {egress!r}", replace(environment, network=replace(network, egress=egress)), load),
        (
            "streams.retention_hours = 24 (a day instead of a week to repair a fault)",
            replace(environment, streams=replace(streams, retention_hours=24)),
            load,
        ),
        (
            "ingest.memory_mb = 256 (measure the latency)",
            replace(environment, ingest=replace(ingest, memory_mb=256)),
            load,
        ),
        (f"storefront sends {per_request:g} events a request", environment, batched),
        (
            "consumer.tasks_min = 1 (a minute without a consumer at each replacement)",
            replace(environment, consumer=replace(environment.consumer, tasks_min=1)),
            load,
        ),
        (
            "queries that name a day: a tenth of the bytes",
            environment,
            load._replace(scanned_gb=load.scanned_gb / 10),
        ),
    ]
