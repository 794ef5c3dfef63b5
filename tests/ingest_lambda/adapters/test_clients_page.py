"""docs/clients.md names every path, every mapped event and every version that the tests run."""

import re
from pathlib import Path

import pytest

from ingest_lambda.adapters.segment_commerce import NAMES as SEGMENT
from ingest_lambda.adapters.snowplow_events import ACTIONS
from ingest_lambda.routes import ADAPTERS, OURS
from tests.system.clients import packages
from tests.system.clients.clients import CLIENTS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
GROUPED = re.compile(r"^(?:/v1/\w+|/api/s/(?:s2s/)?\w+|/sourceConfig/?)$")  # written with braces


@pytest.mark.parametrize("path", [path for path in ADAPTERS if path not in OURS and not GROUPED.match(path)])
def test_a_path_stands_on_the_page(path: str) -> None:
    assert path in PAGE


@pytest.mark.parametrize("event", sorted({*SEGMENT.values(), *ACTIONS.values()}))
def test_a_mapped_event_stands_on_the_page(event: str) -> None:
    assert f"`{event}`" in PAGE or f"{event}`" in PAGE or f", {event}" in PAGE or f"`{event}," in PAGE


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_client_stands_on_the_page_with_its_version(client: object) -> None:
    package = client.package
    found = re.search(rf'"{re.escape(package)}==([\d.]+)"', SETTINGS)
    version = found[1] if found else packages.version(package)

    assert re.search(rf"\| {re.escape(package)}.* \| .*{re.escape(version)}", PAGE)
