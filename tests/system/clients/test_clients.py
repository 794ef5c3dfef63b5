"""Other makers' clients, unmodified, send a shopping trip to the real function, with and without faults between."""

import os
from pathlib import Path

import pytest

from tests.ingest_lambda.adapters.sites import SITES
from tests.system.clients import packages, pages
from tests.system.clients.clients import CLIENTS, TRIP, Client, expected, run_server_client
from tests.system.clients.rows import Comparison, compare, of_event
from tests.system.clients.server import Faults, IngestServer, faults, no_faults


@pytest.fixture(scope="session")
def npm_packages() -> Path:
    try:
        return packages.installed()
    except (RuntimeError, OSError) as error:
        if os.environ.get("RASTRO_CI"):
            raise
        pytest.skip(f"the clients cannot be installed here: {error}")


@pytest.fixture(scope="session")
def scripts(npm_packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packages.node_scripts(tmp_path_factory.mktemp("node"))


def trip(
    client: Client, plan: Faults, request: pytest.FixtureRequest, tmp_path: Path
) -> tuple[Comparison, IngestServer]:
    seconds = 30.0 if client.repeats else 1.5 if plan is faults else 10.0
    with IngestServer(SITES, plan) as server:
        page_url = None
        if client.kind == "browser":
            if pages.CHROMIUM is None:
                pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
            request.getfixturevalue("npm_packages")
            script = packages.bundle(client.name, tmp_path)
            configuration = {"host": server.host, "key": client.key, "trip": TRIP}
            with pages.opened(script, configuration, tmp_path / "profile") as page:
                assert page.done.get(timeout=60) == []
                server.wait_for(len(client.events), seconds)
                page_url = page.url
        else:
            folder = request.getfixturevalue("scripts") if client.kind == "node" else tmp_path
            errors = run_server_client(client, server.host, folder)
            if plan is no_faults:
                assert errors == []
            server.wait_for(len(client.events), seconds)
        found = [of_event(event) for event in server.events()]
        if os.environ.get("RASTRO_SHOW"):
            print(server.statuses, *server.bench.rows(), sep="\n")
        return compare(client, expected(client, page_url), found), server


def show(client: Client, compared: Comparison, server: IngestServer, kind: str) -> None:
    """One line of the table: client, faults, sent, stored with copies, lost, twice, fields equal, requests failed."""
    counts = (compared.sent, len(server.events()), compared.lost, compared.twice)
    fields = f"{compared.equal}/{compared.fields}"
    print(f"\n| {client.package} | {kind} |", *counts, fields, server.failed, sep=" | ")


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_every_mapped_field_of_a_trip_is_stored(
    client: Client, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    compared, server = trip(client, no_faults, request, tmp_path)

    show(client, compared, server, "no faults")
    assert server.bench.rows() == []
    assert compared.wrong == []
    assert (compared.lost, compared.twice) == (0, 0)


IN_HASTE = {
    "segment_python",
    "segment_next",
    "snowplow_node",
    "snowplow_python",
    "snowplow_js",
    "ga4_minimal",
    "umami_node",
}
"""One of each kind; the others wait long between attempts and run under `make soak`."""

WITH_FAULTS = [client for client in CLIENTS if os.environ.get("RASTRO_SOAK") or client.name in IN_HASTE]


@pytest.mark.parametrize("client", WITH_FAULTS, ids=lambda client: client.name)
def test_faults_lose_nothing_that_the_client_repeats_and_double_nothing_that_it_names(
    client: Client, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """503, 429, a connection that breaks before the request was read, and one that breaks before the answer was."""
    compared, server = trip(client, faults, request, tmp_path)

    show(client, compared, server, "faults")
    assert not compared.wrong
    assert server.failed >= 1
    if client.repeats:
        assert compared.lost == 0
    if client.identifies:
        assert compared.twice == 0
