"""The same trips through the whole local stack: every mapped field read back from Parquet, with and without faults.

Runs under `make soak`: it starts the stack and waits for two deliveries.
"""

import json
import os
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rastro.local import stack
from rastro.local.stack import LocalStack
from rastro.traffic.wait_for_rows import Watch
from tests.system.clients import trips
from tests.system.clients.clients import CLIENTS, Client, Row, expected
from tests.system.clients.conftest import need
from tests.system.clients.row_comparison import compare, of_properties
from tests.system.clients.server import Faults, Forwarding, IngestServer, faults, no_faults

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.slow,
    pytest.mark.skipif("RASTRO_SOAK" not in os.environ, reason="takes minutes; runs under make soak"),
]
PLANS: dict[str, Faults] = {"no-faults": no_faults, "faults": faults}


def site_of(client: Client, plan: str) -> str:
    return f"{client.name}_{plan.replace('-', '')}"


def public(site: str) -> str:
    return f"pk_{site}"


def secret(site: str) -> str:
    return f"sk_{site}_00000000"


@pytest.fixture(scope="module")
def document() -> str:
    """A site for each client and plan, so that rows tell whose they are."""
    sites = {
        site: {"keys": [public(site)], "secret_keys": [secret(site)], "post_paths": ["/com.loja/track"]}
        for client in CLIENTS
        for site in (site_of(client, plan) for plan in PLANS)
    }
    return json.dumps({"version": 2, "sites": sites}, separators=(",", ":"))


@pytest.fixture(scope="module")
def local(document: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with stack.start(tmp_path_factory.mktemp("home"), report=lambda line: None) as running:
        running.client("ssm").put_parameter(
            Name=running.facts.sites_parameter, Value=document, Type="String", Tier="Advanced", Overwrite=True
        )
        yield running


def of_row(row: dict[str, Any]) -> Row:
    """A row of the view `events` in the form of `rows.of_event`."""
    names = ["event_id", "visitor_id", "user_id", "search_term", "page_url", "page_title"]
    names += ["currency", "value", "shipping", "tax", "coupon", "transaction_id"]
    found = {name: _plain(row[name]) for name in names}
    found |= {"event": row["event_name"], "page_referrer": row["referrer_url"], "items": _plain(row["items"])}
    return found | of_properties(json.loads(row["properties"] or "{}"))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return {name: _plain(one) for name, one in value.items()} if isinstance(value, dict) else value


def test_every_mapped_field_of_every_trip_is_in_parquet(
    local: LocalStack, document: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    for client in CLIENTS:
        need(client, request)
    watch = Watch(local.client("s3"), local.facts, tmp_path / "lake")
    sent: list[tuple[Client, str, str | None, int]] = []
    for plan, fails in PLANS.items():
        for client in CLIENTS:
            site = site_of(client, plan)
            folder = tmp_path / site
            folder.mkdir()
            with IngestServer(Forwarding(local.facts.api_url, document.encode()), fails) as server:
                seconds = 10.0 if client.repeats and fails is faults else 2.0

                def wait(seconds: float = seconds) -> None:
                    time.sleep(seconds)

                key = public(site)
                _, page_url = trips.send(
                    client, server, folder, wait, key=key, secret=secret(site), gzip=False
                )
            print(site, server.statuses, flush=True)
            sent.append((client, plan, page_url, server.failed))

    until = time.monotonic() + 240
    while time.monotonic() < until:
        local.check()
        watch.look()
        rows = watch.lake.rows("SELECT site, count(*) AS n FROM events GROUP BY site")
        counts = {row["site"]: row["n"] for row in rows}
        safe = [(site_of(client, plan), len(client.events)) for client, plan, *_ in sent if client.repeats]
        if all(counts.get(site, 0) >= count for site, count in safe):
            break
        time.sleep(2)
    time.sleep(10)
    watch.look()

    rows = watch.lake.rows("SELECT * FROM events")
    problems = []
    for client, plan, page_url, failed in sent:
        found = [of_row(row) for row in rows if row["site"] == site_of(client, plan)]
        compared = compare(expected(client, page_url), found)
        print(f"| {client.package} | {plan} | {len(found)} in Parquet | {compared} | {failed} failed |")
        if compared.wrong or (client.repeats and compared.lost) or (client.identifies and compared.twice):
            problems.append((client.name, plan, compared))
        if plan == "no-faults" and compared.lost:
            problems.append((client.name, plan, compared))
    assert problems == []
    assert watch.lake.rows("SELECT * FROM rejected") == []
