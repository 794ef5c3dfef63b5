"""An environment in moto for the tools."""

from collections.abc import Iterator

import pytest

from infra.deploy import stacks
from tests.analytics.flow import SITES
from tests.rastro.deployed import OUTPUTS, Deployed, deployed
from tests.support.botocore_data import read_once


@pytest.fixture(scope="session", autouse=True)
def _botocore_data() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        read_once(patch)
        yield


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """The environment `dev`, deployed and empty, with the demo's sites."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(stacks, "outputs", lambda name, clients: OUTPUTS)
    with deployed(SITES.decode()) as made:
        yield made
