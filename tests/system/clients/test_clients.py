"""Other makers' clients, unmodified, send a shopping trip to the real function, with and without faults between."""

import os
from pathlib import Path

import pytest

from tests.ingest_lambda.adapters.sites import SECRET, SITES
from tests.system.clients import trips
from tests.system.clients.clients import CLIENTS, Client, expected
from tests.system.clients.conftest import need
from tests.system.clients.row_comparison import Comparison, compare, of_event
from tests.system.clients.server import Faults, IngestServer, InMemory, faults, no_faults

IN_HASTE = ["segment_python", "segment_next", "snowplow_node", "snowplow_python", "snowplow_js"]
IN_HASTE += ["ga4_minimal", "umami_node"]
"""One of each kind; the others wait long between attempts and run under `make soak`."""

WITH_FAULTS = [client for client in CLIENTS if os.environ.get("RASTRO_SOAK") or client.name in IN_HASTE]


def trip(client: Client, plan: Faults, kind: str, folder: Path) -> tuple[Comparison, IngestServer, list[str]]:
    seconds = 30.0 if client.repeats else 1.5 if plan is faults else 10.0
    stored = InMemory(SITES)
    with IngestServer(stored, plan) as server:

        def wait() -> None:
            stored.wait_for(len(client.events), seconds)

        errors, page_url = trips.send(client, server, folder, wait, key=client.key, secret=SECRET)
    events = stored.events()
    assert stored.bench.rows() == []
    compared = compare(expected(client, page_url), [of_event(event) for event in events])
    print(
        f"\n| {client.package} | {kind} | {len(events)} stored with copies | {compared} | {server.failed} failed |"
    )
    return compared, server, errors


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_every_mapped_field_of_a_trip_is_stored(
    client: Client, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    need(client, request)

    compared, _, errors = trip(client, no_faults, "no faults", tmp_path)

    assert errors == []
    assert not compared.wrong
    assert (compared.lost, compared.twice) == (0, 0)


@pytest.mark.parametrize("client", WITH_FAULTS, ids=lambda client: client.name)
def test_faults_lose_nothing_that_the_client_repeats_and_double_nothing_that_it_names(
    client: Client, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """503, 429, a connection that breaks before the request was read, and one that breaks before the answer was."""
    need(client, request)

    compared, server, _ = trip(client, faults, "faults", tmp_path)

    assert not compared.wrong
    assert server.failed >= 1
    if client.repeats:
        assert compared.lost == 0
    if client.identifies:
        assert compared.twice == 0
