"""Environments, synthesized once for all tests of the infrastructure; an emulated account for those that deploy."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import stacks
from infra.deploy.target import Target, find_target
from infra.environments import loader
from infra.environments.settings import Environment
from rastro.local import emulator as local_emulator
from tests.infra.synthesis import synthesize

Templates = dict[str, dict[str, Any]]
"""Stack id to template, of one environment."""

EVERYTHING = """
sites = "sites/prod.json"

[account]
region = "sa-east-1"

[stacks]
edge = true

[network]
vpc_id = "vpc-0123456789abcdef0"
private_subnets = ["subnet-0a0a0a0a", "subnet-0b0b0b0b"]
availability_zones = ["sa-east-1a", "sa-east-1b"]

[protection]
encryption_key = "own"

[consumer]
retrieval = "FANOUT"
geo_city = "/opt/rastro/data/GeoLite2-City.mmdb"

[closing]
webhook_url = "https://shop.example/hooks/carts"
topic = true

[analytics]
quicksight_user = "arn:aws:quicksight:sa-east-1:123456789012:user/default/shop"

[monitoring]
emails = ["someone@shop.example"]
budget_usd = 300

[edge]
domain = "t.shop.example"
certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
"""


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Environment], Path]:
    """Folder of an environment as its file says, synthesized once for all processes of a test run.

    Node alone takes five seconds to begin, so whoever needs one first makes it for the others.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def folder(environment: Environment) -> Path:
        out = shared / "cdk.out" / environment.name
        out.parent.mkdir(exist_ok=True)
        with (shared / "cdk.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not out.exists():
                unfinished = out.with_suffix(".unfinished")
                synthesize(environment, unfinished).rename(out)
        return out

    return folder


@pytest.fixture(scope="session")
def assemblies(
    synthesized: Callable[[Environment], Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Folder of each synthesized environment; `everything` is one with all that is optional."""
    folder = tmp_path_factory.mktemp("environments")
    shutil.copytree(loader.FOLDER / "sites", folder / "sites")
    (folder / "everything.toml").write_text(EVERYTHING, encoding="utf-8")
    wanted = [loader.read(name) for name in loader.names()] + [loader.read("everything", folder)]
    return {environment.name: synthesized(environment) for environment in wanted}


@pytest.fixture(scope="session")
def templates(assemblies: dict[str, Path]) -> dict[str, Templates]:
    """Templates by environment and stack id."""
    return {
        name: {
            path.name.removesuffix(".template.json"): json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(folder.glob("*.template.json"))
        }
        for name, folder in assemblies.items()
    }


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """An emulator of its own: it is counted what is left on it."""
    folder = tmp_path_factory.mktemp("emulator")
    running = local_emulator.start(folder / "data", folder / "emulator.log")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_emulator.aws_environment(running.endpoint).items():
            patch.setenv(name, value)
        sleep = time.sleep
        patch.setattr(stacks.time, "sleep", lambda seconds: sleep(min(seconds, 0.1)))  # the emulator is quick
        found = find_target(loader.read("local"))
        yield found
    running.stop()


@pytest.fixture(scope="module")
def environment() -> Environment:
    """The one that the local stack is deployed from."""
    return loader.read("local")


@pytest.fixture(scope="module")
def folder(environment: Environment, synthesized: Callable[[Environment], Path]) -> Path:
    """The environment, synthesized."""
    return synthesized(environment)
