"""Every environment, synthesized once for all tests of the infrastructure."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from infra.environments import loader
from infra.stacks.app import build

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
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folder of each synthesized environment; `everything` is one with all that is optional."""
    folder = tmp_path_factory.mktemp("environments")
    shutil.copytree(loader.FOLDER / "sites", folder / "sites")
    (folder / "everything.toml").write_text(EVERYTHING, encoding="utf-8")
    out = tmp_path_factory.mktemp("cdk.out")
    wanted = [loader.read(name) for name in loader.names()] + [loader.read("everything", folder)]
    for environment in wanted:
        build(environment, out / environment.name).synth()
    return {environment.name: out / environment.name for environment in wanted}


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
