"""What tests of several parts share."""

from collections.abc import Iterator

import pytest

from rastro.local import emulator as local_emulator


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an AWS emulator of this test run: a free port, no state of earlier runs, stopped at the end.

    It is shared by the run, so a test makes what it needs under names of its own.
    `rastro.local.emulator.client(url, service)` makes a boto3 client of it.
    """
    folder = tmp_path_factory.mktemp("emulator")
    running = local_emulator.start(folder / "data", folder / "emulator.log")
    yield running.endpoint
    running.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-manifests", action="store_true", help="write the manifests instead of comparing them"
    )


SLOW = (
    "tests/proofs/",
    "tests/system/",
    "tests/infra/",
    "tests/storefront/",
    "tests/lake/",
    "tests/enrich_consumer/test_local.py",
    "tests/enrich_consumer/core/enrichments/test_public_sets.py",
    "tests/ingest_lambda/test_fuzz.py",
    "tests/console/test_pages.py",
    "tests/rastro/test_demand.py",
    "tests/rastro/test_backfill.py",
    "tests/rastro/test_recover.py",
    "tests/rastro/test_state_and_reset.py",
    "tests/benchmarks/test_lake.py",
    "tests/docs/",
)
"""Where tests are proofs, whole systems, or take seconds: `make quick` leaves them out."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if str(item.path.relative_to(config.rootpath)).startswith(SLOW):
            item.add_marker("slow")
