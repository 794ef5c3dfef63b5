"""What the tests of other makers' clients need from the machine."""

import os
from pathlib import Path

import pytest

from tests.system.clients import packages, pages
from tests.system.clients.clients import Client


@pytest.fixture(scope="session")
def npm_packages() -> Path:
    """The packages of npm; a test that cannot have them is skipped and says why, in CI it fails."""
    try:
        return packages.installed()
    except (RuntimeError, OSError) as error:
        if os.environ.get("RASTRO_CI"):
            raise
        pytest.skip(f"the clients cannot be installed here: {error}")


def need(client: Client, request: pytest.FixtureRequest) -> None:
    """Skip the test where its client cannot run."""
    if client.kind == "browser" and pages.CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    if client.kind != "python":
        request.getfixturevalue("npm_packages")
