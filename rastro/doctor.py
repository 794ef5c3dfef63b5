"""Look whether everything is as it should be: this machine, or with --env a deployed environment."""

import argparse
import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

from enrich_consumer.edges.reference_data import default_city
from infra import reading
from infra.deploy import check, target
from infra.deploy.stacks import DeployError
from rastro.local import facts, running
from rastro.local.emulator import free_port
from rastro.problem import Problem

HELP = "look whether everything is as it should be"


class Finding(NamedTuple):
    """One thing looked at. `well` None: worth knowing, nothing to do."""

    what: str
    well: bool | None
    told: str


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env", metavar="ENV", help="a deployed environment, for example dev")


def run(args: argparse.Namespace) -> int:
    """Exit status 1 if something is wrong."""
    wrong = 0
    for finding in _environment(args.env) if args.env else _machine():
        mark = {True: "ok", False: "WRONG", None: "note"}[finding.well]
        print(f"{mark:6} {finding.what}: {finding.told}", flush=True)
        wrong += finding.well is False
    return 1 if wrong else 0


def _machine() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding("Python", sys.version_info >= (3, 11), f"{version}; 3.11 or newer is needed")
    yield Finding("ports", True, f"one was free: {free_port()}")
    city = os.environ.get("RASTRO_GEO_CITY") or default_city(os.environ)
    yield Finding(
        "city database",
        None if not city else True,
        city or "none, geo columns stay null; get one with: rastro data fetch",
    )
    try:
        found = facts.read(facts.HOME)
    except Problem:
        yield Finding("local stack", None, "none runs here; start one with: rastro up")
        return
    alive = running.running(facts.HOME)
    missing = [name for name in found.processes if name not in alive]
    yield Finding("local stack", not missing, f"{found.api_url}; {', '.join(missing) or 'nothing'} has ended")


def _environment(name: str) -> Iterator[Finding]:
    try:
        environment = reading.read(name)
        place = target.find(environment)
    except (reading.BadEnvironment, DeployError) as error:
        raise Problem(str(error)) from None
    for what, well, told in check.findings(environment, place):
        yield Finding(what, well, told)
