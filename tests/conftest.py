"""What tests of several parts share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from rastro.local import emulator as local_emulator

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


WAITS = (
    "tests/course/test_labs.py",
    "tests/system/kcl/",
    "tests/system/faults/",
    "tests/system/flow/",
    "tests/storefront/",
    "tests/system/",
)
"""Whole stacks under KCL, browsers and the image's build, which wait more than they compute or take minutes: begun
first, the longest before all, so that none is left for the end and the others fill the cores beside them
(`--no-loadscope-reorder`; by itself xdist begins with what has most tests)."""


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
    items.sort(key=lambda item: _turn(_inside(item.path, config)))
    for item in items:
        if _is_slow(item.path, config):
            item.add_marker("slow")


class Together(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """What one process runs one after the other: a file, but all of the storefront that one browser engine shows
    together. To start Firefox costs four seconds of CPU, more than most tests in it."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, test = nodeid.partition("::")
        if path.startswith("tests/storefront/"):
            for engine in ("firefox", "webkit"):
                if f"[{engine}" in test or f"-{engine}" in test:
                    return f"storefront in {engine}"
        return path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | None:
    """For `--dist loadfile`. `--dist loadgroup` does not group under pytest 9.2: xdist 3.8 writes the group's name
    where pytest no longer reads it."""
    return Together(config, log) if config.getvalue("dist") == "loadfile" else None


def _turn(path: str) -> int:
    return next((turn for turn, begin in enumerate(WAITS) if path.startswith(begin)), len(WAITS))
