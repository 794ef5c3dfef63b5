"""What tests of several parts share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rastro.local import emulator as local_emulator
from tests.support.turns import Together

os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
"""For KCL's daemons, which live for seconds here: Java's second compiler takes a third of their CPU and never pays."""


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
    "tests/rastro/test_erase",  # and what was erased stays away
    "tests/rastro/test_backfill.py",
    "tests/rastro/test_console_env.py",
    "tests/rastro/test_query_on_athena.py",
    "tests/rastro/test_recover.py",
    "tests/rastro/test_state_and_reset.py",
    "tests/benchmarks/test_lake.py",
    "tests/docs/",
)
"""Where tests are proofs, whole systems, or take seconds: `make quick` leaves them out."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is left out is not even imported: CDK, DuckDB and browsers cost more than many a test."""
    leaves_out = "not slow" in config.option.markexpr and _is_slow(collection_path, config)
    return True if leaves_out else None  # False would overrule whoever else leaves it out


def _is_slow(path: Path, config: pytest.Config) -> bool:
    inside = _inside(path, config)
    return f"{inside}/".startswith(SLOW) if path.is_dir() else inside.startswith(SLOW)


def _inside(path: Path, config: pytest.Config) -> str:
    return path.relative_to(config.rootpath).as_posix()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if _is_slow(item.path, config):
            item.add_marker("slow")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | None:
    return Together(config, log) if config.getvalue("dist") == "loadfile" else None
