"""Turning the edge on in a live environment: two deployments, and neither refuses an event that was taken before."""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.environments import loader
from tests.infra.synthesis import synthesize

pytestmark = pytest.mark.slow

Template = dict[str, Any]


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    """The pipeline's template before, with the edge, and with its lock; the stacks of each under `stacks`."""
    dev = loader.read("dev")
    dev = replace(dev, monitoring=replace(dev.monitoring, canary=False))
    edged = replace(dev, stacks=replace(dev.stacks, edge=True), edge=replace(dev.edge, lock=False))
    locked = replace(edged, edge=replace(edged.edge, lock=True))
    found = {}
    for name, environment in {"before": dev, "edge": edged, "lock": locked}.items():
        out = synthesize(environment, tmp_path_factory.mktemp(name))
        found[name] = json.loads((out / "Pipeline.template.json").read_text(encoding="utf-8"))
        found[name]["stacks"] = sorted(path.name.split(".")[0] for path in Path(out).glob("*.template.json"))
    return found


def _changed(before: Template, after: Template) -> set[str]:
    """`+name`, `-name` or `name` of each resource that an update would add, remove or change."""
    old, new = before["Resources"], after["Resources"]
    return {
        *(f"+{name}" for name in new.keys() - old.keys()),
        *(f"-{name}" for name in old.keys() - new.keys()),
        *(name for name in old.keys() & new.keys() if old[name] != new[name]),
    }


def test_the_first_step_adds_the_edge_and_refuses_nobody(steps: dict[str, Template]) -> None:
    assert set(steps["edge"]["stacks"]) - set(steps["before"]["stacks"]) == {"Edge"}
    (function,) = _changed(steps["before"], steps["edge"])
    assert function.startswith("Ingest")
    old, new = (deepcopy(steps[step]["Resources"][function]["Properties"]) for step in ("before", "edge"))
    variables = new["Environment"]["Variables"]
    assert variables.pop("RASTRO_VIEWER_HEADER") == "x-rastro-viewer"
    assert old["Environment"]["Variables"].pop("RASTRO_VIEWER_HEADER") == ""
    assert old == new  # nothing but the header in which the edge names the client
    for route in steps["edge"]["Resources"].values():
        if route["Type"] == "AWS::ApiGatewayV2::Route":
            assert route["Properties"].get("AuthorizationType", "NONE") == "NONE"


def test_the_second_step_only_locks(steps: dict[str, Template]) -> None:
    assert steps["edge"]["stacks"] == steps["lock"]["stacks"]
    changed = _changed(steps["edge"], steps["lock"])
    resources = steps["lock"]["Resources"]
    for name in changed:
        assert not name.startswith("-")
        kind = resources[name.lstrip("+")]["Type"]
        if name.startswith("+"):
            assert "OriginLock" in name or "CloudFrontOnly" in name, name
        else:
            assert kind == "AWS::ApiGatewayV2::Route", name
            assert resources[name]["Properties"]["AuthorizationType"] == "CUSTOM"
    routes = {name for name, r in resources.items() if r["Type"] == "AWS::ApiGatewayV2::Route"}
    assert routes <= changed  # each of them


def test_the_outputs_say_whether_the_api_is_locked(steps: dict[str, Template]) -> None:
    assert [steps[step]["Outputs"]["Locked"]["Value"] for step in ("before", "edge", "lock")] == [
        "false",
        "false",
        "true",
    ]
